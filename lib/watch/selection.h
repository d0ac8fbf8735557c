// Which runs of a list are watched: the newest of the right mode within an age, or those named one by one.
//
// A selection is kept in the store, so that after a change of the configuration a run can be told apart that only the
// change brought in: what such a run has behind it is no news.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "task/observed.h"
#include "watch/settings.h"

namespace runwatch::watch {

class Selection {
 public:
  Selection() = default;
  explicit Selection(const SpaceSettings& settings);
  // As written by `text`. A text of another version selects nothing.
  static Selection parse(std::string_view text);
  std::string text() const;

  // One answer a row, in the rows' order (newest first).
  std::vector<bool> select(const std::vector<task::ObservedRunRow>& rows, core::WallTime now) const;
  // What select would take if there were no limit in number.
  bool fits(const task::ObservedRunRow& row, core::WallTime now) const;
  // Named, or, where none is, of the right mode. Age and number only choose what to begin with.
  bool admits(std::string_view run_id, task::RunMode mode) const;
  bool is_by_id() const { return !ids_.empty(); }

 private:
  std::vector<std::string> ids_;
  std::vector<task::RunMode> modes_;
  core::Duration max_age_{};
  std::uint64_t max_runs_ = 0;
};

}  // namespace runwatch::watch
