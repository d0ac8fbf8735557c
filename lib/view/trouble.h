// Which run is in trouble, and why: one verdict for page and API.
//
// Pure. The thresholds are those of the alerts in etc/ (UnpodRunFailing, UnpodRunStalled, UnpodTaskStuck), what is to
// move is what the rule `run_stalled` has; an incident that is open and speaks of the run as a whole is trouble, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "view/snapshot.h"

namespace runwatch::view {

inline constexpr double kFailingShare = 0.4;  // of the finished tasks, beyond it
inline constexpr std::uint64_t kFewestFinished = 20;
inline constexpr core::Duration kStillChanging = std::chrono::hours(1);
inline constexpr core::Duration kStalledAfter = std::chrono::minutes(30);
inline constexpr core::Duration kTaskOldAfter = std::chrono::hours(1);
inline constexpr int kFailedPolls = 3;  // in a row; at once where trying again does not help

enum class Trouble : std::uint8_t { none, failing, stalled, poll_failing, no_such_run, old_task, alert };
inline constexpr std::array<std::string_view, 7> kTroubleNames{"none",        "failing",  "stalled", "poll_failing",
                                                               "no_such_run", "old_task", "alert"};
constexpr std::string_view name(Trouble trouble) { return kTroubleNames[task::index(trouble)]; }

// Where a run stands; trouble is apart from it.
enum class Condition : std::uint8_t {
  unread,   // no poll of it was complete yet
  unknown,  // the platform has no such run
  under_way,
  finished
};
inline constexpr std::array<std::string_view, 4> kConditionNames{"unread", "unknown", "under_way", "finished"};
constexpr std::string_view name(Condition condition) { return kConditionNames[task::index(condition)]; }

struct RunVerdict {
  const SpaceSnapshot* space = nullptr;  // both of the snapshot that was judged, and gone with it
  const RunSnapshot* run = nullptr;
  Condition condition = Condition::unread;
  Trouble trouble = Trouble::none;                   // the gravest
  std::string why{};                                 // sentences, the gravest first; empty: no trouble
  double score = 0;                                  // the higher the worse; trouble is 1 or more
  std::vector<const IncidentStanding*> incidents{};  // not over: its own, and of polls of its space where its fail
  core::WallTime told = task::kNoTime;               // the newest notice of these; none: nobody was told yet
  std::optional<double> per_hour{};                  // tasks finished in the last hour, or since it is known
  core::WallTime end = task::kNoTime;                // if it goes on like this; none: not known, or finished

  bool alerted() const;  // an incident of it is open and not silenced
};

// `incidents`: as a verdict has them.
RunVerdict judge(const SpaceSnapshot& space, const RunSnapshot& run, std::vector<const IncidentStanding*> incidents,
                 const rule::Instant& now);

// How grave it is as a whole.
enum class Level : std::uint8_t {
  good,
  unknown,  // not all was read yet
  warning,  // incidents are open, though no run as a whole is in trouble
  bad
};
inline constexpr std::array<std::string_view, 4> kLevelNames{"good", "unknown", "warning", "bad"};
constexpr std::string_view name(Level level) { return kLevelNames[task::index(level)]; }

struct Overview {
  std::string headline;  // "2 of 48 runs in trouble; the platform answers; nobody was told yet"
  Level level = Level::unknown;
  std::size_t watched = 0;
  std::size_t in_trouble = 0;
  std::size_t incidents = 0;     // open and not silenced
  std::vector<RunVerdict> runs;  // worst first
};

Overview judge(const Snapshot& snapshot, core::WallTime now);

// The verdicts alone, in the order of the snapshot.
std::vector<RunVerdict> verdicts(const Snapshot& snapshot, core::WallTime now);

// Of one run, as in `judge`; nothing where there is none. An empty space: the first that has it.
std::optional<RunVerdict> judge_run(const Snapshot& snapshot, std::string_view space, std::string_view run_id,
                                    core::WallTime now);

struct Progress {
  std::optional<double> per_hour;
  core::WallTime end = task::kNoTime;
};
// From its history and how it stands; nothing is known under a minute.
Progress progress(const RunSnapshot& run, core::WallTime now);

}  // namespace runwatch::view
