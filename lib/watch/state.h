// What the ledger holds in memory of its spaces and runs.
//
// `Run` and `Space` are what a step makes anew: values, without the tasks and the runs that they stand for.
// Threads: the ledger's alone.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "task/counters.h"
#include "task/history.h"
#include "task/known_tasks.h"
#include "task/run.h"
#include "unpod/api.h"
#include "view/snapshot.h"
#include "watch/moment.h"
#include "watch/selection.h"
#include "watch/settings.h"

namespace runwatch::watch {

// How the attempts at one thing, a run's tasks or a list, have gone in this process.
struct Attempts {
  bool tried = false;
  std::optional<bool> complete;  // the newest one that reached a verdict about the platform; a failure of ours does not
  int failures = 0;              // in a row
  core::WallTime failing_since = task::kNoTime;  // the first of those
  core::WallTime last_success = task::kNoTime;
  std::optional<core::SteadyTime> succeeded_at{};  // the same
  std::optional<view::PollError> error;            // of the newest, when it was not complete
  std::optional<view::PollError> last_error;       // of the newest that was not
  core::WallTime recovered = task::kNoTime;        // from that one

  void succeed(const Moment& at);
  void fail(view::PollError why);
};

struct Run {
  task::RunRecord record;
  Attempts attempts;
  // Of the walk that the known tasks are exactly what came of; null when there is none such.
  std::shared_ptr<const unpod::PageDigests> digests;
  std::shared_ptr<const task::History> history;  // null: without points, or retired
  int shrunken_walks = 0;                        // in a row
  int void_polls = 0;                            // in a row: a 404, or a walk without a task
  int missed_lists = 0;                          // complete ones in a row that lacked it
  bool unknown = false;  // named in the configuration, and neither a list nor a poll has anything of it
  core::Duration interval{};
  // The steady times of `last_change` and `retired_at`. What lay before this process is believed as far as the store's
  // commits reach, so that no leap of the wall clock makes anything permanent.
  core::SteadyTime quiet_since{};
  core::SteadyTime retired_since{};
};

struct RunState : Run {
  const Run& value() const { return *this; }

  task::KnownTasks known;                          // while watched
  std::shared_ptr<const view::RunSnapshot> shown;  // null while retired
  std::uint64_t ticket = 0;                        // of the newest job planned
};

struct Space {
  task::SpaceRecord record;
  SpaceSettings settings;
  Selection selection;
  Attempts discovery;
  std::optional<task::StatusCounts> listed;
  std::uint64_t not_watched = 0;
  int shrunken_lists = 0;                                 // in a row
  core::SteadyTime list_began = core::SteadyTime::min();  // of the newest complete one
};

struct SpaceState : Space {
  const Space& value() const { return *this; }

  std::string name;
  std::shared_ptr<const task::Counters> counters = std::make_shared<task::Counters>();
  std::map<std::int64_t, RunState> runs;                     // watched and retired
  std::map<std::string, std::int64_t, std::less<>> numbers;  // of the runs, by id
  std::vector<std::int64_t> order;                           // watched runs, newest first
  int absences = 0;                                          // lists of spaces in a row that lacked it
  bool stored = false;                                       // its record stands in the store
  bool judged = false;  // each of its attempts had ended once: from then on `up` is always said
  std::uint64_t ticket = 0;
  std::shared_ptr<const view::SpaceSnapshot> shown;
  bool changed = false;  // since it was shown

  const RunState* find_run(std::string_view run_id) const;
  // Takes a run over as it is now; a new one, too.
  RunState& put_run(Run run);
  void forget_run(std::int64_t number);
  // Whether a run that is taken over so looks otherwise than before.
  bool shows_otherwise(const Run& after) const;
  // After runs were added, retired or taken up again.
  void sort_order();
};

}  // namespace runwatch::watch
