#include "watch/run_after.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "watch/timing.h"

namespace runwatch::watch {
namespace {

constexpr int kLooksUntilLost = 3;

void count(task::RunRecord& run, const task::TaskChange& change) {
  if (change.kind != task::ChangeKind::transition) return;
  if (change.from) --run.tasks[task::index(*change.from)];
  if (change.to) ++run.tasks[task::index(*change.to)];
  if (change.returned) --run.gone;
  if (!change.to) ++run.gone;
}

// As the counter of failures has it: an entry into failed, with the reason that it had then.
void count_failure(task::RunRecord& run, const task::TaskChange& change) {
  const bool came_back = change.returned == task::Status::failed;
  if (change.to != task::Status::failed || change.kind == task::ChangeKind::late || came_back) return;
  ++run.failures[task::index(change.facts.reason)];
}

void add_point(Run& run, const task::StatusCounts& before, core::WallTime at) {
  static const task::History kNone;
  auto next = task::with_point(run.history ? *run.history : kNone, at, before, run.record.tasks);
  if (next) run.history = std::make_shared<const task::History>(std::move(*next));
}

bool has_tasks(const task::RunRecord& run) {
  return std::ranges::any_of(run.tasks, [](std::uint64_t n) { return n > 0; });
}

}  // namespace

void mark_changed(Run& run, const Moment& now) {
  run.record.last_change = now.wall;
  run.quiet_since = now.steady;
}

void retire(Run& run, const Moment& now) {
  run.record.retired = true;
  run.record.retired_at = now.wall;
  run.retired_since = now.steady;
  run.digests.reset();
  run.history.reset();
  run.void_polls = 0;
}

void take_up(Run& run) {
  run.record.retired = false;
  run.record.retired_at = task::kNoTime;
  run.attempts = {};
}

void add_tasks(Step& step, Run& run, task::Diff&& diff, const Moment& now) {
  const auto before = run.record.tasks;
  for (const auto& change : diff.changes) {
    count(run.record, change);
    count_failure(run.record, change);
    task::sum_up(run.record.sums, change);
  }
  // What a call tells late is no sign that the run moves.
  const bool moved = std::ranges::any_of(diff.changes, [](const auto& c) { return c.kind != task::ChangeKind::late; });
  if (moved || run.record.last_change == task::kNoTime) mark_changed(run, now);
  if (run.record.tasks != before) add_point(run, before, now.wall);
  step.run = run.record.number;
  step.tasks = std::move(diff.updates);
  step.changes = std::move(diff.changes);
  step.tally = std::move(diff.tally);
}

bool is_lost(const Selection& selection, const Run& run) {
  return !selection.is_by_id() && run.missed_lists >= kLooksUntilLost && run.void_polls >= kLooksUntilLost;
}

void lose(Step& step, Run& after, const RunState& before, const Moment& now) {
  after.record = before.record;
  add_tasks(step, after, task::everything_gone(before.known), now);
  after.record.listed = false;
  retire(after, now);
}

void conclude(const Selection& selection, Run& run, const Context& context) {
  const bool named = selection.is_by_id();
  run.unknown = named && run.attempts.tried && run.missed_lists > 0 && !has_tasks(run.record);
  run.interval = interval_of(run, context.now, context.settings);
}

}  // namespace runwatch::watch
