#include "task/known_tasks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "support/seed.h"

namespace {

using namespace runwatch::task;

TaskKey key_of(std::uint64_t n) {
  TaskKey key;
  for (std::size_t i = 0; i < 8; ++i) key.bytes[i] = static_cast<std::uint8_t>(n >> (56 - 8 * i));
  return key;
}

KnownTask random_task(std::mt19937_64& random) {
  KnownTask task;
  task.call = random();
  task.started = static_cast<std::uint32_t>(random());
  task.since = static_cast<std::uint32_t>(random() % 1000 + 1);
  task.told = static_cast<std::uint16_t>(random() & kToldEverything);
  task.status = static_cast<Status>(random() % kStatusCount);
  if (const auto finished = random() % 4; finished != 0) {
    task.last_finished = static_cast<Status>(index(Status::completed) + finished - 1);
  }
  task.unclaimed = random() % 2 == 0;
  task.gone = random() % 8 == 0;
  task.misses = static_cast<std::uint8_t>(random() % 4);
  return task;
}

using Model = std::map<TaskKey, KnownTask>;

void check_same(const KnownTasks& known, const Model& model) {
  REQUIRE(known.size() == model.size());
  StatusCounts counts{};
  std::array<std::uint32_t, kStatusCount> oldest{};
  bool same = true;
  std::size_t i = 0;
  for (const auto& [key, task] : model) {
    same = same && known.key(i) == key && known.at(i) == task;
    ++i;
    if (task.gone) continue;
    ++counts[index(task.status)];
    auto& o = oldest[index(task.status)];
    if (!is_finished(task.status)) o = o == 0 ? task.since : std::min(o, task.since);
  }
  CHECK(same);
  CHECK(known.counts() == counts);
  CHECK(known.oldest() == oldest);
}

// `n` updates with distinct keys below `space`, sorted.
std::vector<TaskUpdate> random_updates(std::mt19937_64& random, std::size_t n, std::uint64_t space) {
  Model picked;
  for (std::size_t i = 0; i < n; ++i) picked.insert_or_assign(key_of(random() % space), random_task(random));
  std::vector<TaskUpdate> updates;
  for (const auto& [key, task] : picked) updates.push_back({key, task});
  return updates;
}

}  // namespace

TEST_CASE("every status, latest finished status and flag survives its state byte") {
  for (std::size_t status = 0; status < kStatusCount; ++status) {
    for (unsigned rest = 0; rest < 16; ++rest) {
      KnownTask task;
      task.status = static_cast<Status>(status);
      if ((rest & 3) != 0) task.last_finished = static_cast<Status>(index(Status::completed) + (rest & 3) - 1);
      task.unclaimed = (rest & 4) != 0;
      task.gone = (rest & 8) != 0;
      KnownTask back;
      unpack_state(pack_state(task), back);
      CHECK(back == task);
    }
  }
}

TEST_CASE("a state byte that no task has is read as unknown") {
  for (unsigned status = kStatusCount; status < 16; ++status) {
    KnownTask task;
    unpack_state(static_cast<std::uint8_t>(status), task);
    CHECK(task.status == Status::unknown);
  }
}

TEST_CASE("random overwrites, inserts and mixtures agree with a map") {
  const std::uint64_t seed = runwatch::test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t space = 1 + random() % 5000;
    KnownTasks known;
    Model model;
    for (int step = 0; step < 25; ++step) {
      const auto updates = random_updates(random, random() % (step % 5 == 0 ? 2000 : 5), space);
      for (const auto& update : updates) model.insert_or_assign(update.key, update.after);
      known.apply(updates);
      check_same(known, model);
    }
  }
}

TEST_CASE("appending in key order gives what applying gives") {
  std::mt19937_64 random{7};
  const auto updates = random_updates(random, 3000, 1'000'000);
  KnownTasks appended;
  Model model;
  for (const auto& [key, task, stored] : updates) {
    appended.append(key, task);
    model.emplace(key, task);
  }
  check_same(appended, model);
}

TEST_CASE("inserts at both ends and between neighbours land in order") {
  const KnownTask task{};
  KnownTasks known;
  known.apply({{key_of(10), task}, {key_of(20), task}});
  known.apply({{key_of(1), task}, {key_of(10), task}, {key_of(15), task}, {key_of(20), task}, {key_of(30), task}});
  const std::vector<std::uint64_t> expected{1, 10, 15, 20, 30};
  REQUIRE(known.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(known.key(i) == key_of(expected[i]));
}

TEST_CASE("a million tasks take at most 40 bytes each, however they came") {
  constexpr std::size_t kTasks = 1'000'000;
  const KnownTask task{};
  std::vector<TaskUpdate> even;
  std::vector<TaskUpdate> odd;
  for (std::uint64_t n = 0; n < kTasks; n += 2) {
    even.push_back({key_of(n), task});
    odd.push_back({key_of(n + 1), task});
  }
  KnownTasks merged;
  merged.apply(even);
  merged.apply(odd);
  CHECK(merged.size() == kTasks);
  CHECK(merged.memory() <= kTasks * 40);
  merged.apply({{key_of(kTasks + 1), task}});
  CHECK(merged.memory() <= kTasks * 40);
  KnownTasks appended;
  for (std::uint64_t n = 0; n < kTasks; ++n) appended.append(key_of(n), task);
  CHECK(appended.memory() <= kTasks * 40);
}
