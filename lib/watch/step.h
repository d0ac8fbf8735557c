// What one event makes of a space: one pure function per kind of event, each from what is known, what came and the time
// to a `Step`.
//
// Every change of a space or a run is a Step. The ledger commits it and then takes it over, in one place each; what
// decides about alerts is called in between, with all of it at hand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "task/counters.h"
#include "task/diff.h"
#include "task/known_tasks.h"
#include "view/snapshot.h"
#include "watch/job.h"
#include "watch/moment.h"
#include "watch/settings.h"
#include "watch/state.h"

namespace runwatch::watch {

struct Ask {
  JobKind kind = JobKind::poll;
  std::int64_t run = 0;
  std::optional<core::SteadyTime> due{};  // nothing: soon, spread at random
};

struct Step {
  // What is known afterwards. Records that differ from what was known are committed.
  std::optional<Space> space;
  std::vector<Run> runs;               // changed or new
  std::vector<std::int64_t> recalled;  // of `runs`: watched again from the tasks that the store has
  std::vector<std::int64_t> forgotten;
  std::int64_t run = 0;  // whose tasks follow
  std::vector<task::TaskUpdate> tasks;
  std::vector<task::TaskChange> changes;
  task::Tally tally;
  std::vector<std::pair<task::TaskKey, std::string>> odd_ids;
  // For alert rules alone: it is a complete poll of `run`; statuses that were read as unknown; rows that were wanted.
  bool complete = false;
  std::vector<std::string> unknown_statuses;
  std::vector<std::pair<task::TaskKey, std::string>> rows;
  // What to ask next.
  std::vector<Ask> next;
};

struct Context {
  const Settings& settings;
  Moment now;
  double random = 0;  // 0 ≤ x < 1
};

// A whole walk over the tasks of a run. One that lacks too much fails as shrunken, and what is there counts.
Step after_walk(const SpaceState& space, const RunState& run, unpod::TaskWalk walk, const Fetched& fetched,
                const Context& context);

// A whole list of runs; new ones are numbered from `first_number` on.
Step after_list(const SpaceState& space, Discovered found, const Fetched& fetched, std::int64_t first_number,
                const Context& context);

// A poll of `run`, or with none a discovery, that was not complete.
Step after_failure(const SpaceState& space, const RunState* run, view::PollError why, const Context& context);

// All polls pause before some of it was tried: that fails with what made them pause.
Step held_back(const SpaceState& space, const view::PollError& why, const Context& context);

// Other settings, or the first ones of this process (`entering`: its tasks are still in the store).
Step under_settings(const SpaceState& space, SpaceSettings settings, bool entering, std::int64_t first_number,
                    const Context& context);

// Time that passed: runs retired for longer than the retention are forgotten.
Step after_tick(const SpaceState& space, const Context& context);

}  // namespace runwatch::watch
