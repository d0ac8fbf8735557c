// What one poll saw: values decoded from the platform's answers, with no personal data in them, by type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "task/task_key.h"
#include "task/vocabulary.h"

namespace runwatch::task {

// The fields of a task that can be there and yet unreadable, as bits of ObservedTask::bad_fields.
enum class Field : std::uint8_t { status, created, start, end, duration, cost };
inline constexpr std::array<std::string_view, 6> kFieldNames{"status", "created", "start", "end", "duration", "cost"};
constexpr std::uint8_t bit(Field f) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(f)); }

struct ObservedTask {
  TaskKey key;
  std::uint64_t call = 0;  // digest64 of the call id, 0: none
  core::WallTime created = kNoTime;
  core::WallTime started = kNoTime;  // of the call
  core::WallTime ended = kNoTime;    // of the call
  core::WallTime status_changed = kNoTime;
  std::optional<float> duration;  // seconds, 0 … 86400
  std::optional<double> cost;     // platform's billing currency, ≥ 0
  std::optional<CallStatus> call_status;
  Status status = Status::unknown;
  CallType call_type = CallType::unknown;
  FailureReason failure = FailureReason::other;
  ExecutionType execution = ExecutionType::none;
  RunMode mode = RunMode::none;
  std::uint8_t bad_fields = 0;  // fields that are there, not null and unreadable (status: also missing)

  bool is_call() const { return execution == ExecutionType::call || call != 0; }
  bool operator==(const ObservedTask&) const = default;
};

// The tasks of one run after a whole walk, each key once.
struct ObservedRun {
  std::vector<ObservedTask> tasks;
  // The walk saw all other known tasks, too, and they are as they were in the last accepted walk.
  bool rest_unchanged = false;
  std::vector<std::pair<TaskKey, std::string>> odd_ids;  // texts of the keys that are not usual
  ExecutionType execution = ExecutionType::none;  // of all tasks; `mixed` when they differ, `none` without a task
  RunMode mode = RunMode::none;                   // likewise
  // Texts that were read as `unknown` in the pages decoded: printable, cut to 64 bytes, at most kMostUnknownStatuses,
  // sorted; "(missing)" for a status that is absent, blank or no text.
  std::vector<std::string> unknown_statuses;
  std::uint64_t duplicate_rows = 0;
  std::uint64_t pages = 0;
};

inline constexpr std::size_t kMostUnknownStatuses = 8;

// A row of the run list.
struct ObservedRunRow {
  std::string run_id;
  Status status = Status::unknown;
  bool status_given = false;
  RunMode mode = RunMode::none;
  std::uint64_t batch_count = 0;
  core::WallTime created = kNoTime;  // of the row, else of the id when it is a version-1 UUID
  core::WallTime modified = kNoTime;

  bool operator==(const ObservedRunRow&) const = default;
};

}  // namespace runwatch::task
