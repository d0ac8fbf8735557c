#include <utility>

#include "watch/run_after.h"
#include "watch/step.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

Step after_failed_list(const SpaceState& space, view::PollError why, const Context& context) {
  Step step;
  const auto reason = why.reason;
  step.space = space.value();
  step.space->discovery.fail(std::move(why));
  const int failures = step.space->discovery.failures;
  step.next.push_back(
      {JobKind::discovery, 0, retry_at(reason, failures, context.settings.discovery_interval, context)});
  return step;
}

}  // namespace

Step after_failure(const SpaceState& space, const RunState* run, view::PollError why, const Context& context) {
  if (run == nullptr) return after_failed_list(space, std::move(why), context);
  Step step;
  Run after = run->value();
  const auto reason = why.reason;
  if (reason == view::PollReason::not_found) {
    ++after.void_polls;
  } else if (reason != view::PollReason::store) {
    after.void_polls = 0;
  }
  after.attempts.fail(std::move(why));
  if (reason == view::PollReason::not_found && is_lost(space.selection, after)) lose(step, after, *run, context.now);
  conclude(space.selection, after, context);
  if (!after.record.retired) {
    const auto due = retry_at(reason, after.attempts.failures, after.interval, context);
    step.next.push_back({JobKind::poll, after.record.number, due});
  }
  step.runs.push_back(std::move(after));
  return step;
}

Step held_back(const SpaceState& space, const view::PollError& why, const Context& context) {
  Step step;
  if (!space.discovery.tried) {
    step.space = space.value();
    step.space->discovery.fail(why);
  }
  if (!space.settings.names_runs()) return step;
  for (const auto number : space.order) {
    Run after = space.runs.at(number).value();
    if (after.attempts.tried) continue;
    after.attempts.fail(why);
    conclude(space.selection, after, context);
    step.runs.push_back(std::move(after));
  }
  return step;
}

}  // namespace runwatch::watch
