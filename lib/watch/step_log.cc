#include "watch/step_log.h"

#include <algorithm>
#include <string>
#include <utility>

namespace runwatch::watch {
namespace {

namespace log = core::log;

// Whether nothing of the space fails once the step is taken over.
bool is_well_after(const SpaceState& space, const Step& step) {
  const auto fails = [&](std::int64_t number) {
    const auto run = std::ranges::find(step.runs, number, [](const Run& changed) { return changed.record.number; });
    const Attempts& attempts = run == step.runs.end() ? space.runs.at(number).attempts : run->attempts;
    return attempts.error.has_value();
  };
  const Attempts& list = step.space ? step.space->discovery : space.discovery;
  return !list.error && std::ranges::none_of(space.order, fails);
}

}  // namespace

void StepLog::tell_failure(std::string_view message, const std::string& space, const std::string& run,
                           const view::PollError& why, core::SteadyTime now) {
  const auto reason = view::name(why.reason);
  if (const auto held_back = limit_.admit(space, reason, now)) {
    log::warning(
        message,
        {{"space", space}, {"run", run}, {"reason", reason}, {"error", why.text}, log::suppressed(*held_back)});
  }
}

void StepLog::tell_recovery(std::string_view message, const std::string& space, core::SteadyTime now) {
  if (const auto held_back = limit_.ended(space, now)) {
    log::info(message, {{"space", space}, log::suppressed(*held_back)});
  }
}

void StepLog::tell_run(const SpaceState& space, const RunState* before, const Run& after, core::SteadyTime now) {
  const log::Fields fields{{"space", space.name}, {"run", after.record.row.run_id}};
  if (after.attempts.error && (before == nullptr || after.attempts.failures > before->attempts.failures)) {
    tell_failure("poll not complete", space.name, after.record.row.run_id, *after.attempts.error, now);
  }
  if (after.unknown && (before == nullptr || !before->unknown)) {
    log::warning("the platform does not know this run: check its id in the configuration", fields);
  }
  if (before == nullptr) return log::debug("watching run", fields);
  const auto& was = before->record;
  const auto& is = after.record;
  if (was.finished == task::kNoTime && is.finished != task::kNoTime) log::info("run finished", fields);
  if (was.finished != task::kNoTime && is.finished == task::kNoTime) log::info("run goes on", fields);
  if (!was.retired && is.retired && was.listed && !is.listed) {
    log::info("run retired: the platform has it no more", fields);
  } else if (!was.retired && is.retired) {
    log::info("run retired", fields);
  }
  if (was.retired && !is.retired) log::info("watching run again", fields);
}

void StepLog::tell(const SpaceState& space, const Step& step, core::SteadyTime now) {
  std::size_t entered = 0;
  for (const auto& run : step.runs) {
    const auto known = space.runs.find(run.record.number);
    if (known == space.runs.end()) ++entered;
    tell_run(space, known == space.runs.end() ? nullptr : &known->second, run, now);
  }
  if (entered > 0) {
    log::info("watching new runs", {{"space", space.name}, {"new", entered}});
  }
  if (step.space) {
    const Attempts& is = step.space->discovery;
    if (is.error && is.failures > space.discovery.failures) {
      tell_failure("run list not complete", space.name, {}, *is.error, now);
    }
  }
  if (limit_.may_end(space.name, now) && is_well_after(space, step))
    tell_recovery("all polls are complete again", space.name, now);
}

void StepLog::tell_organization(const view::PollError* why, core::SteadyTime now) {
  if (why != nullptr) {
    tell_failure("the organization's spaces could not be read", {}, {}, *why, now);
  } else {
    tell_recovery("the organization's list of spaces is complete again", {}, now);
  }
}

}  // namespace runwatch::watch
