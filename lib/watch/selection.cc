#include "watch/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace runwatch::watch {
namespace {

std::uint64_t to_number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Selection::Selection(const SpaceSettings& settings)
    : ids_(settings.run_ids), modes_(settings.modes), max_age_(settings.max_age), max_runs_(settings.max_runs) {}

// One line a fact: `max_age_ms 604800000`, `max_runs 50`, `mode prod`, `run R…`. Ids hold no newline.
std::string Selection::text() const {
  std::string out = fmt::format("max_age_ms {}\nmax_runs {}\n", max_age_.count(), max_runs_);
  for (const auto mode : modes_) out += fmt::format("mode {}\n", task::kRunModeNames[task::index(mode)]);
  for (const auto& id : ids_) out += fmt::format("run {}\n", id);
  return out;
}

Selection Selection::parse(std::string_view text) {
  Selection selection;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) continue;
    const auto key = line.substr(0, blank);
    const auto value = line.substr(blank + 1);
    if (key == "max_age_ms") selection.max_age_ = core::Duration(static_cast<std::int64_t>(to_number(value)));
    if (key == "max_runs") selection.max_runs_ = to_number(value);
    if (key == "mode") selection.modes_.push_back(task::parse_run_mode(value));
    if (key == "run") selection.ids_.emplace_back(value);
  }
  return selection;
}

bool Selection::admits(std::string_view run_id, task::RunMode mode) const {
  if (is_by_id()) return std::ranges::find(ids_, run_id) != ids_.end();
  return modes_.empty() || std::ranges::find(modes_, mode) != modes_.end();
}

bool Selection::fits(const task::ObservedRunRow& row, core::WallTime now) const {
  const bool young = row.created == task::kNoTime || row.created >= now - max_age_;
  return admits(row.run_id, row.mode) && (young || is_by_id());
}

std::vector<bool> Selection::select(const std::vector<task::ObservedRunRow>& rows, core::WallTime now) const {
  std::vector<bool> selected;
  selected.reserve(rows.size());
  std::uint64_t taken = 0;
  for (const auto& row : rows) {
    const bool take = fits(row, now) && (is_by_id() || taken < max_runs_);
    if (take) ++taken;
    selected.push_back(take);
  }
  return selected;
}

}  // namespace runwatch::watch
