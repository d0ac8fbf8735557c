#include "watch/state.h"

#include <algorithm>
#include <utility>

namespace runwatch::watch {

void Attempts::succeed(const Moment& at) {
  tried = true;
  complete = true;
  failures = 0;
  failing_since = task::kNoTime;
  last_success = at.wall;
  succeeded_at = at.steady;
  if (error) recovered = at.wall;
  error.reset();
}

void Attempts::fail(view::PollError why) {
  tried = true;
  if (why.reason != view::PollReason::store) complete = false;
  if (++failures == 1) failing_since = why.at;
  error = last_error = std::move(why);
  recovered = task::kNoTime;
}

const RunState* SpaceState::find_run(std::string_view run_id) const {
  const auto found = numbers.find(run_id);
  return found == numbers.end() ? nullptr : &runs.at(found->second);
}

RunState& SpaceState::put_run(Run run) {
  numbers[run.record.row.run_id] = run.record.number;
  RunState& state = runs[run.record.number];
  static_cast<Run&>(state) = std::move(run);
  return state;
}

bool SpaceState::shows_otherwise(const Run& after) const {
  const auto known = runs.find(after.record.number);
  if (known == runs.end() || known->second.shown == nullptr) return true;
  const RunState& before = known->second;
  const bool polls_otherwise =
      before.attempts.failures != after.attempts.failures || before.attempts.error != after.attempts.error;
  return before.record != after.record || before.unknown != after.unknown || polls_otherwise;
}

void SpaceState::forget_run(std::int64_t number) {
  const auto found = runs.find(number);
  if (found == runs.end()) return;
  numbers.erase(found->second.record.row.run_id);
  runs.erase(found);
}

void SpaceState::sort_order() {
  order.clear();
  for (const auto& [number, run] : runs) {
    if (!run.record.retired) order.push_back(number);
  }
  std::ranges::sort(order, [this](std::int64_t a, std::int64_t b) {
    const auto created_a = runs.at(a).record.row.created;
    const auto created_b = runs.at(b).record.row.created;
    return created_a != created_b ? created_a > created_b : a > b;
  });
}

}  // namespace runwatch::watch
