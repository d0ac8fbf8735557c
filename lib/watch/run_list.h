// What a complete run list changes in a space, as a pure function: nothing is taken over here.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "task/run.h"
#include "watch/job.h"
#include "watch/state.h"

namespace runwatch::watch {

struct ListChanges {
  task::SpaceRecord space;
  std::vector<task::RunRecord> added;    // numbered from `first_number` on
  std::vector<task::RunRecord> updated;  // their row, or what follows from it, is another
  std::vector<std::int64_t> taken_up;    // of `updated`: retired before, watched again
  task::StatusCounts listed{};
  std::uint64_t not_watched = 0;
  std::uint64_t unknown = 0;
};

ListChanges compare_list(const SpaceState& space, const Discovered& found, core::WallTime began, core::WallTime now,
                         std::int64_t first_number);

// True when what the first poll of a run finds was there before us: the run is older than the space's first discovery,
// or only a change of the configuration (`before`: the selection of the last discovery) brought it in.
bool is_baseline(const task::SpaceRecord& space, core::WallTime run_created, bool selected_before);

// Sets or clears `finished` by what is known of the run.
void update_finished(task::RunRecord& run, core::WallTime now);

}  // namespace runwatch::watch
