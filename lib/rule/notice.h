// What is to be told to receivers, as values: the meaning, before any format.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "rule/incident.h"
#include "rule/rule.h"
#include "task/run.h"
#include "task/vocabulary.h"

namespace runwatch::rule {

struct TaskLine {
  task::TaskKey task;
  task::Status status = task::Status::failed;  // as it was entered
  std::uint32_t attempts = 1;
  task::CallFacts facts{};

  bool operator==(const TaskLine&) const = default;
};

struct Counts {
  std::uint64_t fresh = 0;  // `new`: attempts that no notice before told of
  std::uint64_t open = 0;   // members that are not over
  std::uint64_t total = 0;  // Σ fresh of this incident so far
  std::uint64_t recovered = 0;
  std::uint64_t gone = 0;
  std::array<std::uint64_t, task::kFailureReasonNames.size()> by_reason{};  // of the fresh
  task::StatusCounts run{};                                                 // the run's tasks now

  bool operator==(const Counts&) const = default;
};

inline constexpr std::size_t kMostTaskLines = 100;  // in a notice; `truncated` says how many more there are

struct Notice {
  std::string id;  // made of what happened: the same over retries, restarts and replays
  Kind kind = Kind::firing;
  When when = When::task_failed;
  std::string rule;
  std::string severity;
  std::map<std::string, std::string> labels;
  std::string runbook;
  std::int64_t incident_number = 0;  // 0: an event
  std::string incident;              // its id
  std::string space;                 // label; empty: the account
  std::string space_key;             // hex of its SpaceKey, for keys that other systems match by
  std::string run_id;                // empty: no run
  std::int64_t run = 0;              // its number
  std::int64_t change = 0;           // task_finished: the one that entered the attempt, in the run's history
  std::string about;         // delivery_failing: the receiver; poll_failing: the reason; unknown_status: the value
  std::uint64_t update = 0;  // ordinal within the incident, 0 the firing
  bool repeat = false;
  bool test = false;
  core::WallTime at{};  // committed
  core::WallTime started = task::kNoTime;
  core::WallTime ended = task::kNoTime;
  std::string why;  // one sentence
  Counts counts;
  std::optional<double> value{};
  std::optional<double> threshold{};
  std::vector<TaskLine> tasks;          // the first of the fresh; of a task_finished event its one
  std::uint64_t truncated = 0;          // fresh that `tasks` leaves out
  std::optional<task::RunSums> sums{};  // run_finished
  std::vector<std::string> receivers;   // to whom, by name

  bool operator==(const Notice&) const = default;
};

}  // namespace runwatch::rule
