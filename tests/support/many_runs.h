// A snapshot of very many runs, as one large operator might have: some in trouble, many that do well, the rest
// finished.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/snapshots.h"

namespace support {

inline std::shared_ptr<runwatch::view::RunSnapshot> run_of_many(std::size_t i) {
  using namespace runwatch::task;
  auto run =
      sample_run(static_cast<std::int64_t>(i), "R" + std::to_string(1'000'000'000 + i) + "11f1878d43cd8a99e069ab");
  const bool failing = i % 50 == 0;
  const bool finished = i % 3 == 0 && !failing;
  run->tasks = {};
  run->tasks[index(Status::completed)] = 300 + i % 100;
  run->tasks[index(Status::failed)] = failing ? 300 + i % 77 : i % 4;
  if (!finished) {
    run->tasks[index(Status::pending)] = 200 - i % 100;
    run->tasks[index(Status::in_progress)] = 12;
  }
  auto history = std::make_shared<std::vector<runwatch::view::HistoryPoint>>();
  for (std::size_t k = 0; k < 128; ++k) {
    runwatch::view::HistoryPoint point{at(static_cast<std::int64_t>(8'400 + 160 * k)), run->tasks};
    point.tasks[index(Status::completed)] = run->tasks[index(Status::completed)] * k / 128;
    point.tasks[index(Status::failed)] = run->tasks[index(Status::failed)] * k / 128;
    point.tasks[index(Status::pending)] += 400 - 3 * k;
    history->push_back(point);
  }
  run->history = std::move(history);
  run->created = at(0);
  run->last_change = at(29'000);
  run->oldest.fill(kNoTime);
  if (finished) run->finished = at(29'000);
  if (!finished) run->oldest[index(Status::pending)] = at(10);
  return run;
}

inline std::shared_ptr<runwatch::view::Snapshot> many_runs(std::size_t runs, std::size_t spaces = 20) {
  auto snapshot = std::make_shared<runwatch::view::Snapshot>();
  for (std::size_t s = 0; s < spaces; ++s) {
    auto space = sample_space();
    space->name = "space-" + std::to_string(s);
    space->up = true;
    space->last_error.reset();
    space->runs.clear();
    for (std::size_t i = s; i < runs; i += spaces) space->runs.push_back(run_of_many(i));
    snapshot->spaces.push_back(space);
  }
  return snapshot;
}

}  // namespace support
