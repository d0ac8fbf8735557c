// What the ledger holds in memory of its spaces and runs.
//
// Threads: the ledger's alone.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "task/counters.h"
#include "task/known_tasks.h"
#include "task/run.h"
#include "unpod/api.h"
#include "view/snapshot.h"
#include "watch/selection.h"
#include "watch/settings.h"

namespace runwatch::watch {

// How the attempts at one thing, a run's tasks or a space's list, have gone in this process.
struct Attempts {
  bool tried = false;
  bool platform_ok = true;  // the newest one that reached a verdict about the platform was complete
  int failures = 0;         // in a row
  core::WallTime last_success = task::kNoTime;
  std::optional<view::PollError> error;  // of the newest, when it was not complete

  void succeed(core::WallTime at);
  // A failure of ours (the store) leaves `platform_ok` as it was.
  void fail(view::PollError why);
};

struct RunState {
  task::RunRecord record;
  task::KnownTasks known;  // while watched
  // Of the walk that `known` is exactly what came of; null when there is none such.
  std::shared_ptr<const unpod::PageDigests> digests;
  Attempts attempts;
  int shrunken_streak = 0;
  core::Duration interval{};                       // in use
  std::shared_ptr<const view::RunSnapshot> shown;  // null while retired
};

struct SpaceState {
  task::SpaceRecord record;
  SpaceSettings settings;
  Selection selection;
  std::string name;
  Attempts discovery;
  std::shared_ptr<const task::Counters> counters;
  std::map<std::int64_t, RunState> runs;                     // watched and retired
  std::map<std::string, std::int64_t, std::less<>> numbers;  // of the runs, by id
  std::vector<std::int64_t> order;                           // watched runs, newest first
  std::optional<task::StatusCounts> listed;
  int absences = 0;  // lists of the organization's spaces in a row that lacked it
  std::uint64_t not_watched = 0;
  std::uint64_t unknown = 0;
  std::shared_ptr<const view::SpaceSnapshot> shown;
  bool changed = false;  // since it was shown

  RunState* find_run(std::string_view run_id);
  RunState& add_run(task::RunRecord run_record);
  void forget_run(std::int64_t number);
  // After runs were added, retired or taken up again.
  void sort_order();
};

}  // namespace runwatch::watch
