// Receivers through the ledger: what becomes of what waits for them when they fail, are named, changed or removed.

#include <doctest/doctest.h>

#include "alerting_fixture.h"

namespace runwatch::watch {
namespace {

using namespace std::chrono_literals;
using enum task::Status;
using namespace test;

view::ReceiverStanding standing(Desk& desk, std::size_t i = 0) {
  desk.ledger->publish();
  return desk.exposition->snapshot()->alerts->receivers.at(i);
}

}  // namespace

TEST_CASE("what became of a notice is recorded once, however often it is handed in") {
  Desk desk(alerting());
  begin(desk, {{1, in_progress}});
  desk.poll(1, {{1, failed}});
  desk.wait(10s);
  const auto next = desk.ledger->next_delivery("ops");
  const auto& delivery = std::get<notify::Delivery>(next);
  const notify::Attempt attempt{.receiver = "ops", .at = desk.clock.wall_now(), .status = 200};
  const notify::Settlement settlement{delivery.row, delivery.id, attempt, notify::verdict(answer(200), {}, {}, 0.5)};
  for (int i = 0; i < 2; ++i) CHECK(desk.ledger->settle(settlement));
  CHECK(desk.store->attempts(delivery.row).value().size() == 1);
  CHECK(desk.exposes("runwatch_deliveries_total{receiver=\"ops\"} 1"));
}

TEST_CASE("a notice that one receiver gave up is dropped there alone, and elsewhere only when the receiver is named") {
  Desk desk(alerting({rule_of(rule::When::task_failed, "task-failed")}, {"ops", "other"}));
  Receiver ops{desk};
  Receiver other{desk, "other"};
  begin(desk, {{1, in_progress}});
  desk.poll(1, {{1, failed}});
  desk.wait(10s);
  const auto id = desk.store->rows({}).value().at(0).id;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(ops.attempt(400));
    desk.wait(1min);
  }
  CHECK(desk.ledger->drop({id, id}, "") == 1);
  CHECK(desk.store->queue("ops").value().dead == 0);
  CHECK(desk.store->queue("other").value().pending == 1);
  CHECK_FALSE(desk.ledger->drop({id}, "ops"));
  CHECK(desk.ledger->drop({id}, "other") == 1);
  CHECK_FALSE(desk.ledger->replay_dead("nobody"));
}

TEST_CASE("a receiver fails no more once all that waited for it was dropped, and fails again with the next notice") {
  Desk desk(alerting());
  Receiver ops{desk};
  begin(desk, {{1, in_progress}, {2, in_progress}});
  desk.poll(1, {{1, failed}, {2, in_progress}});
  desk.wait(10s);
  REQUIRE(ops.attempt(503));
  const auto standing = [&] {
    desk.ledger->publish();
    return desk.exposition->snapshot()->alerts->receivers.at(0);
  };
  REQUIRE(standing().failing_since != task::kNoTime);
  std::vector<std::string> ids;
  const auto rows = desk.store->rows({}).value();
  for (const auto& row : rows) ids.push_back(row.id);
  CHECK(desk.ledger->drop(ids, "") == ids.size());
  CHECK(standing().failing_since == task::kNoTime);
  CHECK(standing().last_failure.empty());
  CHECK_FALSE(desk.ledger->drop(ids, ""));
  desk.wait(2h);
  desk.poll(1, {{1, failed}, {2, failed}});
  desk.wait(10s);
  REQUIRE(ops.attempt(503));
  CHECK(standing().failing_since != task::kNoTime);
}

TEST_CASE("what waits for a receiver that is held back is due when that is over") {
  Desk desk(alerting());
  Receiver ops{desk};
  begin(desk, {{1, in_progress}, {2, in_progress}});
  desk.poll(1, {{1, failed}, {2, in_progress}});
  desk.wait(10s);
  const auto wait = ops.attempt(503);
  REQUIRE(wait);
  REQUIRE(*wait > 0ms);
  const auto due = desk.clock.wall_now() + *wait;
  const auto standing = [&] {
    desk.ledger->publish();
    return desk.exposition->snapshot()->alerts->receivers.at(0);
  };
  CHECK(standing().due == due);
  const auto id = desk.store->rows({}).value().at(0).id;
  CHECK(desk.ledger->explain(id).value().rows.at(0).due == due);
  desk.wait(*wait);
  REQUIRE(ops.attempt(200));
  CHECK(standing().due == task::kNoTime);
}

TEST_CASE("what was sent while somebody dropped it does not make its receiver fail") {
  Desk desk(alerting());
  begin(desk, {{1, in_progress}});
  desk.poll(1, {{1, failed}});
  desk.wait(10s);
  const auto next = desk.ledger->next_delivery("ops");
  const auto& delivery = std::get<notify::Delivery>(next);
  CHECK(desk.ledger->drop({delivery.id}, "") == 1);
  const notify::Attempt attempt{
      .receiver = "ops", .at = desk.clock.wall_now(), .status = 503, .reason = notify::Reason::server_error};
  CHECK(desk.ledger->settle({delivery.row, delivery.id, attempt, notify::verdict(answer(503), {}, {}, 0.5)}));
  CHECK(desk.store->attempts(delivery.row).value().size() == 1);
  desk.ledger->publish();
  CHECK(desk.exposition->snapshot()->alerts->receivers.at(0).failing_since == task::kNoTime);
}

TEST_CASE("who names a receiver that there is none of is told those that there are") {
  Desk desk(alerting({rule_of(rule::When::task_failed, "task-failed")}, {"ops", "other"}));
  CHECK(desk.ledger->test_receiver("opps").error().text == "no receiver is named opps (there are: ops, other)");
  CHECK(desk.ledger->replay_dead("opps").error().text ==
        "no receiver is named opps (there are: ops, other), and no dead notice is of that name");
  Desk bare(alerting({rule_of(rule::When::task_failed, "task-failed")}, {}));
  CHECK(bare.ledger->test_receiver("ops").error().text == "no receiver is named ops (there is none)");
}

TEST_CASE(
    "what waits for a receiver that was removed is dead and shown, and is no concern of one that has its name later") {
  auto both = alerting({rule_of(rule::When::task_failed, "task-failed")}, {"ops", "other"});
  both.alerts.rules.receivers[0].type = "webhook";
  const auto one = alerting({rule_of(rule::When::task_failed, "task-failed")}, {"other"});
  auto another_type = both;
  another_type.alerts.rules.receivers[0].type = "slack";
  another_type.alerts.receivers[0].options.type = notify::Type::slack;
  for (const bool is_removed : {true, false}) {
    CAPTURE(is_removed);
    Desk desk(both);
    Receiver ops{desk};
    begin(desk, {{1, in_progress}});
    desk.poll(1, {{1, failed}});
    desk.wait(10s);
    REQUIRE(ops.attempt(503));
    desk.reconfigure(is_removed ? one : another_type);
    CHECK(desk.given_up == 1);
    CHECK(desk.exposes("runwatch_outbox_dead{receiver=\"ops\"} 1"));
    const auto dead = desk.ledger->dead_rows().value();
    REQUIRE(dead.size() == 1);
    CHECK(dead[0].row.receiver == "ops");
    if (is_removed) {
      CHECK(desk.store->queue("ops")->pending == 0);
      CHECK(desk.ledger->replay({dead[0].row.id}).error().text ==
            "no receiver is named ops (there are: other): configure it again, or drop what is dead");
      CHECK(desk.ledger->replay_dead("ops").error().kind == core::ErrorKind::invalid);
      desk.reconfigure(both);
    }
    CHECK(standing(desk).failing_since == task::kNoTime);
    CHECK(standing(desk).last_failure.empty());
    ops.held = 0;
    ops.take_all();
    CHECK(ops.story() == "task_failed.firing 1/1");
    CHECK(desk.ledger->replay_dead("ops") == 1);
  }
}

TEST_CASE("a receiver that refused for good and is configured otherwise is not failing until it fails again") {
  auto settings = alerting();
  Desk desk(settings);
  Receiver ops{desk};
  begin(desk, {{1, in_progress}, {2, in_progress}});
  desk.poll(1, {{1, failed}, {2, in_progress}});
  desk.wait(10s);
  ops.attempt(410);
  REQUIRE(standing(desk).disabled);
  settings.alerts.receivers[0].options.timeout += 1s;
  desk.reconfigure(settings);
  CHECK_FALSE(standing(desk).disabled);
  CHECK(standing(desk).failing_since != task::kNoTime);  // something waits: that one tells
  ops.held = 0;
  ops.take_all();
  CHECK_FALSE(standing(desk).failing());

  desk.poll(1, {{1, failed}, {2, failed}});
  desk.wait(6min);
  ops.attempt(410);
  std::vector<std::string> ids;
  const auto rows = desk.store->rows({.state = store::OutboxRow::State::pending}).value();
  for (const auto& row : rows) ids.push_back(row.id);
  REQUIRE(desk.ledger->drop(ids, ""));
  REQUIRE(standing(desk).disabled);
  settings.alerts.receivers[0].options.timeout += 1s;
  desk.reconfigure(settings);
  CHECK_FALSE(standing(desk).failing());
}

TEST_CASE("a reload that changes nothing makes no receiver well") {
  auto settings = alerting();
  settings.alerts.receivers[0].options.type = notify::Type::alertmanager;
  settings.alerts.receivers[0].options.credentials.urls.emplace_back("http://am.example");
  Desk desk(settings);
  desk.ledger->note_shown({.receiver = "ops", .at = desk.clock.wall_now(), .reason = notify::Reason::connect});
  REQUIRE(standing(desk).failing());
  desk.reconfigure(settings);
  CHECK(standing(desk).failing());
  settings.alerts.receivers[0].options.timeout += 1s;
  desk.reconfigure(settings);
  CHECK_FALSE(standing(desk).failing());
}

TEST_CASE("settings that cannot be stored leave those in force that were") {
  Desk desk(alerting());
  Receiver ops{desk};
  begin(desk, {{1, in_progress}});
  desk.restart(
      [&] { execute(desk, "CREATE TRIGGER refuse BEFORE INSERT ON receivers BEGIN SELECT RAISE(ABORT, 'no'); END"); });
  desk.reconfigure(alerting({rule_of(rule::When::task_failed, "task-failed")}, {"other"}));
  CHECK_FALSE(desk.taken_over);
  CHECK(standing(desk).name == "ops");
  desk.poll(1, {{1, failed}});
  desk.wait(10s);
  ops.take_all();
  CHECK(ops.story() == "task_failed.firing 1/1");
}

TEST_CASE("how long a notice was under way is told by the clock that nobody sets") {
  Desk desk(alerting());
  Receiver ops{desk};
  begin(desk, {{1, in_progress}});
  desk.poll(1, {{1, failed}});
  desk.wait(10s);
  desk.clock.jump_wall(-1h);
  ops.take_all();
  desk.ledger->publish();
  CHECK(desk.exposes("runwatch_alert_latency_seconds_bucket{receiver=\"ops\",le=\"1\"} 1"));
  CHECK(desk.exposes("runwatch_alert_latency_seconds_sum{receiver=\"ops\"} 0"));
}

TEST_CASE("a silence lasts from a second to ten years") {
  Desk desk(alerting());
  for (const auto seconds :
       {std::int64_t{0}, std::int64_t{-5}, std::int64_t{315'360'001}, std::int64_t{9'000'000'000'000'000}})
    CHECK(desk.ledger->add_silence({}, std::chrono::seconds(seconds)).error().text ==
          "a silence lasts from a second to ten years");
  CHECK(desk.ledger->add_silence({}, 1s));
}

}  // namespace runwatch::watch
