#include "watch/alert_event.h"

#include <algorithm>
#include <utility>

#include "watch/timing.h"

namespace runwatch::watch {
namespace {

// Tasks that a run's first complete poll found in a status were not seen to enter it.
std::uint32_t entered_after(const task::RunRecord& run) {
  if (!run.baseline || run.first_polled == task::kNoTime) return 0;
  return static_cast<std::uint32_t>(
      std::chrono::floor<std::chrono::seconds>(run.first_polled).time_since_epoch().count());
}

std::array<core::WallTime, task::kStatusCount> oldest_of(const RunState& run, const task::RunRecord& after,
                                                         std::span<const task::TaskUpdate> updates) {
  std::array<core::WallTime, task::kStatusCount> out{};
  const auto oldest = run.known.oldest(updates, entered_after(after));
  std::ranges::transform(oldest, out.begin(), [](std::uint32_t second) {
    return second == 0 ? task::kNoTime : core::WallTime(std::chrono::seconds(second));
  });
  return out;
}

rule::RunView view_of(const task::RunRecord* before, const Run& run, const Moment& now) {
  rule::RunView view;
  view.before = before;
  view.after = &run.record;
  view.tried = run.attempts.tried;
  view.blind = run.attempts.error.has_value();
  view.idle = is_idle(run, now);
  return view;
}

bool differs(const Attempts& before, const Attempts& after) {
  return before.tried != after.tried || before.error.has_value() != after.error.has_value() ||
         (before.error && before.error->reason != after.error->reason);
}

// Whether what failed in the space may be otherwise after the step.
bool changes_sight(const SpaceState& space, const Step& step) {
  if (step.space && differs(space.discovery, step.space->discovery)) return true;
  return std::ranges::any_of(step.runs, [&](const Run& after) {
    const auto known = space.runs.find(after.record.number);
    return known == space.runs.end() || known->second.record.retired != after.record.retired ||
           differs(known->second.attempts, after.attempts);
  });
}

}  // namespace

rule::SpaceView space_view(const SpaceState& space) { return {space.record.number, space.name, space.record.key}; }

rule::RunView run_view(const RunState& run, const Moment& now, bool with_oldest) {
  auto view = view_of(&run.record, run, now);
  if (with_oldest) view.oldest = oldest_of(run, run.record, {});
  return view;
}

rule::Event event_of(const SpaceState& space, const Step& step, const Moment& now, bool with_oldest) {
  rule::Event event;
  event.space = space_view(space);
  for (const auto& after : step.runs) {
    const auto known = space.runs.find(after.record.number);
    const bool is_new = known == space.runs.end();
    auto view = view_of(is_new ? nullptr : &known->second.record, after, now);
    view.complete = step.complete && step.run == after.record.number;
    if (with_oldest && !is_new) {
      const auto updates =
          step.run == after.record.number ? std::span(step.tasks) : std::span<const task::TaskUpdate>();
      view.oldest = oldest_of(known->second, after.record, updates);
    }
    event.runs.push_back(view);
  }
  for (const auto number : step.forgotten) event.forgotten.push_back(&space.runs.at(number).record);
  event.polled = step.run;
  event.changes = step.changes;
  event.updates = step.tasks;
  event.unknown_statuses = step.unknown_statuses;
  if (changes_sight(space, step)) event.sight = sight_of(space, &step);
  return event;
}

bool is_of_account(const view::PollError& why) {
  using enum view::PollReason;
  return why.reason == auth || why.reason == dns || why.reason == connect || why.reason == tls ||
         why.reason == rate_limited;
}

std::optional<rule::Sight> sight_of(const SpaceState& space, const Step* step) {
  rule::Sight sight;
  bool all_judged = true;
  const auto look = [&](const Attempts& attempts) {
    all_judged = all_judged && attempts.complete.has_value();
    if (!attempts.error || attempts.complete != false) return;  // a failure of ours says nothing of the platform
    const bool of_account = is_of_account(*attempts.error);
    // The space's own trouble is told before what it shares with all others.
    if (sight.whole || (sight.of_account && !of_account)) {
      sight = {false, of_account, std::string(view::name(attempts.error->reason))};
    }
  };
  look(step != nullptr && step->space ? step->space->discovery : space.discovery);
  const auto in_step = [&](std::int64_t number) -> const Run* {
    if (step == nullptr) return nullptr;
    const auto found = std::ranges::find(step->runs, number, [](const Run& run) { return run.record.number; });
    return found == step->runs.end() ? nullptr : &*found;
  };
  for (const auto number : space.order) {
    const Run* after = in_step(number);
    if (after != nullptr && after->record.retired) continue;
    look(after != nullptr ? after->attempts : space.runs.at(number).attempts);
  }
  for (const auto& run : step != nullptr ? std::span(step->runs) : std::span<const Run>()) {
    if (!run.record.retired) look(run.attempts);
  }
  if (sight.whole && !space.judged && !all_judged) return std::nullopt;
  return sight;
}

}  // namespace runwatch::watch
