#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "task/diff.h"
#include "watch/run_after.h"
#include "watch/step.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

std::string shrunken_text(std::uint64_t missing) {
  return fmt::format(
      "the platform's answer lacks {} known tasks; they stay known until three answers in a row lack them", missing);
}

void update_record(task::RunRecord& run, const task::ObservedRun& observed, core::WallTime now) {
  if (!run.polled || run.first_polled == task::kNoTime) run.first_polled = now;
  run.polled = true;
  run.execution = observed.execution;
  const bool of_tasks = observed.mode == task::RunMode::mixed || run.row.mode == task::RunMode::none;
  run.mode = of_tasks ? observed.mode : run.row.mode;
  update_finished(run, now);
}

// A retirement rests on a list and a walk that both began after the newest sign of life.
bool may_retire(const SpaceState& space, const Run& run, const Fetched& fetched, const Context& context) {
  return is_due_to_retire(run, context.now, context.settings.retire_after) &&
         std::min(space.list_began, fetched.began.steady) >= run.quiet_since;
}

}  // namespace

Step after_walk(const SpaceState& space, const RunState& run, unpod::TaskWalk walk, const Fetched& fetched,
                const Context& context) {
  const Moment now = context.now;
  const task::DiffContext given{run.record.baseline && !run.record.polled, run.shrunken_walks, now.wall};
  task::Diff diff = task::diff(run.known, walk.run, given);
  const bool shrunken = diff.shrunken;
  Step step;
  Run after = run.value();
  after.shrunken_walks = shrunken ? run.shrunken_walks + 1 : 0;
  after.void_polls = walk.run.tasks.empty() && !walk.run.rest_unchanged ? run.void_polls + 1 : 0;
  after.digests = diff.missing == 0 ? std::move(walk.digests) : nullptr;
  if (shrunken) {
    after.attempts.fail({view::PollReason::shrunken, shrunken_text(diff.missing), now.wall});
  } else {
    after.attempts.succeed(now);
  }
  add_tasks(step, after, std::move(diff), now);
  if (!shrunken) update_record(after.record, walk.run, now.wall);
  step.odd_ids = std::move(walk.run.odd_ids);
  step.complete = !shrunken;
  step.unknown_statuses = std::move(walk.run.unknown_statuses);
  if (!shrunken) step.rows = std::move(walk.rows);
  if (is_lost(space.selection, after)) {
    lose(step, after, run, now);
  } else if (!shrunken && may_retire(space, after, fetched, context)) {
    retire(after, now);
  }
  conclude(space.selection, after, context);
  if (!after.record.retired) {
    const bool first = !run.attempts.tried;
    const auto beat = next_beat(first, fetched.due, after.interval, context);
    const auto due = shrunken && !first ? now.steady + context.settings.interval : beat;
    step.next.push_back({JobKind::poll, run.record.number, due});
  }
  step.runs.push_back(std::move(after));
  return step;
}

}  // namespace runwatch::watch
