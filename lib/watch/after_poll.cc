#include "watch/after_poll.h"

#include <algorithm>

#include "watch/run_list.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

// What all tasks say, `mixed` when they differ, `none` when there is no task.
template <class E>
E common(const std::vector<task::ObservedTask>& tasks, E task::ObservedTask::* member) {
  if (tasks.empty()) return E::none;
  const E first = tasks.front().*member;
  const bool same = std::ranges::all_of(tasks, [&](const auto& t) { return t.*member == first; });
  return same ? first : E::mixed;
}

void count(task::StatusCounts& counts, const std::vector<task::TaskChange>& changes) {
  for (const auto& change : changes) {
    if (change.kind != task::ChangeKind::transition) continue;
    if (change.from) --counts[task::index(*change.from)];
    if (change.to) ++counts[task::index(*change.to)];
  }
}

}  // namespace

task::RunRecord after_poll(const task::RunRecord& run, const task::ObservedRun& observed, const task::Diff& diff,
                           core::WallTime now, core::Duration retire_after) {
  task::RunRecord after = run;
  count(after.tasks, diff.changes);
  if (!diff.changes.empty() || run.last_change == task::kNoTime) after.last_change = now;
  if (diff.shrunken) return after;
  after.polled = true;
  after.execution = common(observed.tasks, &task::ObservedTask::execution);
  const auto mode = common(observed.tasks, &task::ObservedTask::mode);
  after.mode = mode == task::RunMode::mixed || run.row.mode == task::RunMode::none ? mode : run.row.mode;
  update_finished(after, now);
  after.retired = is_due_to_retire(after, now, retire_after);
  if (after.retired) after.retired_at = now;
  return after;
}

}  // namespace runwatch::watch
