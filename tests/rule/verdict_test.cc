#include "rule/verdict.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "rule/book.h"

namespace {

using namespace runwatch;
using namespace std::chrono_literals;
using rule::When;
using task::Status;

const core::WallTime kNow{core::Duration(1'800'000'000'000)};
const rule::Instant kInstant{kNow, kNow + 5s};  // the two clocks differ

struct Given {
  task::RunRecord record;
  rule::RunView view;
  rule::Rule rule;

  explicit Given(When when) {
    rule.when = when;
    record.polled = true;
    record.row.batch_count = 10;
    record.last_change = kNow - 10min;
    record.first_polled = kNow - 1h;
    record.tasks[task::index(Status::pending)] = 4;
    view.tried = true;
    view.oldest.fill(task::kNoTime);
  }
  rule::Verdict judge(const rule::Window* window = nullptr) {
    view.after = &record;
    return rule::judge(rule, view, window, kInstant);
  }
};

TEST_CASE("a ratio holds above its limit, not at it, and says nothing below min_finished") {
  struct {
    std::uint64_t failed, finished;
    std::optional<bool> holds;
  } const kCases[] = {{0, 0, {}}, {9, 9, {}}, {2, 10, false}, {3, 10, true}, {1, 100, false}};
  for (const auto& [failed, finished, holds] : kCases) {
    CAPTURE(failed);
    CAPTURE(finished);
    Given given(When::failure_ratio);
    given.rule.above = 0.2;
    given.rule.min_finished = 10;
    given.record.sums.failed = failed;
    given.record.sums.finished = finished;
    CHECK(given.judge().holds == holds);
  }
}

TEST_CASE("the share of outcomes is one of the attempts whose outcome is known") {
  Given given(When::call_outcome);
  given.rule.outcomes = {task::CallStatus::busy, task::CallStatus::no_answer};
  given.rule.above = 0.5;
  given.rule.min_finished = 4;
  given.record.sums.finished = 100;
  given.record.sums.outcomes[task::index(task::CallStatus::busy)] = 2;
  given.record.sums.outcomes[task::index(task::CallStatus::no_answer)] = 1;
  given.record.sums.outcomes[task::index(task::CallStatus::completed)] = 1;
  CHECK(given.judge().holds == true);
  CHECK(given.judge().value == doctest::Approx(0.75));
  CHECK(given.judge().why == "3 of 4 known outcomes were busy or no_answer: 75 % (the limit is 50 %)");
  given.record.sums.outcomes[task::index(task::CallStatus::completed)] = 3;
  CHECK(given.judge().holds == false);
  given.rule.min_finished = 7;
  CHECK_FALSE(given.judge().holds);
}

TEST_CASE("a task is stuck when the oldest is old enough, and until then it is known when that will be") {
  Given given(When::task_stuck);
  given.rule.statuses = {Status::in_progress, Status::processing};
  given.rule.lasting = 5min;
  CHECK(given.judge().holds == false);
  CHECK(given.judge().next == task::kNoTime);
  given.view.oldest[task::index(Status::in_progress)] = kNow - 4min;
  CHECK(given.judge().holds == false);
  CHECK(given.judge().next == kInstant.lived + 1min);
  given.view.oldest[task::index(Status::pending)] = kNow - 1h;  // another status
  CHECK(given.judge().holds == false);
  given.view.oldest[task::index(Status::processing)] = kNow - 5min;
  CHECK(given.judge().holds == true);
  CHECK(given.judge().value == 300);
  CHECK(given.judge().threshold == 300);
  CHECK(given.judge().next == task::kNoTime);
  CHECK(given.judge().why == "a task has been processing for 5 min (the limit is 5 min)");
  given.view.oldest[task::index(Status::processing)] = kNow + 1h;  // the wall clock leapt back
  given.view.oldest[task::index(Status::in_progress)] = task::kNoTime;
  CHECK(given.judge().holds == false);
  CHECK(given.judge().next == kInstant.lived + 5min);
}

TEST_CASE("a run that is blind, or not looked at since the start, is not judged by the clock, but by its failures") {
  for (const auto when : {When::run_stalled, When::task_stuck}) {
    CAPTURE(rule::name(when));
    Given given(when);
    given.rule.lasting = 10min;
    given.rule.statuses = {Status::pending};
    given.view.oldest[task::index(Status::pending)] = kNow - 10min;
    CHECK(given.judge().holds == true);
    CHECK_FALSE(given.judge().muted);
    given.view.blind = true;
    CHECK_FALSE(given.judge().holds);
    CHECK(given.judge().muted);
    given.rule.lasting = 11min;
    CHECK_FALSE(given.judge().holds);
    CHECK_FALSE(given.judge().muted);
    CHECK(given.judge().next == kInstant.lived + 1min);
    given.rule.lasting = 10min;
    given.view.blind = given.view.tried = false;
    CHECK_FALSE(given.judge().holds);
    CHECK_FALSE(given.judge().muted);
  }
  Given ratio(When::failure_ratio);
  ratio.view.blind = true;
  ratio.rule.min_finished = 1;
  ratio.record.sums.failed = ratio.record.sums.finished = 1;
  CHECK(ratio.judge().holds == true);
  CHECK(ratio.judge().why == "1 of 1 attempts failed: 100 % (the limit is 0 %)");
}

TEST_CASE("a run stalls only when something is to happen that does not") {
  struct Case {
    std::string what;
    std::function<void(task::RunRecord&)> change;
    bool stalls;
  };
  const std::vector<Case> cases{
      {"pending tasks and no change", [](auto&) {}, true},
      {"it is finished", [](auto& r) { r.finished = kNow - 1h; }, false},
      {"it is retired", [](auto& r) { r.retired = true; }, false},
      {"it was never polled", [](auto& r) { r.polled = false; }, false},
      {"a change just now", [](auto& r) { r.last_change = kNow - 1min; }, false},
      {"all that is left is scheduled or on hold",
       [](auto& r) {
         r.tasks = {};
         r.tasks[task::index(Status::completed)] = 3;
         r.tasks[task::index(Status::scheduled)] = 2;
         r.tasks[task::index(Status::hold)] = 1;
       },
       false},
      {"one that is on hold besides pending ones", [](auto& r) { r.tasks[task::index(Status::hold)] = 9; }, true},
      {"all ended and more to come",
       [](auto& r) {
         r.tasks = {};
         r.tasks[task::index(Status::completed)] = 3;
       },
       true},
      {"its own status is hold, and its tasks are pending",
       [](auto& r) {
         r.row.status_given = true;
         r.row.status = Status::hold;
       },
       false},
      {"its own status is scheduled, and a task of it in progress",
       [](auto& r) {
         r.row.status_given = true;
         r.row.status = Status::scheduled;
         r.tasks[task::index(Status::in_progress)] = 1;
       },
       true},
      {"it was taken up again just now", [](auto& r) { r.taken_up = kNow - 1min; }, false},
      {"no task and none to come",
       [](auto& r) {
         r.tasks = {};
         r.row.batch_count = 0;
       },
       false},
      {"no task where ten were to come", [](auto& r) { r.tasks = {}; }, true},
      {"baseline that never moved under our eyes",
       [](auto& r) {
         r.baseline = true;
         r.last_change = r.first_polled;
       },
       false},
      {"baseline of an older database, of which it is not known when it was polled first",
       [](auto& r) {
         r.baseline = true;
         r.first_polled = task::kNoTime;
       },
       false},
      {"baseline that moved once",
       [](auto& r) {
         r.baseline = true;
         r.last_change = r.first_polled + 1s;
       },
       true},
  };
  for (const auto& [what, change, stalls] : cases) {
    CAPTURE(what);
    Given given(When::run_stalled);
    given.rule.lasting = 5min;
    change(given.record);
    CHECK(given.judge().holds == stalls);
  }
}

TEST_CASE("a run that does not stall yet is looked at again when it would") {
  Given given(When::run_stalled);
  given.rule.lasting = 30min;
  CHECK(given.judge().holds == false);
  CHECK(given.judge().next == kInstant.lived + 20min);
  CHECK(given.judge().value == 600);
  given.rule.lasting = 5min;
  CHECK(given.judge().why == "nothing has changed for 10 min (the limit is 5 min)");
}

TEST_CASE("a cost is over its limit") {
  Given given(When::run_cost);
  given.rule.above = 10;
  given.record.sums.cost = 10;
  CHECK(given.judge().holds == false);
  given.record.sums.cost = 10.5;
  CHECK(given.judge().holds == true);
  CHECK(given.judge().why == "its calls cost 10.50 (the limit is 10.00)");
}

task::TaskChange ended(Status to) {
  task::TaskChange change;
  change.from = Status::in_progress;
  change.to = to;
  return change;
}

TEST_CASE("a verdict over a window is another one when the window has moved on") {
  Given given(When::failure_ratio);
  given.rule.window = 10min;
  given.rule.min_finished = 1;
  given.rule.above = 0.5;
  rule::Window window(10min);
  CHECK_FALSE(given.judge(&window).holds);
  window.add(kInstant.lived - 3min, ended(Status::failed));
  CHECK(given.judge(&window).holds == true);
  CHECK(given.judge(&window).next == kInstant.lived + 7min);
  CHECK(given.judge(&window).why == "1 of 1 attempts failed within 10 min: 100 % (the limit is 50 %)");
  CHECK_FALSE(given.judge(nullptr).holds);
  given.rule.min_finished = 2;  // the last verdict stands, and the clock may bring another one
  CHECK_FALSE(given.judge(&window).holds);
  CHECK(given.judge(&window).next == kInstant.lived + 7min);
}

TEST_CASE("rules with members and events are judged elsewhere") {
  for (const auto when : {When::task_failed, When::run_finished, When::task_finished, When::unknown_status,
                          When::poll_failing, When::delivery_failing}) {
    CHECK_FALSE(Given(when).judge().holds);
  }
}

}  // namespace

TEST_CASE("a time that was recorded before the wall clock was set is as long ago as it was lived") {
  using rule::ClockOffset, rule::Instant;
  const auto start = kNow;
  const std::vector<ClockOffset> forward{{start, 0s}, {start + 5min, -1h}};
  const Instant later{start + 1h + 6min, start + 6min, forward};
  CHECK(later.lived_of(start) == start);
  CHECK(later.lived_of(start + 4min) == start + 4min);
  CHECK(later.lived_of(start + 1h + 5min) == start + 5min);
  const std::vector<ClockOffset> back{{start, 0s}, {start + 5min, 1h}};
  const Instant earlier{start - 54min, start + 6min, back};
  CHECK(earlier.lived_of(start + 4min) == start + 4min);
  CHECK(earlier.lived_of(start - 55min) == start + 5min);
}
