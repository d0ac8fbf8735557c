#include <doctest/doctest.h>

#include <algorithm>

#include "watch/ledger_fixture.h"

using namespace runwatch;
using namespace runwatch::watch;
using namespace runwatch::watch::test;
using task::Status;

namespace {

// A run in which `failed` tasks failed one after the other, each after it was in progress.
struct Told : Desk {
  Told() : Desk(told_settings()) {
    discover({row(kRunId, 1h)});
    poll(1, states(0));
    for (int n = 1; n <= kTasks; ++n) poll(1, states(n));
  }
  static constexpr int kTasks = 12;

  static Settings told_settings() {
    auto settings = one_space();
    auto& rule = settings.alerts.rules.rules.emplace_back();
    rule.name = "task-failed";
    rule.when = rule::When::task_failed;
    settings.alerts.receivers.emplace_back().options.name = "ops";
    settings.alerts.rules.receivers.push_back({.name = "ops"});
    settings.alerts.rules.group_wait = 1s;
    return settings;
  }

  static std::vector<std::pair<int, Status>> states(int failed) {
    std::vector<std::pair<int, Status>> tasks;
    for (int n = 1; n <= kTasks; ++n) tasks.emplace_back(n, n <= failed ? Status::failed : Status::in_progress);
    return tasks;
  }
  view::ChangesPage changes(view::ChangesQuery query) {
    query.run_id = kRunId;
    return ledger->changes(query).value();
  }
};

}  // namespace

TEST_CASE("pages of changes go back from the newest to the first, and none is told twice") {
  Told desk;
  const auto whole = desk.changes({.limit = 500});
  // First sights of what was there before are in no history.
  REQUIRE(whole.rows.size() == Told::kTasks);
  CHECK(whole.next == 0);
  for (std::size_t i = 0; i < whole.rows.size(); ++i) {
    CHECK(whole.rows[i].seq == static_cast<std::int64_t>(whole.rows.size() - i));
  }
  CHECK(whole.rows[0].task == "T8ff2ccdffe9a11f0878d43cd8a99e022");
  CHECK(whole.rows[0].from == Status::in_progress);
  CHECK(whole.rows[0].to == Status::failed);
  std::vector<std::int64_t> paged;
  view::ChangesQuery query{.limit = 5};
  do {
    const auto page = desk.changes(query);
    for (const auto& row : page.rows) paged.push_back(row.seq);
    query.before = page.next;
  } while (query.before != 0);
  std::vector<std::int64_t> all;
  for (const auto& row : whole.rows) all.push_back(row.seq);
  CHECK(paged == all);
}

TEST_CASE("failures are the changes that entered failed") {
  Told desk;
  const auto page = desk.changes({.failures_only = true, .limit = 500});
  CHECK(page.rows.size() == Told::kTasks);
  CHECK(std::ranges::all_of(page.rows, [](const auto& row) { return row.to == Status::failed; }));
  const auto first = desk.changes({.failures_only = true, .limit = 4});
  CHECK(first.rows.size() == 4);
  CHECK(first.next == first.rows.back().seq);
}

TEST_CASE("a run that is not known has no changes, hours or notices, and one of another space is not meant") {
  Told desk;
  for (const auto& [space, run] : {std::pair<std::string, std::string>("", "Rnone"), {"help", kRunId}}) {
    CHECK(desk.ledger->changes({.space = space, .run_id = run}).error().kind == core::ErrorKind::invalid);
    CHECK(desk.ledger->hours({.space = space, .run_id = run}).error().kind == core::ErrorKind::invalid);
    CHECK(desk.ledger->notices({.space = space, .run_id = run}).error().kind == core::ErrorKind::invalid);
  }
  CHECK(desk.ledger->notices({.id = "none"}).error().kind == core::ErrorKind::invalid);
  CHECK(desk.ledger->changes({.space = "sales", .run_id = kRunId}).has_value());
}

TEST_CASE("hours count what tasks came to be in each of them, from a time on") {
  Told desk;
  desk.clock.advance(3h);
  auto last = Told::states(Told::kTasks);
  last[0].second = Status::completed;
  desk.poll(1, last);
  const auto hours = desk.ledger->hours({.run_id = kRunId}).value();
  REQUIRE(hours.size() >= 2);
  std::uint64_t failed = 0;
  for (const auto& hour : hours) failed += hour.entered[task::index(Status::failed)];
  CHECK(failed == Told::kTasks);
  CHECK(hours.back().entered[task::index(Status::completed)] == 1);
  CHECK(hours.back().recovered == 1);
  CHECK(desk.clock.wall_now() - hours.back().hour < 1h);
  CHECK(desk.ledger->hours({.run_id = kRunId, .since = desk.clock.wall_now() - 1min}).value().size() == 1);
}

TEST_CASE("notices of an incident, of its run and one by its id say how they went") {
  Told desk;
  desk.wait(2s);
  const auto incidents = desk.exposition->snapshot()->alerts->incidents;
  REQUIRE(incidents.size() == 1);
  const auto next = desk.ledger->next_delivery("ops");
  REQUIRE(std::holds_alternative<notify::Delivery>(next));
  const auto of_run = desk.ledger->notices({.run_id = kRunId}).value();
  REQUIRE(of_run.notices.size() == 1);
  CHECK_FALSE(of_run.incident.has_value());
  CHECK_FALSE(of_run.more);
  const auto& notice = of_run.notices[0];
  CHECK(notice.kind == rule::Kind::firing);
  CHECK(notice.rule == "task-failed");
  CHECK(notice.incident == incidents[0].notice.incident);
  REQUIRE(notice.deliveries.size() == 1);
  CHECK(notice.deliveries[0].receiver == "ops");
  CHECK(notice.deliveries[0].state == "pending");
  CHECK(notice.deliveries[0].due != task::kNoTime);
  const auto of_incident = desk.ledger->notices({.id = notice.incident}).value();
  CHECK(of_incident.incident.has_value());
  CHECK(of_incident.notices.at(0).id == notice.id);
  const auto by_id = desk.ledger->notices({.id = notice.id}).value();
  CHECK_FALSE(by_id.incident.has_value());
  CHECK(by_id.notices.at(0).id == notice.id);
}
