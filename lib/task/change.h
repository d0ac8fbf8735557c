// What happened to one task between two whole walks, with all that alerts and history need of it.
#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"
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

struct TaskChange {
  TaskKey key;
  ChangeKind kind = ChangeKind::transition;
  std::optional<Status> from{};
  std::optional<Status> to{};
  bool baseline = false;     // first sight of what was there before we watched: no alarm may come of it
  bool new_attempt = false;  // what it enters belongs to an attempt that no change before spoke of
  bool recovered = false;
  std::optional<Status> returned{};  // a tombstone came back: the status it left with
  CallFacts facts{};

  bool operator==(const TaskChange&) const = default;
};

}  // namespace runwatch::task
