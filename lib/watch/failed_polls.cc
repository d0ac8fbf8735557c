#include "watch/failed_polls.h"

#include <algorithm>

namespace runwatch::watch {
namespace {

auto fails_at(const FailedPolls::Place& place) {
  return [place](const auto& entry) { return entry.place == place && entry.line.recovered == task::kNoTime; };
}

}  // namespace

void FailedPolls::failed(Place place, const std::string& space, const std::string& run_id,
                         const view::PollError& error) {
  changed_ = true;
  Entry entry{place, {.space = space, .run_id = run_id, .since = error.at, .error = error}};
  const auto known = std::ranges::find_if(entries_, fails_at(place));
  if (known != entries_.end()) {
    entry.line.since = known->line.since;
    entry.line.times = known->line.times + 1;
    entries_.erase(known);
  } else if (entries_.size() == view::kMostFailedPolls) {
    entries_.pop_back();
  }
  entries_.insert(entries_.begin(), std::move(entry));
  failing_ = static_cast<std::size_t>(
      std::ranges::count(entries_, task::kNoTime, [](const auto& any) { return any.line.recovered; }));
}

void FailedPolls::went_well(Place place, core::WallTime at) {
  if (failing_ == 0) return;  // as nearly always
  const auto known = std::ranges::find_if(entries_, fails_at(place));
  if (known == entries_.end()) return;
  known->line.recovered = at;
  --failing_;
  changed_ = true;
}

void FailedPolls::forget(const std::function<bool(const Place&)>& is_gone) {
  const auto gone = std::erase_if(
      entries_, [&](const auto& entry) { return entry.line.recovered == task::kNoTime && is_gone(entry.place); });
  failing_ -= gone;
  changed_ = changed_ || gone > 0;
}

std::shared_ptr<const FailedPolls::Lines> FailedPolls::shown() {
  if (changed_) {
    Lines lines;
    for (const auto& entry : entries_) lines.push_back(entry.line);
    shown_ = std::make_shared<const Lines>(std::move(lines));
    changed_ = false;
  }
  return shown_;
}

}  // namespace runwatch::watch
