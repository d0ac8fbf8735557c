#include "watch/ledger.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "ledger_fixture.h"

using namespace runwatch;
using namespace runwatch::watch;
using namespace runwatch::watch::test;
using task::Status;
using view::PollReason;

namespace {

std::size_t polls_planned(const Report& report) {
  return static_cast<std::size_t>(
      std::ranges::count_if(report.next, [](const Planned& p) { return p.job.kind == JobKind::poll; }));
}

}  // namespace

TEST_CASE("discovery plans a poll for each run it starts to watch, and itself again") {
  Desk desk;
  REQUIRE(desk.first_jobs.size() == 1);
  CHECK(desk.first_jobs[0].job.kind == JobKind::discovery);
  const auto report = desk.discover({desk.row("a", 1h), desk.row("b", 2h)});
  CHECK(polls_planned(report) == 2);
  CHECK(report.next.size() == 3);
  CHECK(desk.space().runs.size() == 2);
}

TEST_CASE("nothing is said about up before the first attempt ended") {
  Desk desk;
  CHECK_FALSE(desk.space().up.has_value());
  CHECK_FALSE(desk.exposition->snapshot()->ready());
  desk.fail(JobKind::discovery, 0, PollReason::timeout);
  CHECK(desk.space().up == false);
  CHECK(desk.exposition->snapshot()->ready());
  desk.discover({});
  CHECK(desk.space().up == true);
}

TEST_CASE("old failures of a baseline run are no news, new ones are") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::failed}, {2, Status::pending}});
  CHECK(desk.failures() == 0);
  CHECK(desk.tasks(Status::failed) == 1);
  desk.poll(1, {{1, Status::failed}, {2, Status::failed}});
  CHECK(desk.failures() == 1);
}

TEST_CASE("failures in a run that appeared later count in full") {
  Desk desk;
  desk.discover({});
  desk.clock.advance(1h);
  desk.discover({desk.row("a", 1min)});
  desk.poll(1, {{1, Status::failed}});
  CHECK(desk.failures() == 1);
}

TEST_CASE("after a restart counters go on, what happened meanwhile is counted once and nothing twice") {
  Desk desk;
  desk.discover({});
  desk.clock.advance(1h);
  desk.discover({desk.row("a", 1min)});
  desk.poll(1, {{1, Status::failed}, {2, Status::pending}});
  desk.restart();
  CHECK(desk.failures() == 1);
  CHECK(desk.tasks(Status::failed) == 1);
  CHECK_FALSE(desk.space().up.has_value());
  REQUIRE(desk.first_jobs.size() == 2);
  desk.poll(1, {{1, Status::failed}, {2, Status::failed}});
  desk.poll(1, {{1, Status::failed}, {2, Status::failed}});
  CHECK(desk.failures() == 2);
}

TEST_CASE("a poll in trouble empties no gauge, and says so") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  const auto report = desk.fail(JobKind::poll, 1, PollReason::server_error);
  CHECK(desk.tasks(Status::pending) == 1);
  CHECK(desk.space().up == false);
  CHECK(desk.space().runs_failing == 1);
  CHECK(desk.space().last_error->reason == PollReason::server_error);
  CHECK(polls_planned(report) == 1);
  CHECK(desk.exposes("runwatch_poll_failures_total{space=\"sales\",reason=\"server_error\"} 1"));
  desk.poll(1, {{1, Status::pending}});
  CHECK(desk.space().up == true);
  CHECK(desk.space().runs_failing == 0);
}

TEST_CASE("what was not committed is not published, and does not bring the platform down") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  std::filesystem::remove(desk.database());
  desk.poll(1, {{1, Status::failed}});
  CHECK(desk.tasks(Status::failed) == 0);
  CHECK(desk.failures() == 0);
  CHECK(desk.space().up == true);
  CHECK(desk.space().runs_failing == 1);
  CHECK(desk.exposes("runwatch_poll_failures_total{space=\"sales\",reason=\"store\"} 1"));
}

TEST_CASE("after a restart a space is up only when its list and each of its runs were complete in this process") {
  Desk desk;
  desk.discover({desk.row("a", 1h), desk.row("b", 1h)});
  CHECK_FALSE(desk.space().up.has_value());
  desk.poll(1, {{1, Status::pending}});
  desk.poll(2, {{1, Status::pending}});
  CHECK(desk.space().up == true);
  desk.restart();
  desk.discover({desk.row("a", 1h), desk.row("b", 1h)});
  desk.poll(1, {{1, Status::pending}});
  CHECK_FALSE(desk.space().up.has_value());
  desk.fail(JobKind::poll, 2, PollReason::timeout);
  CHECK(desk.space().up == false);
  desk.poll(2, {{1, Status::pending}});
  CHECK(desk.space().up == true);
  desk.discover({desk.row("a", 1h), desk.row("b", 1h), desk.row("new", 1s)});
  CHECK(desk.space().up == true);  // a run that joins takes nothing back
}

TEST_CASE("a space whose list failed first is up only after each run of the list was complete") {
  Desk desk;
  desk.fail(JobKind::discovery, 0, PollReason::server_error);
  CHECK(desk.space().up == false);
  desk.discover({desk.row("a", 1h)});
  CHECK_FALSE(desk.space().up.has_value());
  desk.poll(1, {{1, Status::pending}});
  CHECK(desk.space().up == true);
}

TEST_CASE("a run that joins does not take the time of the last success away") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  CHECK(desk.space().last_success == task::kNoTime);
  desk.poll(1, {{1, Status::pending}});
  const auto before = desk.space().last_success;
  REQUIRE(before != task::kNoTime);
  desk.discover({desk.row("a", 1h), desk.row("new", 1s)});
  CHECK(desk.space().last_success >= before);
  desk.fail(JobKind::poll, 2, PollReason::timeout);
  CHECK(desk.space().last_success >= before);
}

TEST_CASE("a run without any time is lost like others when a list that was read to its end lacks it") {
  Desk desk;
  auto row = desk.row("a", 1h);
  row.created = task::kNoTime;
  desk.discover({row});
  desk.poll(1, {{1, Status::pending}});
  for (int i = 0; i < 3; ++i) desk.discover({});
  for (int i = 0; i < 3; ++i) desk.fail(JobKind::poll, 1, PollReason::not_found);
  CHECK(desk.space().runs_retired == 1);
}

TEST_CASE("a commit that fails at the first poll of a process says nothing of the platform") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  std::filesystem::remove(desk.database());
  desk.poll(1, {{1, Status::failed}});
  CHECK_FALSE(desk.space().up.has_value());
}

TEST_CASE("a retired run whose row changes is watched for as long as if it had changed now") {
  auto settings = Desk::one_space();
  settings.retire_after = 1s;
  Desk desk(settings);
  auto row = desk.row("a", 1h, Status::completed);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}, {2, Status::failed}});
  desk.wait(10s);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}, {2, Status::failed}});
  REQUIRE(desk.space().runs_retired == 1);
  row.modified = desk.clock.wall_now();
  desk.discover({row});
  desk.clock.advance(10s);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}, {2, Status::failed}});
  REQUIRE(desk.space().runs_retired == 0);
  desk.poll(1, {{1, Status::pending}, {2, Status::failed}});
  desk.poll(1, {{1, Status::failed}, {2, Status::failed}});
  CHECK(desk.failures() == 1);
}

TEST_CASE("a row that changes while the walk that would retire its run is under way is not lost") {
  auto settings = Desk::one_space();
  settings.retire_after = 1min;
  Desk desk(settings);
  auto row = desk.row("a", 1h, Status::completed);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}});
  desk.wait(2min);
  desk.discover({row});
  auto walk = desk.walked(1, {{1, Status::failed}});  // begins now, ends later
  desk.clock.advance(1s);
  row.modified = desk.clock.wall_now();
  desk.discover({row});
  desk.apply(std::move(walk));
  REQUIRE(desk.space().runs_retired == 0);
  desk.poll(1, {{1, Status::pending}});
  desk.poll(1, {{1, Status::failed}});
  CHECK(desk.failures() == 1);
}

TEST_CASE("a run that lists and polls lack three times is retired, and taken up again when its row returns") {
  Desk desk;
  desk.discover({});
  desk.clock.advance(1min);
  const auto row = desk.row("a", 1s);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}, {2, Status::pending}});
  for (int i = 0; i < 3; ++i) desk.discover({});
  for (int i = 0; i < 2; ++i) desk.fail(JobKind::poll, 1, PollReason::not_found);
  CHECK(desk.space().runs_retired == 0);
  desk.fail(JobKind::poll, 1, PollReason::not_found);
  CHECK(desk.space().runs_retired == 1);
  CHECK(desk.space().up == true);
  CHECK(desk.exposition->snapshot()->failed_polls->empty());  // nobody polls it any more
  CHECK(desk.tasks(Status::failed) == 0);
  CHECK(desk.exposes("unpod_task_transitions_total{space=\"sales\",from=\"failed\",to=\"gone\"} 1"));
  desk.discover({row});
  CHECK(desk.space().runs.size() == 1);
  desk.poll(1, {{1, Status::failed}, {2, Status::failed}});
  CHECK(desk.tasks(Status::failed) == 2);
  CHECK(desk.failures() == 2);
}

TEST_CASE("a run is lost by empty answers, too, but not while one of the two still has it") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  for (int i = 0; i < 6; ++i) desk.poll(1, {});
  CHECK(desk.space().runs.size() == 1);  // the list still has it
  desk.poll(1, {{1, Status::pending}});
  for (int i = 0; i < 6; ++i) desk.discover({});
  CHECK(desk.space().runs.size() == 1);  // its own polls find it
  for (int i = 0; i < 3; ++i) desk.poll(1, {});
  CHECK(desk.space().runs_retired == 1);
}

TEST_CASE("a run that the configuration names stays when the platform has it no more") {
  auto settings = Desk::one_space();
  settings.spaces[0].run_ids = {kRunId};
  Desk desk(settings);
  desk.discover({desk.row(kRunId, 1h)});
  desk.poll(1, {{1, Status::pending}});
  for (int i = 0; i < 5; ++i) desk.discover({});
  for (int i = 0; i < 5; ++i) desk.fail(JobKind::poll, 1, PollReason::not_found);
  CHECK(desk.space().runs.size() == 1);
}

TEST_CASE("a list that lost over a fifth of the watched runs is shrunken, and retires nothing") {
  Desk desk;
  std::vector<task::ObservedRunRow> rows;
  for (int i = 0; i < 10; ++i) rows.push_back(desk.row("r" + std::to_string(i), 1h));
  desk.discover(rows);
  for (int i = 1; i <= 10; ++i) desk.poll(i, {{1, Status::pending}});
  auto few = rows;
  few.resize(5);
  for (int i = 0; i < 3; ++i) desk.fail(JobKind::poll, 10, PollReason::not_found);
  for (int i = 0; i < 2; ++i) {
    desk.discover(few);
    CHECK(desk.space().last_error.has_value());
    CHECK(desk.exposes("runwatch_poll_failures_total{space=\"sales\",reason=\"shrunken\"} " + std::to_string(i + 1)));
  }
  CHECK(desk.space().up == false);
  desk.fail(JobKind::poll, 10, PollReason::not_found);
  CHECK(desk.space().runs.size() == 10);
  desk.discover(rows);
  desk.poll(10, {{1, Status::pending}});
  CHECK(desk.space().up == true);
  for (int i = 0; i < 3; ++i) desk.discover(few);
  CHECK(desk.space().up == true);  // three lists in a row lacked them: believed
  CHECK(desk.space().runs.size() == 10);
}

TEST_CASE("a task that is gone counts towards the number its run was made with") {
  Desk desk;
  auto row = desk.row("a", 1h, Status::completed);
  row.batch_count = 2;
  desk.discover({row});
  desk.poll(1, {{1, Status::completed}, {2, Status::completed}, {3, Status::completed}});
  row.batch_count = 3;
  for (int i = 0; i < 3; ++i) desk.poll(1, {{1, Status::completed}, {2, Status::completed}});
  desk.restart();
  desk.discover({row});
  desk.poll(1, {{1, Status::completed}, {2, Status::completed}});
  CHECK(desk.space().runs[0]->finished != task::kNoTime);
}

TEST_CASE("nothing is written when nothing changed, whatever the ids look like, but that time went by") {
  Desk desk;
  const auto commits = [&desk] {
    const auto text = desk.exposition->render(metrics::TextFormat::prometheus);
    const std::string name = "\nrunwatch_store_commit_duration_seconds_count ";
    return std::stoi(text.substr(text.find(name) + name.size()));
  };
  desk.discover({desk.row("a", 1h)});
  const auto poll = [&](bool with_second) {
    auto f = desk.walked(1, {{1, Status::pending}});
    auto& run = std::get<unpod::TaskWalk>(f.outcome).run;
    for (const std::string id : {"odd one", "odd two"}) {
      if (id == "odd two" && !with_second) continue;
      run.tasks.emplace_back().key = task::make_task_key(id);
      run.odd_ids.emplace_back(task::make_task_key(id), id);
    }
    desk.apply(std::move(f));
  };
  poll(true);
  const int first = commits();
  poll(true);
  poll(false);  // a miss is known in memory only
  CHECK(commits() == first);
  desk.wait(59min);
  CHECK(commits() == first);
  desk.wait(2min);
  CHECK(commits() == first + 1);
}

TEST_CASE("a shrunken answer fails the poll, is asked again at the interval and believed the third time") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  const auto report = desk.poll(1, {});
  CHECK(desk.space().last_error->reason == PollReason::shrunken);
  CHECK(desk.tasks(Status::pending) == 1);
  REQUIRE(report.next.size() == 1);
  CHECK(report.next[0].due == desk.clock.steady_now() + 30s);
  desk.poll(1, {});
  desk.poll(1, {});
  CHECK(desk.tasks(Status::pending) == 0);
  CHECK(desk.space().up == true);
}

TEST_CASE("the tally of a shrunken answer does not survive a restart") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  desk.poll(1, {});
  desk.poll(1, {});
  desk.restart();
  desk.poll(1, {});
  CHECK(desk.tasks(Status::pending) == 1);
}

TEST_CASE("a finished run retires, keeps its tasks in the totals and is forgotten after the retention") {
  Desk desk;
  desk.discover({desk.row("a", 1h, Status::completed)});
  desk.poll(1, {{1, Status::completed}});
  CHECK(desk.space().runs[0]->finished != task::kNoTime);
  desk.wait(25h);
  desk.discover({desk.row("a", 26h, Status::completed)});
  const auto report = desk.poll(1, {{1, Status::completed}});
  CHECK(report.next.empty());
  CHECK(desk.space().runs.empty());
  CHECK(desk.space().runs_retired == 1);
  CHECK(desk.tasks(Status::completed) == 1);
  desk.restart();
  CHECK(desk.space().runs_retired == 1);
  CHECK(desk.tasks(Status::completed) == 1);
  desk.wait(31 * 24h);
  CHECK(desk.space().runs_retired == 0);
  CHECK(desk.tasks(Status::completed) == 0);
}

TEST_CASE("a retired run that goes on is watched again from what is stored") {
  Desk desk;
  const auto created = desk.clock.wall_now() - 1h;
  auto row = desk.row("a", 1h, Status::completed);
  row.created = created;
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}});
  desk.wait(25h);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}});
  REQUIRE(desk.space().runs.empty());
  row.status = Status::in_progress;
  CHECK(polls_planned(desk.discover({row})) == 1);
  desk.poll(1, {{1, Status::completed}});
  CHECK(desk.failures() == 0);
  CHECK(desk.exposes("unpod_task_recoveries_total{space=\"sales\"} 1"));
}

TEST_CASE("a space without a name is called by its slug once it is learnt, and keeps it over a restart") {
  auto settings = Desk::one_space();
  settings.spaces[0].name.reset();
  Desk desk(settings);
  CHECK(desk.space().name == "unnamed-1");
  CHECK(desk.first_jobs[0].job.wants_name);
  auto f = desk.fetched(JobKind::discovery);
  Discovered found;
  found.info = unpod::SpaceInfo{.name = "Sales", .slug = "sales-space", .token = {}};
  f.outcome = found;
  desk.apply(std::move(f));
  CHECK(desk.space().name == "sales-space");
  desk.restart();
  CHECK(desk.space().name == "sales-space");
  CHECK_FALSE(desk.first_jobs[0].job.wants_name);
}

TEST_CASE("named runs are polled at once, ready when tried, and unknown when the list lacks them") {
  auto settings = Desk::one_space();
  settings.spaces[0].run_ids = {kRunId};
  Desk desk(settings);
  CHECK(desk.first_jobs.size() == 2);
  CHECK_FALSE(desk.exposition->snapshot()->ready());
  desk.fail(JobKind::poll, 1, PollReason::connect);
  CHECK(desk.exposition->snapshot()->ready());
  desk.discover({});
  CHECK(desk.space().runs_unknown == 1);
}

TEST_CASE("a run that the configuration names no more is put away, and taken up again when it is named again") {
  auto named = Desk::one_space();
  named.spaces[0].run_ids = {kRunId};
  Desk desk(named);
  desk.discover({desk.row(kRunId, 1h)});
  desk.poll(1, {{1, Status::pending}});
  auto other = named;
  other.spaces[0].run_ids = {"Rother"};
  desk.restart(other);
  CHECK(desk.space().runs_retired == 1);
  desk.restart(named);
  CHECK(desk.space().runs.size() == 1);
  desk.poll(1, {{1, Status::failed}});
  CHECK(desk.failures() == 1);
}

TEST_CASE("a run that a changed configuration names is baseline") {
  auto named = Desk::one_space();
  named.spaces[0].run_ids = {"Rfirst"};
  Desk desk(named);
  desk.discover({});
  named.spaces[0].run_ids = {"Rfirst", "Rsecond"};
  desk.restart(named);
  desk.poll(2, {{1, Status::failed}});
  CHECK(desk.failures() == 0);
}

TEST_CASE("a refused token pauses everything") {
  Desk desk;
  const auto report = desk.fail(JobKind::discovery, 0, PollReason::auth);
  CHECK(report.refused_token.has_value());
}

TEST_CASE("a cancelled job counts nowhere") {
  Desk desk;
  auto f = desk.fetched(JobKind::discovery);
  unpod::Failure cancelled;
  cancelled.cancelled = true;
  f.outcome = cancelled;
  CHECK(desk.apply(std::move(f)).next.empty());
  CHECK_FALSE(desk.space().up.has_value());
  CHECK(desk.exposes("runwatch_polls_total{space=\"sales\"} 0"));
}

TEST_CASE("a run that the selection still wants is never forgotten, so that nothing is told again") {
  auto named = Desk::one_space();
  named.spaces[0].run_ids = {kRunId};
  Desk desk(named);
  desk.discover({desk.row(kRunId, 1h, Status::completed)});
  desk.poll(1, {{1, Status::failed}});
  desk.wait(25h);
  desk.discover({desk.row(kRunId, 26h, Status::completed)});
  desk.poll(1, {{1, Status::failed}});
  REQUIRE(desk.space().runs_retired == 1);
  desk.wait(31 * 24h);
  desk.discover({});
  CHECK(desk.space().runs_retired == 1);
  CHECK(desk.failures() == 0);
}

TEST_CASE("a run that the configuration put away stays away when its row changes") {
  Desk desk;
  auto row = desk.row("a", 1h);
  row.mode = task::RunMode::test;
  desk.discover({row});
  auto prod_only = Desk::one_space();
  prod_only.spaces[0].modes = {task::RunMode::prod};
  desk.restart(prod_only);
  REQUIRE(desk.space().runs_retired == 1);
  row.modified = desk.clock.wall_now();
  CHECK(polls_planned(desk.discover({row})) == 0);
  CHECK(desk.space().runs_retired == 1);
}

TEST_CASE("the list is read back to the oldest watched run, whatever its age") {
  Desk desk;
  const auto created = desk.clock.wall_now() - 1h;
  desk.discover({desk.row("a", 1h)});
  desk.clock.advance(9 * 24h);
  const auto report = desk.discover({});
  REQUIRE(report.next.size() == 1);
  CHECK(report.next[0].job.oldest_watched == created);
}

TEST_CASE("jumps of the wall clock lose no poll and make no burst") {
  for (const auto jump :
       {core::Duration(1h), core::Duration(-1h), core::Duration(-24h * 365 * 50), core::Duration(24h * 365 * 12)}) {
    Desk desk;
    desk.discover({desk.row("a", 1h)});
    desk.poll(1, {{1, Status::pending}});
    desk.clock.jump_wall(jump);
    const auto report = desk.poll(1, {{1, Status::failed}});
    REQUIRE(report.next.size() == 1);
    CHECK(report.next[0].due >= desk.clock.steady_now());
    CHECK(report.next[0].due <= desk.clock.steady_now() + 30s);
    CHECK(desk.failures() == 1);
  }
}

TEST_CASE("a run whose tasks differ in mode is mixed, else it is what its row says") {
  Desk desk;
  auto row = desk.row("a", 1h);
  row.mode = task::RunMode::prod;
  desk.discover({row});
  auto f = desk.fetched(JobKind::poll, 1);
  unpod::TaskWalk walk;
  walk.run.tasks.emplace_back().key = task::make_task_key("odd");
  walk.run.mode = task::RunMode::mixed;
  f.outcome = walk;
  desk.apply(std::move(f));
  CHECK(desk.space().runs[0]->mode == task::RunMode::mixed);
  desk.poll(1, {{1, Status::pending}});
}

TEST_CASE("unchanged pages are left out only after a poll whose tasks are all that is known") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  const auto remembers = [](const Report& report) { return report.next.at(0).job.digests != nullptr; };
  CHECK(remembers(desk.poll(1, {{1, Status::pending}, {2, Status::pending}})));
  CHECK(remembers(desk.poll(1, {{1, Status::failed}, {2, Status::pending}})));
  CHECK(remembers(desk.fail(JobKind::poll, 1, PollReason::timeout)));
  CHECK_FALSE(remembers(desk.poll(1, {{1, Status::failed}})));
  CHECK_FALSE(remembers(desk.poll(1, {})));
  CHECK_FALSE(remembers(desk.poll(1, {{2, Status::pending}})));
  CHECK(remembers(desk.poll(1, {{1, Status::failed}, {2, Status::pending}})));
}

TEST_CASE("a forgotten run that a clock set back brings back is no news") {
  Desk desk;
  const auto created = desk.clock.wall_now() + 1h;
  desk.discover({});
  desk.clock.advance(2h);
  auto row = desk.row("a", 1h, Status::completed);
  row.created = created;
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}});
  REQUIRE(desk.failures() == 1);
  desk.wait(25h);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}});
  REQUIRE(desk.space().runs_retired == 1);
  desk.wait(24h * 40);
  REQUIRE(desk.space().runs_retired == 0);
  desk.clock.jump_wall(-24h * 40);
  desk.discover({row});
  desk.poll(2, {{1, Status::failed}});
  CHECK(desk.failures() == 1);
}

TEST_CASE("a leap of the wall clock retires nothing and forgets nothing") {
  Desk desk;
  auto row = desk.row("a", 1h, Status::completed);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}});
  desk.clock.jump_wall(25h);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}});
  desk.clock.jump_wall(-25h);
  REQUIRE(desk.space().runs.size() == 1);
  desk.poll(1, {{1, Status::pending}});
  desk.poll(1, {{1, Status::failed}});
  CHECK(desk.failures() == 1);  // the second one: the first was there before us
  desk.wait(25h);
  desk.discover({row});
  desk.poll(1, {{1, Status::failed}});
  REQUIRE(desk.space().runs_retired == 1);
  desk.clock.jump_wall(24h * 365);
  desk.wait(2min);
  CHECK(desk.space().runs_retired == 1);
}

TEST_CASE("time before a restart counts towards a retirement as far as the store's commits have seen it") {
  Desk desk;
  auto row = desk.row("a", 1h, Status::completed);
  desk.discover({row});
  desk.poll(1, {{1, Status::completed}});
  desk.restart();
  desk.clock.jump_wall(25h);  // down for a day, or a clock that is wrong: nobody knows
  desk.discover({row});
  desk.poll(1, {{1, Status::completed}});
  CHECK(desk.space().runs.size() == 1);
  for (int hour = 0; hour < 25; ++hour) desk.wait(1h);
  desk.restart();
  desk.discover({row});
  desk.poll(1, {{1, Status::completed}});
  CHECK(desk.space().runs_retired == 1);
}

TEST_CASE("a pause holds back what was not tried yet, which counts as tried and down") {
  auto two = Desk::one_space();
  two.spaces.push_back({});
  two.spaces.back().token = core::Secret("OTHER");
  two.spaces.back().name = "help";
  Desk desk(two);
  desk.fail(JobKind::discovery, 0, PollReason::auth);
  CHECK(desk.exposition->snapshot()->ready());
  CHECK(desk.space(1).up == false);
  CHECK(desk.exposes("runwatch_polls_total{space=\"help\"} 0"));
}

TEST_CASE("a poll that is not done when the next one is due is an overrun, whether it began late or took long") {
  struct Case {
    core::Duration late, took;
    int overruns;
  };
  const Case cases[] = {{0s, 10s, 0}, {0s, 31s, 1}, {31s, 1s, 1}, {20s, 5s, 0}};
  for (const auto& [late, took, overruns] : cases) {
    Desk desk;
    desk.discover({desk.row("a", 1h)});
    auto fetched = desk.fetched(JobKind::poll, 1);
    fetched.took = took;
    fetched.outcome = unpod::Failure{};
    desk.clock.advance(late + took);
    desk.apply(std::move(fetched));
    CHECK(desk.exposes("runwatch_poll_overruns_total{space=\"sales\"} " + std::to_string(overruns)));
  }
}
