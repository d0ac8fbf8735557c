#include "watch/step_log.h"

#include <algorithm>
#include <string>
#include <utility>

namespace runwatch::watch {
namespace {

namespace log = core::log;

std::ptrdiff_t failing_runs(const SpaceState& space) {
  return std::ranges::count_if(space.order,
                               [&](auto number) { return space.runs.at(number).attempts.error.has_value(); });
}

}  // namespace

void StepLog::tell_failure(std::string_view message, const std::string& space, const std::string& run,
                           const view::PollError& why, core::SteadyTime now) {
  auto& held_back = held_back_[space];
  if (limit_.admit(space + '\n' + std::string(view::name(why.reason)), now) < 0) {
    ++held_back;
    return;
  }
  log::warning(message, {{"space", space},
                         {"run", run},
                         {"reason", view::name(why.reason)},
                         {"error", why.text},
                         {"suppressed", std::exchange(held_back, 0)}});
}

void StepLog::tell_recovery(std::string_view message, const std::string& space, core::SteadyTime now) {
  auto& held_back = held_back_[space];
  if (limit_.admit(space + '\n' + std::string(message), now) < 0) {
    ++held_back;
    return;
  }
  log::info(message, {{"space", space}, {"suppressed", std::exchange(held_back, 0)}});
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
  if (before->attempts.error && after.attempts.complete == true && !after.attempts.error && failing_runs(space) == 1) {
    tell_recovery("polls are complete again", space.name, now);
  }
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
    log::info("watching new runs",
              {{"space", space.name}, {"new", entered}, {"watched", space.order.size() + entered}});
  }
  if (!step.space) return;
  const Attempts& was = space.discovery;
  const Attempts& is = step.space->discovery;
  if (is.error && is.failures > was.failures) tell_failure("run list not complete", space.name, {}, *is.error, now);
  if (was.error && !is.error) tell_recovery("run lists are complete again", space.name, now);
}

void StepLog::tell_organization(const view::PollError* why, core::SteadyTime now) {
  if (why != nullptr) {
    tell_failure("the organization's spaces could not be read", {}, {}, *why, now);
  } else {
    tell_recovery("the organization's list of spaces is complete again", {}, now);
  }
}

}  // namespace runwatch::watch
