#include "rule/window.h"

#include <algorithm>
#include <utility>

namespace runwatch::rule {
namespace {

void put(task::RunSums& to, const task::RunSums& more) {
  to.finished += more.finished;
  to.failed += more.failed;
  for (std::size_t i = 0; i < to.outcomes.size(); ++i) to.outcomes[i] += more.outcomes[i];
  to.durations += more.durations, to.duration += more.duration, to.cost += more.cost;
}

}  // namespace

void Window::add(core::WallTime at, const task::TaskChange& change) {
  task::RunSums more;
  task::sum_up(more, change);
  while (!slots_.empty() && slots_.front().start + length_ <= at) slots_.pop_front();
  // An attempt of which it was said how it ended may have ended otherwise: in which slot it is, is not known.
  const bool again = change.to && task::is_finished(*change.to) && !task::ends_attempt(change);
  for (auto slot = slots_.rbegin(); again && slot != slots_.rend(); ++slot) {
    auto otherwise = slot->sums;
    task::sum_up(otherwise, change);
    const auto failed = std::exchange(slot->sums.failed, std::min(otherwise.failed, otherwise.finished));
    if (failed != slot->sums.failed) break;
  }
  if (more == task::RunSums{}) return;
  if (slots_.empty() || slots_.back().start + length_ / 60 <= at) slots_.push_back({at, {}});
  put(slots_.back().sums, more);
}

task::RunSums Window::sums(core::WallTime now) const {
  task::RunSums all;
  for (const auto& slot : slots_) {
    if (slot.start + length_ > now) put(all, slot.sums);
  }
  return all;
}

core::WallTime Window::next_change(core::WallTime now) const {
  const auto oldest = std::ranges::find_if(slots_, [&](const Slot& slot) { return slot.start + length_ > now; });
  return oldest == slots_.end() ? task::kNoTime : oldest->start + length_;
}

}  // namespace runwatch::rule
