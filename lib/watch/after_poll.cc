#include "watch/after_poll.h"

#include <algorithm>

#include "watch/run_list.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

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
  // What a call tells late is no sign that the run moves.
  const bool moved = std::ranges::any_of(diff.changes, [](const auto& c) { return c.kind != task::ChangeKind::late; });
  if (moved || run.last_change == task::kNoTime) after.last_change = now;
  if (diff.shrunken) return after;
  after.polled = true;
  after.execution = observed.execution;
  const auto mode = observed.mode;
  after.mode = mode == task::RunMode::mixed || run.row.mode == task::RunMode::none ? mode : run.row.mode;
  update_finished(after, now);
  after.retired = is_due_to_retire(after, now, retire_after);
  if (after.retired) after.retired_at = now;
  return after;
}

}  // namespace runwatch::watch
