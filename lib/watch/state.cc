#include "watch/state.h"

#include <algorithm>
#include <utility>

namespace runwatch::watch {

void Attempts::succeed(core::WallTime at) {
  tried = true;
  platform_ok = true;
  failures = 0;
  last_success = at;
  error.reset();
}

void Attempts::fail(view::PollError why) {
  tried = true;
  if (why.reason != view::PollReason::store) platform_ok = false;
  ++failures;
  error = std::move(why);
}

RunState* SpaceState::find_run(std::string_view run_id) {
  const auto found = numbers.find(run_id);
  return found == numbers.end() ? nullptr : &runs.at(found->second);
}

RunState& SpaceState::add_run(task::RunRecord run_record) {
  numbers[run_record.row.run_id] = run_record.number;
  RunState& run = runs[run_record.number];
  run.record = std::move(run_record);
  return run;
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
