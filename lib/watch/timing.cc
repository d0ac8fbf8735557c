#include "watch/timing.h"

#include <algorithm>
#include <numeric>

#include "core/backoff.h"

namespace runwatch::watch {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using task::Status;
using view::PollReason;

constexpr core::Duration kFirstRetry = seconds(1);
constexpr core::Duration kLongestPause = minutes(15);
constexpr core::Duration kPauseAfterRefusal = minutes(5);

}  // namespace

bool is_finished_run(const task::RunRecord& run) {
  std::uint64_t all = 0;
  std::uint64_t finished = 0;
  for (std::size_t i = 0; i < task::kStatusCount; ++i) {
    all += run.tasks[i];
    if (task::is_finished(static_cast<Status>(i))) finished += run.tasks[i];
  }
  const bool own_status_allows = !run.row.status_given || task::is_finished(run.row.status);
  return run.polled && all > 0 && all >= run.row.batch_count && finished == all && own_status_allows;
}

bool is_idle(const task::RunRecord& run, core::WallTime now) {
  return run.finished != task::kNoTime && now - run.last_change >= kIdleAfter;
}

bool is_due_to_retire(const task::RunRecord& run, core::WallTime now, core::Duration retire_after) {
  return run.finished != task::kNoTime && now - run.last_change >= retire_after;
}

core::Duration interval_of(const task::RunRecord& run, core::WallTime now, const Settings& settings) {
  return is_idle(run, now) ? settings.idle_interval : settings.interval;
}

core::Duration delay_after_failure(PollReason reason, int failures, core::Duration interval, core::Duration patient,
                                   double random) {
  if (reason == PollReason::shrunken) return interval;
  if (reason == PollReason::forbidden || reason == PollReason::not_found) return std::max(interval, patient);
  const core::Backoff backoff{.first = std::min(kFirstRetry, interval), .limit = interval};
  return backoff.delay(failures, random);
}

std::optional<core::Duration> pause_after(const unpod::Failure& failure, core::Duration interval) {
  if (failure.reason == PollReason::auth) return kPauseAfterRefusal;
  if (!failure.retry_after) return std::nullopt;
  return std::clamp(*failure.retry_after, std::min(interval, kLongestPause), kLongestPause);
}

}  // namespace runwatch::watch
