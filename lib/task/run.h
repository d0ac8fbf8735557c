// A run and a space as they are kept: what the store writes and the ledger works on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/digest.h"
#include "task/observed.h"
#include "task/vocabulary.h"

namespace runwatch::task {

// What alert rules and reports ask of the attempts of a run that were seen to end. The baseline's count in none.
struct RunSums {
  std::uint64_t finished = 0;
  std::uint64_t failed = 0;
  std::array<std::uint64_t, kCallStatusNames.size()> outcomes{};  // each attempt once, when its outcome is known
  std::uint64_t durations = 0;
  double duration = 0;  // seconds, of all of them
  double cost = 0;

  bool operator==(const RunSums&) const = default;
};

// The platform queues failures again after 15 minutes; a finished run is left in peace 20 minutes after its last
// change.
inline constexpr core::Duration kIdleAfter = std::chrono::minutes(20);

struct RunRecord {
  std::int64_t number = 0;  // from 1, given once, never again
  std::int64_t space = 0;
  ObservedRunRow row;     // as the list last gave it; only `run_id` and `created` while it never did
  bool listed = false;    // the list has had it
  bool baseline = false;  // what its first complete poll finds was there before us
  bool polled = false;    // a poll of it was complete once
  bool retired = false;
  ExecutionType execution = ExecutionType::none;
  RunMode mode = RunMode::none;  // `mixed` when its tasks differ, else of the row, else of its tasks
  core::WallTime last_change = kNoTime;
  core::WallTime finished = kNoTime;
  core::WallTime retired_at = kNoTime;
  core::WallTime taken_up = kNoTime;  // when a retired run's row last said something new: it is watched as if it had
                                      // changed then
  StatusCounts tasks{};               // without tombstones
  std::uint64_t gone = 0;             // tasks that left: they count towards batch_count
  RunSums sums;
  // Attempts that failed, by FailureReason; what its first poll finds counts, and those that recovered.
  std::array<std::uint64_t, kFailureReasonNames.size()> failures{};
  core::WallTime first_polled = kNoTime;  // when its first complete poll was committed
  core::WallTime finish_told = kNoTime;   // the `last_change` that the newest report of its end spoke of

  bool operator==(const RunRecord&) const = default;
};

// Whether something of a run that has not finished is to happen by itself: not of tasks that wait for their time, and
// of a run that says (`own`) that it is scheduled or on hold not of pending ones either.
bool is_to_move(const StatusCounts& tasks, std::optional<Status> own, std::uint64_t batch_count);

struct SpaceRecord {
  std::int64_t number = 0;                   // from 1
  core::SpaceKey key{};                      // of its token, in the former form until it is written again
  std::string slug;                          // empty: not learnt yet
  core::WallTime first_discovery = kNoTime;  // when the first complete discovery began
  std::string selection;                     // what was chosen to be watched, as the watch room writes it

  bool operator==(const SpaceRecord&) const = default;
};

}  // namespace runwatch::task
