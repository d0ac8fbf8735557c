// The store on a real disk: first load, start with a million tasks, small commits. The directory is TMPDIR's.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "store/store.h"
#include "support/directory.h"

namespace {

using namespace runwatch;

using runwatch::test::Directory;

// Keys spread like those of random ids, in order.
std::vector<task::TaskUpdate> tasks_of(std::size_t n) {
  std::vector<task::TaskUpdate> updates(n);
  const std::uint64_t stride = ~std::uint64_t{0} / n;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t high = i * stride;
    for (std::size_t byte = 0; byte < 8; ++byte) {
      updates[i].key.bytes[byte] = static_cast<std::uint8_t>(high >> (56 - 8 * byte));
      updates[i].key.bytes[8 + byte] = static_cast<std::uint8_t>((high * 0x9e3779b97f4a7c15U) >> (8 * byte));
    }
    updates[i].after.call = high * 0x9e3779b97f4a7c15U;
    updates[i].after.started = 1'770'000'000;
    updates[i].after.since = 1'770'000'100;
    updates[i].after.told = task::kToldEverything;
    updates[i].after.status = task::Status::completed;
  }
  return updates;
}

void fill(store::Store& store, std::int64_t runs, const std::vector<task::TaskUpdate>& updates) {
  for (std::int64_t run = 1; run <= runs; ++run) {
    store::Batch batch;
    batch.run = run;
    batch.tasks = updates;
    task::RunRecord record;
    record.number = run;
    record.space = 1;
    record.row.run_id = "R" + std::to_string(run);
    record.tasks[task::index(task::Status::completed)] = updates.size();
    batch.runs.push_back(record);
    if (auto done = store.commit(batch); !done) std::abort();
  }
}

void first_load(benchmark::State& state) {
  const auto updates = tasks_of(1'000'000 / static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const Directory directory;
    auto store = store::Store::open(directory.database());
    fill(**store, state.range(0), updates);
    state.counters["file_bytes_per_task"] =
        static_cast<double>((*store)->database_size().count + (*store)->wal_size().count) / 1e6;
  }
  state.SetItemsProcessed(state.iterations() * 1'000'000);
}
BENCHMARK(first_load)->Arg(10)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

void start_with_a_million(benchmark::State& state) {
  const Directory directory;
  {
    auto store = store::Store::open(directory.database());
    fill(**store, state.range(0), tasks_of(1'000'000 / static_cast<std::size_t>(state.range(0))));
  }
  for (auto _ : state) {
    auto store = store::Store::open(directory.database());
    auto contents = (*store)->load();
    std::size_t tasks = 0;
    for (const auto& run : contents->runs) tasks += (*store)->load_tasks(run.number)->size();
    if (tasks != 1'000'000) std::abort();
  }
}
BENCHMARK(start_with_a_million)->Arg(1)->Arg(10)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

// One poll of a run of 1,000 tasks in which `range` of them changed, with its changes and counters.
void poll_commit(benchmark::State& state) {
  const Directory directory;
  auto store = store::Store::open(directory.database());
  const auto updates = tasks_of(1000);
  fill(**store, 20, updates);
  const auto changed = static_cast<std::size_t>(state.range(0));
  std::vector<task::TaskChange> changes(changed);
  task::Tally tally;
  for (std::size_t i = 0; i < changed; ++i) {
    changes[i] = {.key = updates[i].key, .from = task::Status::pending, .to = task::Status::completed};
    tally.transition(task::Status::pending, task::Status::completed);
  }
  std::int64_t n = 0;
  for (auto _ : state) {
    store::Batch batch;
    batch.run = 1 + n++ % 20;
    batch.space = 1;
    batch.tasks = std::span{updates}.first(changed);
    batch.changes = changes;
    batch.increments = tally.increments();
    if (auto done = (*store)->commit(batch); !done) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(poll_commit)->Arg(1)->Arg(10)->Arg(100)->UseRealTime();

}  // namespace
