// Alerts through the ledger and a real store: what is committed together, what waits for how long, and what restarts,
// full outboxes and receivers that are down make of it.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "alerting_fixture.h"

namespace runwatch::watch {
namespace {

using namespace std::chrono_literals;
using enum task::Status;
using namespace test;

}  // namespace

TEST_CASE("a failure is told once, group_wait after it, and its end when the task recovered") {
  Desk desk(alerting());
  Receiver ops{desk};
  begin(desk, {{1, in_progress}});
  desk.poll(1, {{1, failed}});
  desk.wait(8s);
  ops.take_all();
  CHECK(ops.took.empty());
  desk.wait(2s);
  ops.take_all();
  CHECK(ops.story() == "task_failed.firing 1/1");
  desk.poll(1, {{1, completed}});
  desk.wait(5min);
  ops.take_all();
  CHECK(ops.story() == "task_failed.firing 1/1, task_failed.resolved 0/0");
}

TEST_CASE("a notice that cannot be stored takes its change along: neither is known, and both come with the next poll") {
  auto settings = alerting();
  settings.alerts.rules.group_wait = 0ms;
  Desk desk(settings);
  Receiver ops{desk};
  begin(desk, {{1, in_progress}});
  const auto* refuse = "CREATE TRIGGER refuse BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END";
  desk.restart([&] { execute(desk, refuse); });
  desk.poll(1, {{1, failed}});
  CHECK(desk.failures() == 0);
  CHECK(desk.tasks(in_progress) == 1);
  ops.take_all();
  CHECK(ops.took.empty());
  desk.restart([&] { execute(desk, "DROP TRIGGER refuse"); });
  CHECK(desk.failures() == 0);
  desk.poll(1, {{1, failed}});
  CHECK(desk.failures() == 1);
  ops.take_all();
  CHECK(ops.story() == "task_failed.firing 1/1");
}

TEST_CASE("what became due while no process ran is told at the start") {
  Desk desk(alerting());
  Receiver ops{desk};
  begin(desk, {{1, in_progress}});
  desk.poll(1, {{1, failed}});
  desk.clock.advance(1min);
  desk.restart();
  desk.wait(0s);
  ops.take_all();
  CHECK(ops.story() == "task_failed.firing 1/1");
}

TEST_CASE("a notice has one id and one body over refusals and restarts") {
  Desk desk(alerting());
  Receiver ops{desk};
  begin(desk, {{1, in_progress}});
  desk.poll(1, {{1, failed}});
  desk.wait(10s);
  const auto row = [&] { return desk.store->rows({.receiver = "ops"}).value().at(0); };
  REQUIRE(ops.attempt(503) == 5s);
  const auto before = row();
  desk.clock.advance(5s);
  desk.restart();
  REQUIRE(ops.attempt(503));
  CHECK(row().id == before.id);
  CHECK(row().body == before.body);
  CHECK(ops.attempt(204));
  CHECK(ops.ids == std::vector{before.id});
  CHECK(row().body.empty());
}

TEST_CASE("after three days down a receiver gets each incident's firing, one update and its end, the oldest first") {
  auto settings = alerting();
  settings.retire_after = 24h * 7;
  Desk desk(settings);
  Receiver ops{desk};
  const std::string other = "R50fe5eface1511f082ac156368e7acc4";
  desk.discover({desk.row(other, 1h), desk.row(kRunId, 2h)});
  for (const auto run : {1, 2}) desk.poll(run, {{1, in_progress}, {2, in_progress}, {3, in_progress}});
  desk.poll(1, {{1, failed}, {2, in_progress}, {3, in_progress}});
  desk.wait(10s);
  desk.poll(2, {{1, failed}, {2, in_progress}, {3, in_progress}});
  desk.wait(10s);
  const auto start = desk.clock.wall_now();
  for (int hours = 0; hours < 72;) {
    const auto rest = ops.attempt(503);
    REQUIRE(rest);
    CHECK(*rest <= notify::kLongestProbe * 12 / 10);
    desk.wait(*rest);
    if (desk.clock.wall_now() < start + (hours + 1) * 1h) continue;
    ++hours;
    if (hours == 2) desk.poll(1, {{1, failed}, {2, failed}, {3, in_progress}});
    if (hours == 3) desk.poll(1, {{1, failed}, {2, failed}, {3, failed}});
    if (hours == 4) desk.poll(2, {{1, failed}, {2, failed}, {3, in_progress}});
    if (hours == 40) desk.poll(2, {{1, completed}, {2, completed}, {3, completed}});
    if (hours == 41) desk.restart();
    if (hours == 41) desk.poll(1, {{1, completed}, {2, completed}, {3, completed}});
  }
  CHECK(desk.ledger->dead_rows().value().empty());
  ops.take_all();
  const std::string firing = "task_failed.firing 1/1, ";
  CHECK(ops.story() == firing + firing + "task_failed.update 2/3, task_failed.update 1/2, " +
                           "task_failed.resolved 0/0, task_failed.resolved 0/0");
}

TEST_CASE("a full outbox keeps events as marks, tells them when there is room, and never holds an incident back") {
  auto settings =
      alerting({rule_of(rule::When::task_failed, "task-failed"), rule_of(rule::When::task_finished, "crm")});
  settings.alerts.outbox_max = {40'000};
  settings.alerts.rules.group_wait = 0ms;
  Desk desk(settings);
  Receiver ops{desk};
  const auto all = [](task::Status status) {
    std::vector<std::pair<int, task::Status>> tasks;
    for (int i = 0; i < 40; ++i) tasks.emplace_back(i, status);
    return tasks;
  };
  begin(desk, all(in_progress));
  desk.poll(1, all(failed));
  desk.wait(10min);  // nothing more is waited for of their calls
  desk.poll(1, all(failed));
  const auto waiting = desk.store->queue("ops").value();
  CHECK(waiting.pending > 2);
  CHECK(waiting.pending < 30);
  CHECK(desk.exposition->snapshot()->alerts->is_full);
  desk.restart();
  std::size_t before = 0;
  do {
    before = ops.took.size();
    ops.take_all();
    desk.wait(10min);
    desk.poll(1, all(failed));
  } while (ops.took.size() > before);
  std::map<std::string, int> types;
  for (const auto& body : ops.took) ++types[body["type"].get<std::string>()];
  CHECK(types == std::map<std::string, int>{{"task_failed.firing", 1}, {"task_finished.event", 40}});
  CHECK(std::set(ops.ids.begin(), ops.ids.end()).size() == 41);
  CHECK_FALSE(desk.exposition->snapshot()->alerts->is_full);
}

TEST_CASE("after a restart polls that failed are not well before each was tried") {
  auto rule = rule_of(rule::When::poll_failing, "blind");
  rule.lasting = 5min;
  Desk desk(alerting({rule}));
  Receiver ops{desk};
  begin(desk, {{1, in_progress}});
  desk.fail(JobKind::poll, 1, view::PollReason::timeout);
  desk.wait(6min);
  ops.take_all();
  CHECK(ops.story() == "poll_failing.firing 0/0");
  desk.clock.advance(1h);
  desk.restart();
  desk.discover({desk.row(kRunId, 3h)});
  desk.wait(1s);
  desk.fail(JobKind::poll, 1, view::PollReason::timeout);
  desk.wait(6min);
  ops.take_all();
  CHECK(ops.story() == "poll_failing.firing 0/0");
  desk.poll(1, {{1, in_progress}});
  desk.wait(1s);
  ops.take_all();
  CHECK(ops.story() == "poll_failing.firing 0/0, poll_failing.resolved 0/0");
}

TEST_CASE("a space that left the configuration ends its incidents, by a reload and by a restart") {
  for (const bool restarts : {true, false}) {
    auto settings = alerting();
    settings.alerts.rules.receivers[0].takes.fill(true);
    Desk desk(settings);
    Receiver ops{desk};
    begin(desk, {{1, in_progress}});
    desk.poll(1, {{1, failed}});
    desk.wait(10s);
    auto other = settings;
    other.spaces[0].token = core::Secret("AAAAAAAABBBBBBBBCCCCCCCC");
    other.spaces[0].name = "support";
    if (restarts) desk.restart(other);
    if (!restarts) desk.reconfigure(other);
    ops.take_all();
    CHECK(ops.story() == "task_failed.firing 1/1, task_failed.ended 0/1");
    CHECK(desk.exposition->snapshot()->spaces.size() == 1);
    CHECK(desk.space().name == "support");
    desk.restart(settings);
    desk.poll(1, {{1, failed}});
    desk.wait(1h);
    CHECK(ops.attempt(200) == std::nullopt);
  }
}

TEST_CASE("a process whose clock was ahead leaves nothing that is due later") {
  Desk desk(alerting());
  Receiver ops{desk};
  desk.clock.jump_wall(2h);  // before anything was committed
  desk.restart();
  begin(desk, {{1, in_progress}});
  desk.clock.jump_wall(-2h);
  desk.poll(1, {{1, failed}});
  desk.wait(3s);
  desk.restart();
  desk.wait(7s);
  ops.take_all();
  CHECK(ops.story() == "task_failed.firing 1/1");
}

TEST_CASE("an Alertmanager that takes nothing at any of its addresses is told to the others") {
  auto rule = rule_of(rule::When::delivery_failing, "undelivered");
  rule.lasting = 15min;
  auto settings = alerting({rule}, {"ops", "am"});
  settings.alerts.rules.receivers[1].by_level = true;
  settings.alerts.receivers[1].options.type = notify::Type::alertmanager;
  settings.alerts.receivers[1].options.credentials.urls = {core::Secret("http://a"), core::Secret("http://b")};
  Desk desk(settings);
  Receiver ops{desk};
  const auto shown = [&](std::size_t place, std::optional<notify::Reason> reason) {
    desk.ledger->note_shown({.receiver = "am", .at = desk.clock.wall_now(), .reason = reason, .place = place});
    desk.wait(10min);
  };
  shown(1, std::nullopt);
  shown(0, notify::Reason::connect);
  shown(0, notify::Reason::connect);
  ops.take_all();
  CHECK(ops.took.empty());
  shown(1, notify::Reason::connect);
  desk.restart();
  shown(0, notify::Reason::connect);
  shown(1, notify::Reason::connect);
  ops.take_all();
  CHECK(ops.story() == "delivery_failing.firing 0/0");
  shown(1, std::nullopt);
  ops.take_all();
  CHECK(ops.story() == "delivery_failing.firing 0/0, delivery_failing.resolved 0/0");
}

TEST_CASE("notices that ended go after the retention while commits go on, those that wait never") {
  auto settings = alerting();
  settings.retention = 24h;
  settings.retire_after = 24h * 30;
  settings.alerts.rules.group_interval = 1h;
  Desk desk(settings);
  Receiver ops{desk};
  begin(desk, {{1, in_progress}, {2, in_progress}, {3, in_progress}});
  desk.poll(1, {{1, failed}, {2, in_progress}, {3, in_progress}});
  desk.wait(10s);
  ops.take_all();
  desk.poll(1, {{1, failed}, {2, failed}, {3, in_progress}});
  desk.wait(2h);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(ops.attempt(400));
    desk.wait(10min);
  }
  CHECK(desk.ledger->dead_rows().value().at(0).last_failure == "client_error");
  const auto ahead = 365 * 24h;
  desk.restart([&] { desk.clock.jump_wall(ahead); });  // as a clock that is not set yet
  desk.poll(1, {{1, failed}, {2, failed}, {3, pending}});
  desk.wait(1min);
  CHECK(desk.store->queue("ops").value().dead == 1);
  desk.clock.jump_wall(-ahead);
  for (int i = 0; i < 60; ++i) {
    if (i == 20) desk.clock.jump_wall(ahead);
    if (i == 30) desk.clock.jump_wall(-ahead);
    CHECK(desk.store->queue("ops").value().dead == (i < 40 ? 1 : desk.store->queue("ops").value().dead));
    desk.wait(30min);
    desk.poll(1, {{1, failed}, {2, failed}, {3, i % 2 == 0 ? pending : in_progress}});
  }
  const auto rows = desk.store->rows({}).value();
  for (const auto& row : rows) CHECK(row.state == store::OutboxRow::State::pending);
  CHECK(desk.store->queue("ops").value().dead == 0);
}

TEST_CASE("each notice of an incident is explained by what came since the one before, and an event by its change") {
  auto settings =
      alerting({rule_of(rule::When::task_failed, "task-failed"), rule_of(rule::When::task_finished, "each")});
  settings.alerts.rules.group_wait = 0ms;
  Desk desk(settings);
  Receiver ops{desk};
  begin(desk, {{1, in_progress}, {2, in_progress}, {3, in_progress}});
  desk.poll(1, {{1, failed}, {2, in_progress}, {3, in_progress}});
  desk.wait(6min);
  ops.take_all();
  desk.poll(1, {{1, failed}, {2, failed}, {3, completed}});
  desk.wait(6min);
  ops.take_all();
  std::vector<std::string> told;
  for (std::size_t i = 0; i < ops.took.size(); ++i) {
    const auto& data = ops.took[i]["data"];
    const auto about = desk.ledger->explain(data["incident"] == "" ? ops.ids[i] : data["incident"].get<std::string>());
    REQUIRE(about);
    const auto& cause = about->causes.at(ops.ids[i]);
    told.push_back(fmt::format("{}: {} change(s) from {}, {} failed", ops.took[i]["type"].get<std::string>(),
                               cause.changes, cause.first, cause.failures));
  }
  CHECK(fmt::format("{}", fmt::join(told, "\n")) ==
        "task_failed.firing: 1 change(s) from 1, 1 failed\n"
        "task_failed.update: 2 change(s) from 2, 1 failed\n"
        "task_finished.event: 1 change(s) from 1, 1 failed");
}

TEST_CASE("an end that nobody was sent gives way to what reopens its incident") {
  auto settings = alerting();
  settings.alerts.rules.group_wait = 0ms;
  Desk desk(settings);
  Receiver ops{desk};
  begin(desk, {{1, in_progress}, {2, in_progress}});
  desk.poll(1, {{1, failed}, {2, in_progress}});
  desk.wait(6min);
  ops.take_all();
  desk.poll(1, {{1, completed}, {2, in_progress}});
  desk.wait(1s);
  CHECK(desk.store->queue("ops")->pending == 1);
  desk.poll(1, {{1, completed}, {2, failed}});
  desk.wait(6min);
  ops.take_all();
  CHECK(ops.story() == "task_failed.firing 1/1, task_failed.update 1/1");
}

TEST_CASE("what the clock brought and could not be stored is tried again, and not as fast as may be") {
  Desk desk(alerting());
  begin(desk, {{1, in_progress}});
  desk.poll(1, {{1, failed}});
  const auto errors = [&] { return desk.exposes("runwatch_store_errors_total{kind=\"other\"} 1"); };
  const auto* refuse = "CREATE TRIGGER refuse BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END";
  desk.restart([&] { execute(desk, refuse); });
  desk.wait(10s);
  CHECK(errors());
  for (int i = 0; i < 9; ++i) desk.wait(100ms);
  CHECK(errors());
  CHECK(desk.ledger->rests(1min) == 100ms);
  desk.wait(100ms);
  CHECK_FALSE(errors());
}

TEST_CASE("an incident and its notices are explained by the polls that changed its run") {
  Desk desk(alerting());
  Receiver ops{desk};
  begin(desk, {{1, in_progress}, {2, in_progress}});
  desk.poll(1, {{1, failed}, {2, in_progress}});
  const auto failed_at = desk.clock.wall_now();
  desk.wait(10s);
  ops.take_all();
  const auto incident = ops.took.at(0)["data"]["incident"].get<std::string>();
  for (const auto& id : {incident, ops.ids.at(0)}) {
    const auto told = desk.ledger->explain(id);
    REQUIRE(told);
    REQUIRE(told->causes.contains(ops.ids.at(0)));
    const auto& cause = told->causes.at(ops.ids.at(0));
    CHECK(cause.changes == 1);
    CHECK(cause.failures == 1);
    CHECK(cause.newest == failed_at);
    CHECK(told->attempts.size() == 1);
    CHECK(told->rows.size() == 1);
  }
  CHECK(desk.ledger->explain(incident)->incident.has_value());
  CHECK(desk.ledger->explain("0123").error().kind == core::ErrorKind::invalid);
}

}  // namespace runwatch::watch
