// The heart of it: what is known of a run against what a whole walk saw.
//
// Pure: the same values give the same answer, and nothing is changed until the caller has committed it. The meanings of
// baseline, attempt, retry, recovery, inferred in-between, gone and shrunken are those of docs/metrics.md, "What is
// counted".
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "task/counters.h"
#include "task/known_tasks.h"
#include "task/observed.h"
#include "task/task_key.h"
#include "task/vocabulary.h"

namespace runwatch::task {

enum class ChangeKind : std::uint8_t {
  transition,  // another status, first sight (no `from`) or gone (no `to`)
  inferred,    // the same finished status with another call: an attempt lay between two polls
  late,        // the status stays; the attempt that is in it has told more of its call than before
};

// What is known of an attempt's call, as far as the platform gave it with its status; of a finished attempt only.
struct CallFacts {
  std::uint64_t call = 0;  // digest64 of the call id, 0: none
  core::WallTime started = kNoTime;
  core::WallTime ended = kNoTime;
  std::optional<float> duration{};  // seconds
  std::optional<double> cost{};
  std::optional<CallStatus> outcome{};
  FailureReason reason = FailureReason::other;  // where the status is failed

  bool operator==(const CallFacts&) const = default;
};

constexpr bool tells(std::uint16_t news, Told what) { return (news & static_cast<std::uint16_t>(what)) != 0; }

// What happened to one task between two whole walks, with all that alerts and history need of it.
struct TaskChange {
  TaskKey key;
  ChangeKind kind = ChangeKind::transition;
  std::optional<Status> from{};
  std::optional<Status> to{};
  bool baseline = false;     // first sight of what was there before we watched: no alarm may come of it
  bool new_attempt = false;  // what it enters belongs to an attempt that no change before spoke of
  bool recovered = false;
  std::optional<Status> returned{};  // a tombstone came back: the status it left with
  std::uint16_t news = 0;            // what of `facts` its attempt had not told before, as bits of Told
  std::uint8_t attempts = 1;         // of the task, the one it is in included, as far as we saw them; 255: or more
  CallFacts facts{};

  bool operator==(const TaskChange&) const = default;
};

// An attempt ends by it that no change before said had ended.
constexpr bool ends_attempt(const TaskChange& change) {
  if (change.kind == ChangeKind::late || !change.to || !is_finished(*change.to)) return false;
  const auto before = change.from ? change.from : change.returned;
  return change.new_attempt || !before || !is_finished(*before);
}

struct RunSums;
// Adds what a change tells of an attempt that ended; the same attempt may be said to have ended otherwise. A baseline
// change adds nothing.
void sum_up(RunSums& sums, const TaskChange& change);

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
};

Diff diff(const KnownTasks& known, const ObservedRun& observed, const DiffContext& context);
// The platform has the run no more: each of its tasks leaves.
Diff everything_gone(const KnownTasks& known);

}  // namespace runwatch::task
