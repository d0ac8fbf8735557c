#include "watch/timing.h"

#include <doctest/doctest.h>

using namespace runwatch;
using namespace std::chrono_literals;
using task::Status;
using view::PollReason;

namespace {

const core::WallTime kNow{std::chrono::seconds(1'770'000'000)};

const core::SteadyTime kSteady{std::chrono::hours(100)};

// Both clocks that long after the last change.
watch::Moment after(core::Duration time) { return {kNow + time, kSteady + time}; }

task::RunRecord record(std::uint64_t completed, std::uint64_t pending, std::uint64_t batch) {
  task::RunRecord r;
  r.polled = true;
  r.tasks[task::index(Status::completed)] = completed;
  r.tasks[task::index(Status::pending)] = pending;
  r.row.batch_count = batch;
  r.last_change = kNow;
  return r;
}

watch::Run quiet(task::RunRecord run) {
  watch::Run r;
  r.record = run;
  r.quiet_since = kSteady;
  return r;
}

}  // namespace

TEST_CASE("a run is finished when all its tasks are, as many as it was made with, and its own status allows") {
  CHECK(watch::is_finished_run(record(3, 0, 3)));
  CHECK(watch::is_finished_run(record(3, 0, 0)));
  CHECK_FALSE(watch::is_finished_run(record(3, 1, 3)));
  CHECK_FALSE(watch::is_finished_run(record(3, 0, 4)));
  CHECK_FALSE(watch::is_finished_run(record(0, 0, 0)));
  auto own = record(3, 0, 3);
  own.row.status_given = true;
  own.row.status = Status::in_progress;
  CHECK_FALSE(watch::is_finished_run(own));
  own.row.status = Status::partially_completed;
  CHECK(watch::is_finished_run(own));
}

TEST_CASE("tasks that are gone count towards the number a run was made with") {
  auto two_left = record(2, 0, 3);
  CHECK_FALSE(watch::is_finished_run(two_left));
  two_left.gone = 1;
  CHECK(watch::is_finished_run(two_left));
  auto none_left = record(0, 0, 3);
  none_left.gone = 3;
  CHECK_FALSE(watch::is_finished_run(none_left));
}

TEST_CASE("a finished run goes idle 20 minutes after its last change") {
  const watch::Settings settings;
  auto finished = quiet(record(1, 0, 1));
  finished.record.finished = kNow;
  CHECK(watch::interval_of(finished, after(19min), settings) == settings.interval);
  CHECK(watch::interval_of(finished, after(20min), settings) == settings.idle_interval);
  CHECK(watch::interval_of(quiet(record(1, 1, 1)), after(10h), settings) == settings.interval);
}

TEST_CASE("a run retires that long after its last change, and never unfinished") {
  auto finished = quiet(record(1, 0, 1));
  finished.record.finished = kNow;
  CHECK_FALSE(watch::is_due_to_retire(finished, after(23h), 24h));
  CHECK(watch::is_due_to_retire(finished, after(24h), 24h));
  CHECK_FALSE(watch::is_due_to_retire(quiet(record(1, 1, 1)), after(999h), 24h));
}

TEST_CASE("a run is quiet no longer than either clock says, so that no leap retires it") {
  auto finished = quiet(record(1, 0, 1));
  finished.record.finished = kNow;
  const watch::Moment leap{kNow + 25h, kSteady + 3s};
  CHECK_FALSE(watch::is_due_to_retire(finished, leap, 24h));
  CHECK(watch::interval_of(finished, leap, {}) == watch::Settings{}.interval);
  const watch::Moment not_lived{kNow - 1h, kSteady + 3s};
  CHECK_FALSE(watch::is_due_to_retire(finished, not_lived, 24h));
  const watch::Moment set_back{kNow - 1h, kSteady + 25h};  // the change came during a leap
  CHECK(watch::is_due_to_retire(finished, set_back, 24h));
}

TEST_CASE("a run that was taken up again is watched for the 20 minutes at least") {
  auto again = quiet(record(1, 0, 1));
  again.record.finished = kNow;
  CHECK(watch::is_due_to_retire(again, after(1s), 1s));
  again.record.taken_up = kNow;
  CHECK_FALSE(watch::is_due_to_retire(again, after(19min), 1s));
  CHECK(watch::is_due_to_retire(again, after(20min), 1s));
  CHECK_FALSE(watch::is_due_to_retire(again, after(20min), 24h));
}

TEST_CASE("a failed poll is tried again after a second, doubling up to its interval, with jitter") {
  const auto delay = [](int failures, double random) {
    return watch::delay_after_failure(PollReason::timeout, failures, 30s, 10min, random);
  };
  CHECK(delay(1, 0.5) == 1s);
  CHECK(delay(2, 0.5) == 2s);
  CHECK(delay(3, 0.0) == 3s);
  CHECK(delay(3, 1.0) == 5s);
  CHECK(delay(9, 0.5) <= 30s);
  CHECK(delay(1000, 1.0) <= 30s);
}

TEST_CASE("what time alone does not mend waits for the idle interval, a shrunken answer only for the interval") {
  CHECK(watch::delay_after_failure(PollReason::forbidden, 1, 30s, 10min, 0.5) == 10min);
  CHECK(watch::delay_after_failure(PollReason::not_found, 1, 30s, 10min, 0.5) == 10min);
  CHECK(watch::delay_after_failure(PollReason::shrunken, 7, 30s, 10min, 0.5) == 30s);
}
