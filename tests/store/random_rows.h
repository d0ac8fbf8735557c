// Random values of what a store keeps.
#pragma once

#include <optional>
#include <random>
#include <string>

#include "task/diff.h"
#include "task/history.h"
#include "task/known_tasks.h"
#include "task/run.h"

namespace store_test {

using namespace runwatch;

inline task::TaskKey key_of(std::uint64_t n) {
  task::TaskKey key;
  for (std::size_t i = 0; i < 8; ++i) key.bytes[i] = static_cast<std::uint8_t>(n >> (56 - 8 * i));
  return key;
}

template <class E>
E any(std::mt19937_64& random, std::size_t count) {
  return static_cast<E>(random() % count);
}

inline core::WallTime any_time(std::mt19937_64& random) {
  if (random() % 3 == 0) return task::kNoTime;
  return core::WallTime{core::Duration{static_cast<std::int64_t>(random() % 4'000'000'000'000) - 1'000'000}};
}

inline task::SpaceRecord random_space(std::mt19937_64& random, std::int64_t number) {
  task::SpaceRecord space;
  space.number = number;
  for (auto& byte : space.key) byte = static_cast<std::uint8_t>(random());
  space.slug = random() % 3 == 0 ? "" : "s\xc3\xbc" + std::to_string(random());
  space.first_discovery = any_time(random);
  space.selection = std::string(random() % 50, 'x');
  return space;
}

inline task::RunRecord random_run(std::mt19937_64& random, std::int64_t number) {
  task::RunRecord run;
  run.number = number;
  run.space = static_cast<std::int64_t>(1 + random() % 3);
  run.row = {.run_id = "R" + std::to_string(random()),
             .status = any<task::Status>(random, task::kStatusCount),
             .status_given = random() % 2 == 0,
             .mode = any<task::RunMode>(random, task::kRunModeNames.size()),
             .batch_count = random(),
             .created = any_time(random),
             .modified = any_time(random)};
  run.listed = random() % 2 == 0;
  run.baseline = random() % 2 == 0;
  run.polled = random() % 2 == 0;
  run.retired = random() % 2 == 0;
  run.execution = any<task::ExecutionType>(random, task::kExecutionTypeNames.size());
  run.mode = any<task::RunMode>(random, task::kRunModeNames.size());
  run.last_change = any_time(random);
  run.finished = any_time(random);
  run.retired_at = any_time(random);
  run.taken_up = any_time(random);
  run.gone = random() % 1000;
  for (auto& count : run.tasks) count = random() % 1000;
  run.sums = {.finished = random() % 1000,
              .failed = random() % 1000,
              .outcomes = {},
              .durations = random() % 1000,
              .duration = static_cast<double>(random() % 1000) / 7,
              .cost = static_cast<double>(random() % 1000) / 7};
  for (auto& count : run.sums.outcomes) count = random() % 1000;
  for (auto& count : run.failures) count = random() % 1000;
  run.first_polled = any_time(random);
  run.finish_told = any_time(random);
  return run;
}

inline task::History random_points(std::mt19937_64& random) {
  task::History history{.spacing = std::chrono::seconds(10 << any<int>(random, 12)), .points = {}};
  std::int64_t second = 1'770'000'000;
  for (auto n = random() % (task::kMostPoints + 1); n != 0; --n) {
    task::HistoryPoint point{.at = core::WallTime(std::chrono::seconds(second += any<std::int64_t>(random, 100'000))),
                             .tasks = {}};
    for (auto& count : point.tasks) count = random() >> random() % 64;
    history.points.push_back(point);
  }
  return history;
}

inline task::KnownTask random_task(std::mt19937_64& random) {
  task::KnownTask task;
  task.call = random();
  task.started = static_cast<std::uint32_t>(random());
  task.since = static_cast<std::uint32_t>(random());
  task.told = static_cast<std::uint16_t>(random() & task::kToldEverything);
  task.status = any<task::Status>(random, task::kStatusCount);
  if (random() % 2 == 0) task.last_finished = task::Status::failed;
  task.unclaimed = random() % 2 == 0;
  task.gone = random() % 4 == 0;
  task.misses = static_cast<std::uint8_t>(random() % 4);
  return task;
}

inline std::optional<task::Status> any_status(std::mt19937_64& random) {
  if (random() % 2 == 0) return std::nullopt;
  return any<task::Status>(random, task::kStatusCount);
}

inline task::CallFacts random_facts(std::mt19937_64& random) {
  task::CallFacts facts;
  facts.call = random() % 2 == 0 ? random() : 0;
  facts.started = any_time(random);
  facts.ended = any_time(random);
  if (random() % 2 == 0) facts.duration = static_cast<float>(random() % 100) / 7;
  if (random() % 2 == 0) facts.cost = static_cast<double>(random() % 100) / 7;
  if (random() % 2 == 0) facts.outcome = any<task::CallStatus>(random, task::kCallStatusNames.size());
  facts.reason = any<decltype(facts.reason)>(random, task::kFailureReasonNames.size());
  return facts;
}

inline task::TaskChange random_change(std::mt19937_64& random, const task::TaskKey& key) {
  task::TaskChange change;
  change.key = key;
  change.kind = any<task::ChangeKind>(random, 3);
  change.from = any_status(random);
  change.to = any_status(random);
  change.baseline = random() % 3 == 0;
  change.new_attempt = random() % 2 == 0;
  change.recovered = random() % 2 == 0;
  change.returned = any_status(random);
  change.news = static_cast<decltype(change.news)>(random() % 4);
  change.attempts = static_cast<decltype(change.attempts)>(1 + random() % 9);
  change.facts = random_facts(random);
  return change;
}

}  // namespace store_test
