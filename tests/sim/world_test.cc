#include "sim/world.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "sim/id.h"
#include "support/seed.h"

using namespace runwatch;
using namespace runwatch::sim;
using namespace std::chrono_literals;

namespace {

constexpr core::WallTime kBegin{std::chrono::milliseconds(1'769'858'258'067)};

Options lively(std::uint64_t seed) {
  Options o;
  o.seed = seed;
  o.runs = 2;
  o.tasks = 12;
  o.tasks_spread = 0.5;
  o.history = 0ms;
  o.failure_rate = 0.4;
  o.hold_rate = 0.2;
  o.stuck_rate = 0.1;
  o.vanish_rate = 0.05;
  o.arrival_period = 1min;
  o.new_run_period = 10min;
  return o;
}

// Everything that can be told of a world, in one value.
std::vector<Task> tasks_of(const World& world) {
  std::vector<Task> all;
  for (const auto& space : world.spaces()) {
    for (const auto& run : space.runs) all.insert(all.end(), run->tasks.begin(), run->tasks.end());
  }
  return all;
}

bool is_legal(const Task& was, const Task& is) {
  if (was.state == is.state) return was.attempt == is.attempt;
  switch (was.state) {
    case State::pending:
    case State::scheduled:
      return is.state == State::hold || is_running(is.state);
    case State::hold:
      return is_queued(is.state);
    case State::processing:
      return is.state == State::in_progress || is_finished(is.state);
    case State::in_progress:
      return is_finished(is.state) || is.state == State::pending;
    case State::failed:
      return is_queued(is.state) && is.attempt < kMaxAttempts;
    case State::completed:
    case State::partially_completed:
      return false;
  }
  return false;
}

void check_run(const Run& run) {
  std::array<std::size_t, kStateNames.size()> counts{};
  bool finished = !run.tasks.empty();
  for (const auto& task : run.tasks) {
    ++counts[index(task.state)];
    finished = finished && is_finished(task.state);
    CHECK(task.attempt <= kMaxAttempts);
    CHECK(task.created >= run.created);
    if (task.attempt > 0) CHECK(task.start >= task.created);
    if (task.attempt > 0) CHECK(task.end >= task.start);
    if (task.output == Output::full) CHECK(task.attempt > 0);
  }
  CHECK(counts == run.counts);
  if (!run.tasks.empty()) CHECK(is_finished(run.state) == finished);
}

}  // namespace

TEST_CASE("tasks live as the platform says: every step is legal, attempts are bounded, runs follow their tasks") {
  for (int round = 0; round < 3; ++round) {
    const std::uint64_t seed = runwatch::test::seed() + static_cast<unsigned>(round);
    CAPTURE(seed);
    World world(lively(seed), kBegin);
    std::map<std::uint64_t, Task> known;
    std::set<State> seen;
    // No state of a task lasts less than a second, but for a call that nobody answers.
    for (auto now = kBegin; now < kBegin + 60min; now += 900ms) {
      world.advance(now);
      for (const auto& task : tasks_of(world)) {
        seen.insert(task.state);
        const auto [before, fresh] = known.try_emplace(task.ticks, task);
        if (!fresh && !is_legal(before->second, task)) {
          FAIL("task went from " << name(before->second.state) << " to " << name(task.state));
        }
        before->second = task;
      }
    }
    CHECK(seen.size() == kStateNames.size());
    for (const auto& space : world.spaces()) {
      for (const auto& run : space.runs) check_run(*run);
    }
  }
}

TEST_CASE("the same seed tells the same story however time is sliced") {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t seed = runwatch::test::seed() + static_cast<unsigned>(round);
    CAPTURE(seed);
    World leap(lively(seed), kBegin);
    World slow(lively(seed), kBegin);
    std::mt19937_64 random(seed);
    for (auto now = kBegin; now < kBegin + 40min; now += core::Duration(random() % 20'000)) slow.advance(now);
    slow.advance(kBegin + 40min);
    leap.advance(kBegin + 40min);
    CHECK(tasks_of(leap) == tasks_of(slow));
    CHECK(tasks_of(leap).size() > 40);
  }
}

TEST_CASE("the same seed tells the same story whenever it begins, another seed another one") {
  const auto outline = [](std::uint64_t seed, core::WallTime begin) {
    World world(lively(seed), begin);
    world.advance(begin + 30min);
    std::vector<std::pair<State, int>> states;
    for (const auto& task : tasks_of(world)) states.emplace_back(task.state, task.attempt);
    return states;
  };
  CHECK(outline(5, kBegin) == outline(5, kBegin + 77777777ms));
  CHECK(outline(5, kBegin) != outline(6, kBegin));
}

TEST_CASE("ids are unique over the platform and ascend with creation") {
  World world(lively(3), kBegin);
  world.advance(kBegin + 2h);
  std::set<std::uint64_t> ticks;
  std::map<std::uint32_t, std::string> objects;
  std::size_t count = 0;
  for (const auto& space : world.spaces()) {
    for (const auto& run : space.runs) {
      ticks.insert(run->ticks);
      ++count;
      for (const auto& task : run->tasks) {
        ticks.insert(task.ticks);
        objects[task.number] = make_object_id(task.created, 9, task.number);
        ++count;
      }
    }
  }
  CHECK(ticks.size() == count);
  std::string last;
  for (const auto& [number, id] : objects) {
    CHECK(id.size() == 24);
    CHECK(last < id);
    last = id;
  }
}

TEST_CASE("without retries a failure is for good") {
  auto options = lively(11);
  options.retries = false;
  options.stuck_rate = 0;
  World world(options, kBegin);
  world.advance(kBegin + 3h);
  std::size_t failed = 0;
  for (const auto& task : tasks_of(world)) {
    CHECK(task.attempt <= 1);
    failed += task.state == State::failed ? 1U : 0U;
  }
  CHECK(failed > 5);
}

TEST_CASE("with retries some failures recover, and outputs follow their status late") {
  World world(lively(12), kBegin);
  std::size_t late = 0;
  for (auto now = kBegin; now < kBegin + 1h; now += 10s) {
    world.advance(now);
    for (const auto& task : tasks_of(world)) late += is_finished(task.state) && task.output == Output::none ? 1U : 0U;
  }
  world.advance(kBegin + 3h);
  std::size_t recovered = 0;
  for (const auto& task : tasks_of(world)) recovered += task.state == State::completed && task.attempt > 1 ? 1U : 0U;
  CHECK(recovered > 3);
  CHECK(late > 5);
}

TEST_CASE("an output comes when its own attempt's is due, not with that of an earlier attempt") {
  auto options = lively(13);
  options.output_delay = 15min;
  options.retry_delay = 2min;
  World world(options, kBegin);
  std::size_t second = 0;
  for (auto now = kBegin; now < kBegin + 1h; now += 5s) {
    world.advance(now);
    for (const auto& task : tasks_of(world)) {
      if (!is_finished(task.state) || task.output != Output::full) continue;
      second += task.attempt > 1 ? 1U : 0U;
      CHECK(now >= task.end + fate(options, task.ticks - uuid_ticks(kBegin), task.attempt).output_delay);
    }
  }
  CHECK(second > 0);
}

TEST_CASE("speed divides every wait") {
  auto options = lively(4);
  options.speed = 60;
  World fast(options, kBegin);
  fast.advance(kBegin + 1min);
  std::size_t tried = 0;
  for (const auto& task : tasks_of(fast)) tried += task.attempt > 0 ? 1U : 0U;
  CHECK(tried * 10 > tasks_of(fast).size() * 6);
}

TEST_CASE("new runs appear at their period, and beyond the limit the oldest finished one is forgotten") {
  auto options = lively(5);
  options.spaces = 1;
  options.new_run_period = 1min;
  options.arrival_period = 0ms;
  options.stuck_rate = 0;
  options.retries = false;
  World world(options, kBegin);
  world.advance(kBegin + 5min);
  CHECK(world.spaces()[0].runs.size() == 7);
  auto limited = options;
  limited.max_runs = 20;
  World forgetful(limited, kBegin);
  forgetful.advance(kBegin + 2h);
  const auto& runs = forgetful.spaces()[0].runs;
  CHECK(runs.size() == 20);
  CHECK(runs.back()->created > kBegin + 118min);
  for (const auto& run : runs) CHECK(forgetful.find_run(run->id) == run.get());
}

TEST_CASE("a fixed world stands still, but for the share that is to change with each step") {
  Options options;
  options.fixed = true;
  options.spaces = 1;
  options.runs = 1;
  options.tasks = 1000;
  options.changing = 0.01;
  World world(options, kBegin);
  const auto before = tasks_of(world);
  world.advance(kBegin + 24h);
  CHECK(tasks_of(world) == before);
  world.step(*world.find_run(world.spaces()[0].runs[0]->id));
  const auto after = tasks_of(world);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < after.size(); ++i) changed += after[i] == before[i] ? 0U : 1U;
  CHECK(changed == 10);
  check_run(*world.spaces()[0].runs[0]);
}

TEST_CASE("a task that is forced stays where it was put") {
  World world(lively(8), kBegin);
  Run& run = *world.find_run(world.spaces()[0].runs[0]->id);
  const auto ticks = run.tasks[0].ticks;
  world.force(run, run.tasks[0], State::failed, true);
  world.advance(kBegin + 3h);
  const Task* task = find_task(run, ticks);
  REQUIRE(task);
  CHECK(task->state == State::failed);
  CHECK(task->attempt == 1);
  CHECK(task->output == Output::full);
  check_run(run);
}
