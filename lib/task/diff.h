// The heart of it: what is known of a run against what a whole walk saw.
//
// Pure: the same values give the same answer, and nothing is changed until the caller has committed it. The meanings of
// baseline, attempt, retry, recovery, inferred in-between, gone and shrunken are those of README, "What is counted".
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "task/change.h"
#include "task/counters.h"
#include "task/known_tasks.h"
#include "task/observed.h"

namespace runwatch::task {

struct DiffContext {
  bool baseline = false;    // first complete poll of a run that was there before us
  int shrunken_streak = 0;  // shrunken walks of this run just before this one
  core::WallTime now{};
};

struct Diff {
  std::vector<TaskUpdate> updates;  // sorted by key
  std::vector<TaskChange> changes;
  Tally tally;
  // The walk lacks so much of what is known that it is not believed: nothing was taken away, what is there was diffed.
  bool shrunken = false;
  std::uint64_t missing = 0;  // known tasks that the walk lacks and that stay known

  bool changes_store() const;
};

Diff diff(const KnownTasks& known, const ObservedRun& observed, const DiffContext& context);
// The platform has the run no more: each of its tasks leaves.
Diff everything_gone(const KnownTasks& known);

}  // namespace runwatch::task
