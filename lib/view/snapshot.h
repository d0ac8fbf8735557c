// What is known after a commit, as one immutable value: all that metrics, page and API ever look at.
//
// Runs and spaces are shared between one snapshot and the next, so that only what changed is made anew and a reader can
// tell by the pointer.
// Threads: any, read only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "task/counters.h"
#include "task/observed.h"
#include "task/vocabulary.h"
#include "view/alerts.h"
#include "view/history.h"
#include "view/poll_reason.h"

namespace runwatch::view {

struct PollError {
  PollReason reason = PollReason::other;
  std::string text;  // printable
  core::WallTime at{};

  bool operator==(const PollError&) const = default;
};

// A watched run.
struct RunSnapshot {
  std::int64_t number = 0;  // of the store
  std::string run_id;
  std::optional<task::Status> status;  // its own; nothing when the platform does not give it
  task::RunMode mode = task::RunMode::none;
  task::ExecutionType execution = task::ExecutionType::none;
  core::WallTime created = task::kNoTime;
  core::WallTime last_change = task::kNoTime;
  core::WallTime finished = task::kNoTime;  // kNoTime: not finished
  bool polled = false;                      // a poll of it was complete once, in any process: `tasks` is known
  // Listed by id in the configuration, and a complete list and a complete poll found nothing of it.
  bool unknown = false;
  task::StatusCounts tasks{};
  std::array<core::WallTime, task::kStatusCount> oldest{};  // unfinished statuses with tasks; else kNoTime
  std::uint64_t batch_count = 0;  // tasks that its row in the list speaks of; 0: none, or not said
  // Attempts that failed, by FailureReason: those of its first poll count, too, and of those that recovered all.
  std::array<std::uint64_t, task::kFailureReasonNames.size()> failures{};
  std::optional<PollError> last_error;           // of its newest poll that failed, in this process
  core::WallTime recovered = task::kNoTime;      // from `last_error`; task::kNoTime: its newest poll failed
  core::WallTime taken_up = task::kNoTime;       // when it was watched again, as of task::RunRecord
  int failed_polls = 0;                          // in a row; 0: the newest one did not fail
  core::WallTime failing_since = task::kNoTime;  // the first of those
  // How `tasks` stood before, oldest first; the newest point may be older than `last_change`. May be null.
  std::shared_ptr<const std::vector<HistoryPoint>> history;

  bool tasks_known() const { return polled && !unknown; }
};

struct SpaceSnapshot {
  std::string name;        // the label
  std::optional<bool> up;  // nothing until the first attempt of this process ended
  core::WallTime last_success =
      task::kNoTime;                    // the oldest among discovery and watched runs; task::kNoTime: one never was
  std::optional<PollError> last_error;  // of the newest attempts, while one of them is failing
  bool counted = false;                 // `tasks` and `runs_listed` are known (a poll or the store said so)
  task::StatusCounts tasks{};           // watched and retired runs in the store
  std::optional<task::StatusCounts> runs_listed;  // runs in the list's window; nothing before the first discovery
  std::uint64_t runs_retired = 0;
  std::uint64_t runs_not_watched = 0;
  std::uint64_t runs_unknown = 0;
  std::uint64_t runs_failing = 0;
  std::uint64_t tasks_tracked = 0;  // in memory
  core::Duration poll_interval{};   // the shortest now in use
  // Until then each of its newest complete attempts is younger than three intervals; nothing: one never was.
  std::optional<core::SteadyTime> well_until{};
  std::shared_ptr<const task::Counters> counters;        // never null
  core::WallTime counting_since = task::kNoTime;         // when its counters began at 0; task::kNoTime: not known
  std::vector<std::shared_ptr<const RunSnapshot>> runs;  // watched, newest first
};

// The organization's list of spaces, which is polled where the configuration names none.
struct OrganizationSnapshot {
  std::optional<bool> up;  // nothing until its first reading in this process ended
  core::WallTime last_success = task::kNoTime;
  std::optional<PollError> last_error;           // of the newest reading, while that one failed
  std::optional<core::SteadyTime> well_until{};  // as of a space
};

// Polls that failed in a row at one thing.
struct FailedPoll {
  std::string space;                         // label; empty: the organization's list of spaces
  std::string run_id;                        // empty: the list of runs
  core::WallTime since{};                    // the first of them
  PollError error;                           // the newest of them
  std::uint64_t times = 1;                   // how many there were
  core::WallTime recovered = task::kNoTime;  // when a poll went well again; task::kNoTime: none did yet

  bool operator==(const FailedPoll&) const = default;
};
inline constexpr std::size_t kMostFailedPolls = 50;

// What the newest reload came to; before the first one, the start.
struct Reload {
  core::WallTime at{};
  bool accepted = true;
  std::vector<std::string> changed{};        // keys that are in force now
  std::vector<std::string> needs_restart{};  // keys that changed and are not
  std::string problem{};                     // why it was refused; printable, without secrets

  bool operator==(const Reload&) const = default;
};

struct Pause {
  core::WallTime until{};
  std::string why;  // a sentence

  bool operator==(const Pause&) const = default;
};

// How this machine's clock was set since the start: what was recorded before is as long ago as it was lived. As of when
// it was published, which is within a second or two of each time that it is set.
struct Clock {
  core::Duration ahead{};  // of the lived clock, of the wall clock
  std::vector<rule::ClockOffset> offsets;

  // `wall`: now.
  rule::Instant at(core::WallTime wall) const { return {wall, wall + ahead, offsets}; }
};

struct Snapshot {
  std::optional<OrganizationSnapshot> organization;  // nothing when spaces are configured
  std::string not_ready;                             // empty: every space's discovery or explicit run was tried
  std::vector<std::shared_ptr<const SpaceSnapshot>> spaces;
  std::shared_ptr<const Alerts> alerts = std::make_shared<Alerts>();  // never null
  // At most kMostFailedPolls of this process, newest first; never null.
  std::shared_ptr<const std::vector<FailedPoll>> failed_polls = std::make_shared<std::vector<FailedPoll>>();
  std::optional<Reload> reload;  // nothing where none can be, as for a single look
  std::optional<Pause> pause;    // of all polls
  Clock clock;

  bool ready() const { return not_ready.empty(); }
};

// How everything stands, in one line for people: "3 spaces, 48 runs, all up", else the first thing that is wrong with
// its reason and how much more is, else what was not tried yet. Printable as far as the texts in the snapshot are.
std::string summary(const Snapshot& snapshot);

// Of an organization or a space. An error while up is trouble of ours: a commit that failed.
bool is_failing(const auto& polled) { return polled.last_error || polled.up == false; }

}  // namespace runwatch::view
