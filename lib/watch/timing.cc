#include "watch/timing.h"

#include <algorithm>
#include <numeric>

#include "core/backoff.h"

namespace runwatch::watch {
namespace {

using std::chrono::seconds;
using task::Status;
using view::PollReason;

constexpr core::Duration kFirstRetry = seconds(1);

// A time that our clock has not reached was given by ours when it was wrong: it says nothing.
core::Duration shorter(core::Duration wall, core::SteadyTime::duration steady) {
  const auto lived = std::chrono::floor<core::Duration>(steady);
  return wall < core::Duration(0) ? lived : std::min(wall, lived);
}

}  // namespace

bool is_finished_run(const task::RunRecord& run) {
  std::uint64_t all = 0;
  std::uint64_t finished = 0;
  for (std::size_t i = 0; i < task::kStatusCount; ++i) {
    all += run.tasks[i];
    if (task::is_finished(static_cast<Status>(i))) finished += run.tasks[i];
  }
  const bool own_status_allows = !run.row.status_given || task::is_finished(run.row.status);
  return run.polled && all > 0 && all + run.gone >= run.row.batch_count && finished == all && own_status_allows;
}

void update_finished(task::RunRecord& run, core::WallTime now) {
  if (!is_finished_run(run)) {
    run.finished = task::kNoTime;
  } else if (run.finished == task::kNoTime) {
    run.finished = now;
  }
}

core::Duration quiet_for(const Run& run, const Moment& now) {
  return shorter(now.wall - run.record.last_change, now.steady - run.quiet_since);
}

core::Duration retired_for(const Run& run, const Moment& now) {
  return shorter(now.wall - run.record.retired_at, now.steady - run.retired_since);
}

bool is_idle(const Run& run, const Moment& now) {
  return run.record.finished != task::kNoTime && quiet_for(run, now) >= task::kIdleAfter;
}

bool is_due_to_retire(const Run& run, const Moment& now, core::Duration retire_after) {
  const bool taken_up = run.record.taken_up != task::kNoTime;
  const auto patience = taken_up ? std::max(retire_after, task::kIdleAfter) : retire_after;
  return run.record.finished != task::kNoTime && quiet_for(run, now) >= patience;
}

core::Duration interval_of(const Run& run, const Moment& now, const Settings& settings) {
  return is_idle(run, now) ? settings.idle_interval : settings.interval;
}

core::SteadyTime next_beat(bool first, core::SteadyTime due, core::Duration interval, const Context& context) {
  const auto now = context.now.steady;
  if (first) return now + std::chrono::duration_cast<core::Duration>(context.random * interval);
  return std::max(due + interval, now);
}

core::Duration delay_after_failure(PollReason reason, int failures, core::Duration interval, core::Duration patient,
                                   double random) {
  if (reason == PollReason::shrunken) return interval;
  if (reason == PollReason::forbidden || reason == PollReason::not_found) return std::max(interval, patient);
  const core::Backoff backoff{.first = std::min(kFirstRetry, interval), .limit = interval};
  return backoff.delay(failures, random);
}

core::SteadyTime retry_at(PollReason reason, int failures, core::Duration interval, const Context& context) {
  return context.now.steady +
         delay_after_failure(reason, failures, interval, context.settings.idle_interval, context.random);
}

}  // namespace runwatch::watch
