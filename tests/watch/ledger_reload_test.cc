// Settings that change while the ledger lives.
#include <doctest/doctest.h>

#include <algorithm>

#include "ledger_fixture.h"

using namespace runwatch;
using namespace runwatch::watch;
using namespace runwatch::watch::test;
using task::Status;
using view::PollReason;

namespace {

SpaceSettings another(const std::string& token, const std::string& name) {
  SpaceSettings space;
  space.token = core::Secret(token);
  space.name = name;
  return space;
}

}  // namespace

TEST_CASE("the same settings again move nothing and ask for nothing") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  const auto shown = desk.exposition->snapshot();
  CHECK(desk.reconfigure(Desk::one_space()).empty());
  CHECK(desk.exposition->snapshot() == shown);
}

TEST_CASE("a space that stays keeps its attempts, counters and jobs when another one joins and leaves") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  desk.fail(JobKind::poll, 1, PollReason::timeout);
  auto in_the_air = desk.walked(1, {{1, Status::failed}});
  auto two = Desk::one_space();
  two.spaces.push_back(another("OTHER", "help"));
  const auto jobs = desk.reconfigure(two);
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].job.space == 2);
  CHECK(desk.space(0).up == false);
  CHECK(desk.exposes("runwatch_polls_total{space=\"sales\"} 3"));
  CHECK(desk.exposes("runwatch_polls_total{space=\"help\"} 0"));
  desk.apply(std::move(in_the_air));
  CHECK(desk.failures() == 1);
  desk.reconfigure(Desk::one_space());
  CHECK(desk.exposition->snapshot()->spaces.size() == 1);
  CHECK(desk.failures() == 1);
  CHECK_FALSE(desk.exposes("runwatch_polls_total{space=\"help\"} 0"));
}

TEST_CASE("what comes for a space that left counts nowhere") {
  auto two = Desk::one_space();
  two.spaces.push_back(another("OTHER", "help"));
  Desk desk(two);
  auto late = desk.fetched(JobKind::discovery, 0, 2);
  late.outcome = Discovered{};
  const auto job = late.job;
  REQUIRE(desk.ledger->due_by(job));
  desk.reconfigure(Desk::one_space());
  CHECK_FALSE(desk.ledger->due_by(job));
  CHECK(desk.apply(std::move(late)).next.empty());
}

TEST_CASE("a space that left and returns goes on from the store") {
  auto two = Desk::one_space();
  two.spaces.push_back(another("OTHER", "help"));
  Desk desk(two);
  desk.discover({});
  desk.clock.advance(1h);
  desk.discover({desk.row("a", 1min)});
  desk.poll(1, {{1, Status::failed}});
  auto other = two;
  other.spaces.erase(other.spaces.begin());
  desk.reconfigure(other);
  desk.reconfigure(two);
  CHECK(desk.failures() == 1);
  desk.poll(1, {{1, Status::failed}, {2, Status::failed}});
  CHECK(desk.failures() == 2);
}

TEST_CASE("a shorter interval holds for jobs that wait already") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  const auto job = desk.walked(1, {}).job;
  auto quick = Desk::one_space();
  quick.interval = 1s;
  CHECK(desk.reconfigure(quick).empty());
  CHECK(desk.ledger->due_by(job) == desk.clock.steady_now() + 1s);
  CHECK(desk.space().poll_interval == 1s);
}

TEST_CASE("a run that the settings name no more is put away at once, and its walk in the air is not taken") {
  auto named = Desk::one_space();
  named.spaces[0].run_ids = {kRunId};
  Desk desk(named);
  desk.poll(1, {{1, Status::pending}});
  auto in_the_air = desk.walked(1, {{1, Status::failed}});
  auto other = named;
  other.spaces[0].run_ids = {"Rother"};
  desk.reconfigure(other);
  CHECK(desk.space().runs_retired == 1);
  CHECK(desk.apply(std::move(in_the_air)).next.empty());
  desk.reconfigure(named);
  CHECK(desk.tasks(Status::pending) == 1);
  desk.poll(1, {{1, Status::failed}});
  CHECK(desk.failures() == 1);
}

TEST_CASE("from configured spaces to the organization's and back, nothing is told twice") {
  Desk desk;
  desk.discover({});
  desk.clock.advance(1h);
  desk.discover({desk.row("a", 1min)});
  desk.poll(1, {{1, Status::failed}});
  const auto jobs = desk.reconfigure({});
  CHECK(std::ranges::any_of(jobs, [](const auto& p) { return p.job.kind == JobKind::spaces; }));
  REQUIRE(desk.exposition->snapshot()->organization.has_value());
  CHECK_FALSE(desk.exposition->snapshot()->organization->up.has_value());
  desk.fail(JobKind::spaces, 0, PollReason::auth);
  CHECK(desk.exposition->snapshot()->organization->up == false);
  CHECK(desk.exposes("runwatch_poll_failures_total{space=\"\",reason=\"auth\"} 1"));
  CHECK(desk.failures() == 1);
  desk.reconfigure(Desk::one_space());
  CHECK_FALSE(desk.exposition->snapshot()->organization.has_value());
  CHECK(desk.space().name == "sales");
  desk.poll(1, {{1, Status::failed}});
  CHECK(desk.failures() == 1);
}

TEST_CASE("memory that fell behind the store is read again, and attempts go on") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  auto in_the_air = desk.walked(1, {{1, Status::failed}});
  const auto jobs = desk.ledger->recover().value();
  CHECK(jobs.size() == 2);
  desk.ledger->publish();
  CHECK(desk.space().up == true);
  CHECK(desk.tasks(Status::pending) == 1);
  CHECK(desk.apply(std::move(in_the_air)).next.empty());
  CHECK(desk.failures() == 0);
}

TEST_CASE("settings that cannot be committed leave every job that was planned, and are taken over the next time") {
  Desk desk;
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  auto wider = Desk::one_space();
  wider.spaces[0].max_runs = 7;  // memory alone: nothing to commit
  wider.spaces.push_back(another("OTHER", "help"));
  const auto aside = desk.database().string() + ".aside";
  std::filesystem::rename(desk.database(), aside);
  const auto jobs = desk.reconfigure(wider);
  CHECK_FALSE(desk.taken_over);
  const auto discovery = desk.fetched(JobKind::discovery).job;
  CHECK(desk.ledger->due_by(discovery));
  std::filesystem::rename(aside, desk.database());
  desk.reconfigure(wider);
  CHECK(desk.taken_over);
  CHECK(desk.exposition->snapshot()->spaces.size() == 2);
}

TEST_CASE("two spaces that swap their names keep their own numbers, whatever these are") {
  for (const std::string other : {"help", "sales~"}) {
    auto two = Desk::one_space();
    two.spaces.push_back(another("OTHER", other));
    Desk desk(two);
    desk.discover({});
    desk.discover({});
    std::swap(two.spaces[0].name, two.spaces[1].name);
    desk.reconfigure(two);
    CHECK(desk.exposes("runwatch_polls_total{space=\"" + other + "\"} 2"));
    CHECK(desk.exposes("runwatch_polls_total{space=\"sales\"} 0"));
  }
}
