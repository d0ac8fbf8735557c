// Snapshots for tests: one that holds an example of everything, and random ones that change step by step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "view/snapshot.h"

namespace support {

inline runwatch::core::WallTime at(std::int64_t seconds) {
  return runwatch::core::WallTime(std::chrono::seconds(1'770'000'000 + seconds));
}

inline runwatch::task::Exemplar exemplar(char digit, double value, std::int64_t seconds) {
  return {runwatch::task::make_task_key("T" + std::string(20, digit) + "11f0878d43cd8a99"), value, at(seconds)};
}

inline std::shared_ptr<runwatch::task::Counters> sample_counters() {
  using namespace runwatch::task;
  Tally tally;
  tally.transition(std::nullopt, Status::pending);
  tally.transition(Status::in_progress, Status::failed);
  tally.failure(FailureReason::busy, {make_task_key("T8ff2ccdffe9a11f0878d43cd8a99e069"), 1, at(10)});
  tally.failure(FailureReason::other, {make_task_key("RUN_SPACE_987655"), 1, at(10)});
  tally.retry();
  tally.bad_field(Field::cost);
  tally.call(CallStatus::completed, CallType::outbound);
  tally.duration(CallStatus::completed, 42.5, {make_task_key("T8ff2ccdffe9a11f0878d43cd8a99e069"), 42.5, at(11)});
  tally.duration(CallStatus::completed, 7200, {make_task_key("T8ff2ccdffe9a11f0878d43cd8a99e06a"), 7200, at(12)});
  tally.cost(0.03);
  tally.wait(12);
  tally.completion(Status::completed, 61);
  tally.lag(4.25);
  auto counters = std::make_shared<Counters>();
  counters->apply(tally.increments());
  return counters;
}

inline std::shared_ptr<runwatch::view::RunSnapshot> sample_run(std::int64_t number, const std::string& id) {
  using namespace runwatch::task;
  auto run = std::make_shared<runwatch::view::RunSnapshot>();
  run->number = number;
  run->run_id = id;
  run->status = Status::in_progress;
  run->mode = RunMode::prod;
  run->execution = ExecutionType::call;
  run->created = at(number);
  run->last_change = at(1000) + std::chrono::milliseconds(67);
  run->polled = true;
  run->tasks = {3, 0, 0, 2, 0, 10, 0, 1, 0};
  run->oldest.fill(kNoTime);
  run->oldest[index(Status::pending)] = at(5);
  run->oldest[index(Status::in_progress)] = at(900);
  return run;
}

// Listed by id, and no run of the platform: all that is there are zeros that mean nothing.
inline std::shared_ptr<runwatch::view::RunSnapshot> unknown_run() {
  auto run = sample_run(9, "R0000000000000000000000000000dead");
  run->unknown = true;
  run->status.reset();
  run->tasks = {};
  run->oldest.fill(runwatch::task::kNoTime);
  return run;
}

inline std::shared_ptr<runwatch::view::SpaceSnapshot> sample_space() {
  using namespace runwatch::task;
  auto space = std::make_shared<runwatch::view::SpaceSnapshot>();
  space->name = "sales";
  space->up = false;
  space->last_success = at(990);
  space->last_error = runwatch::view::PollError{runwatch::view::PollReason::timeout, "no answer within 15 s", at(1001)};
  space->counted = true;
  space->tasks = {3, 0, 0, 2, 0, 40, 1, 2, 0};
  space->runs_listed = StatusCounts{0, 0, 0, 2, 0, 7, 0, 0, 0};
  space->runs_retired = 6;
  space->runs_not_watched = 1;
  space->runs_failing = 1;
  space->tasks_tracked = 48;
  space->poll_interval = std::chrono::milliseconds(2500);
  space->counters = sample_counters();
  space->counting_since = at(-5000);
  auto finished = sample_run(2, "R40fe5eface1511f082ac156368e7acc4");
  finished->status = Status::completed;
  finished->finished = at(1000);
  finished->tasks = {0, 0, 0, 0, 0, 9, 0, 0, 0};
  finished->oldest.fill(kNoTime);
  auto fresh = sample_run(1, "RUN_SPACE_\"987655\"");
  fresh->polled = false;
  fresh->status.reset();
  fresh->mode = RunMode::none;
  fresh->execution = ExecutionType::none;
  space->runs = {sample_run(3, "Recac64fe03e911f1878d43cd8a99e069"), finished, fresh};
  return space;
}

// Two spaces: one with an example of everything, one of which nothing is known and whose name needs escaping.
inline std::shared_ptr<runwatch::view::Snapshot> sample_snapshot() {
  using namespace runwatch::task;
  auto unknown = std::make_shared<runwatch::view::SpaceSnapshot>();
  unknown->name = "odd \"name\" \\ with\nline break, <b>tags</b> and \xff";
  unknown->counters = std::make_shared<Counters>();
  auto snapshot = std::make_shared<runwatch::view::Snapshot>();
  snapshot->not_ready = "space sales was not tried yet";
  snapshot->spaces = {sample_space(), unknown};
  return snapshot;
}

// A history: each step is a snapshot that shares what did not change with the one before.
class RandomSnapshots {
 public:
  explicit RandomSnapshots(unsigned seed) : random_(seed) {}

  std::shared_ptr<const runwatch::view::Snapshot> step() {
    auto next = std::make_shared<runwatch::view::Snapshot>(*last_);
    if (next->spaces.empty() || one_in(12)) {
      auto fresh = std::make_shared<runwatch::view::SpaceSnapshot>();
      fresh->name = text(3);
      fresh->counters = std::make_shared<runwatch::task::Counters>();
      next->spaces.push_back(fresh);
    } else if (next->spaces.size() > 3) {
      next->spaces.erase(next->spaces.begin());
    }
    for (auto& space : next->spaces) {
      if (!one_in(3)) space = changed(*space);
    }
    last_ = next;
    return next;
  }

 private:
  using SpacePointer = std::shared_ptr<const runwatch::view::SpaceSnapshot>;

  std::uint64_t below(std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random_); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  runwatch::task::Status status() { return static_cast<runwatch::task::Status>(below(9)); }

  // Bytes that hurt: quotes, backslashes, line breaks, broken and whole UTF-8.
  std::string text(std::size_t size) {
    static constexpr const char* kParts[] = {"a", "\"", "\\", "\n", "\xff", "ü", "{}", "=", "\xed\xa0\x80", " "};
    std::string made;
    while (size-- > 0) made += kParts[below(std::size(kParts))];
    return made;
  }

  runwatch::task::StatusCounts counts() {
    runwatch::task::StatusCounts made{};
    for (auto& count : made) count = below(4) * below(1'000'000);
    return made;
  }

  std::shared_ptr<const runwatch::view::RunSnapshot> run(std::string id) {
    auto made = sample_run(++numbers_, std::move(id));
    if (one_in(3)) made->status.reset();
    if (one_in(5)) made->created = runwatch::task::kNoTime;
    made->polled = !one_in(4);
    made->tasks = counts();
    made->mode = static_cast<runwatch::task::RunMode>(below(8));
    if (one_in(2)) made->finished = at(static_cast<std::int64_t>(below(1000)));
    made->oldest[below(5)] = at(1);
    return made;
  }

  // The same run, further on.
  void advance(std::shared_ptr<const runwatch::view::RunSnapshot>& run) {
    auto next = std::make_shared<runwatch::view::RunSnapshot>(*run);
    next->polled = true;
    next->tasks = counts();
    next->status = status();
    run = std::move(next);
  }

  SpacePointer changed(const runwatch::view::SpaceSnapshot& before) {
    auto space = std::make_shared<runwatch::view::SpaceSnapshot>(before);
    if (one_in(2)) space->up = one_in(2);
    if (one_in(2)) space->counted = true;
    if (one_in(2)) space->runs_listed = counts();
    if (one_in(9)) space->name = text(4);
    if (one_in(2)) count(*space);
    space->tasks = counts();
    auto& runs = space->runs;
    if (one_in(2)) runs.insert(runs.begin(), run("R" + std::to_string(numbers_) + text(2)));
    if (!runs.empty() && one_in(2)) runs[below(runs.size())] = run(runs[0]->run_id + "x");
    if (!runs.empty() && one_in(2)) advance(runs[below(runs.size())]);
    if (!runs.empty() && one_in(4)) runs.erase(runs.begin() + static_cast<std::ptrdiff_t>(below(runs.size())));
    if (!runs.empty() && one_in(6)) runs.push_back(runs[below(runs.size())]);
    if (runs.size() > 1 && one_in(4)) std::swap(runs.front(), runs.back());
    return space;
  }

  void count(runwatch::view::SpaceSnapshot& space) {
    using namespace runwatch::task;
    Tally tally;
    for (int i = 0; i < 5; ++i) {
      tally.transition(status(), status());
      const auto digit = static_cast<char>('0' + below(10));
      tally.failure(static_cast<FailureReason>(below(8)), exemplar(digit, 1, i));
      const double seconds = static_cast<double>(below(5'000'000)) / 1000;
      tally.duration(static_cast<CallStatus>(below(10)), seconds, exemplar(digit, seconds, i));
      tally.wait(seconds);
      tally.cost(seconds / 1000);
    }
    auto next = std::make_shared<Counters>(*space.counters);
    next->apply(tally.increments());
    space.counters = std::move(next);
  }

  std::mt19937 random_;
  std::int64_t numbers_ = 0;
  std::shared_ptr<const runwatch::view::Snapshot> last_ = std::make_shared<runwatch::view::Snapshot>();
};

}  // namespace support
