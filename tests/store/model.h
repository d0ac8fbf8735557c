// What a store should hold, kept in maps, and batches that own what they refer to.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "store/alert_model.h"
#include "store/random_alerts.h"
#include "store/store.h"

namespace store_test {

using namespace runwatch;

struct OwnedBatch {
  std::vector<task::SpaceRecord> spaces;
  std::vector<task::RunRecord> runs;
  std::int64_t run = 0;
  std::int64_t space = 0;
  std::vector<task::TaskUpdate> tasks;
  std::vector<task::TaskChange> changes;
  std::vector<task::CellIncrement> increments;
  std::vector<std::pair<task::TaskKey, std::string>> odd_ids;
  std::vector<std::int64_t> forgotten_runs;
  std::vector<std::pair<std::int64_t, std::shared_ptr<const task::History>>> histories;
  OwnedAlerts alerts;
  core::WallTime at{core::Duration{1'770'000'000'000}};

  store::Batch view() const {
    store::Batch batch;
    batch.spaces = spaces;
    batch.runs = runs;
    batch.run = run;
    batch.space = space;
    batch.at = at;
    batch.tasks = tasks;
    batch.changes = changes;
    batch.increments = increments;
    batch.odd_ids = odd_ids;
    batch.forgotten_runs = forgotten_runs;
    batch.histories = histories;
    alerts.join(batch);
    return batch;
  }
};

struct Model {
  std::map<std::int64_t, task::SpaceRecord> spaces;
  std::map<std::int64_t, task::RunRecord> runs;
  std::map<std::int64_t, std::map<task::TaskKey, task::KnownTask>> tasks;
  std::map<std::int64_t, std::vector<store::RecordedChange>> changes;
  std::map<std::int64_t, task::Counters> counters;
  std::map<std::int64_t, task::History> points;
  AlertModel alerts;
  core::WallTime newest_commit{};

  void apply(const OwnedBatch& batch) {
    for (const auto& space : batch.spaces) spaces.insert_or_assign(space.number, space);
    for (const auto& run : batch.runs) runs.insert_or_assign(run.number, run);
    for (const auto& [run, history] : batch.histories) points.insert_or_assign(run, *history);
    for (auto update : batch.tasks) {
      update.after.misses = 0;
      if (update.stored) tasks[batch.run].insert_or_assign(update.key, update.after);
    }
    auto& history = changes[batch.run];
    for (const auto& change : batch.changes) {
      if (!change.baseline) history.push_back({std::ssize(history) + 1, batch.at, change});
    }
    newest_commit = batch.at;
    alerts.apply(batch.alerts);
    if (batch.space != 0) counters[batch.space].apply(batch.increments);
    for (const auto run : batch.forgotten_runs) {
      runs.erase(run);
      tasks.erase(run);
      points.erase(run);
      changes.erase(run);
    }
  }
};

inline bool same_counters(const task::Counters& a, const task::Counters& b) {
  for (std::size_t cell = 0; cell < task::cell_count(); ++cell) {
    if (a[cell] != b[cell]) return false;  // to the last bit
  }
  return true;
}

inline bool same_tasks(const task::KnownTasks& known, const std::map<task::TaskKey, task::KnownTask>& tasks) {
  if (known.size() != tasks.size()) return false;
  std::size_t i = 0;
  for (const auto& [key, task] : tasks) {
    if (known.key(i) != key || known.at(i) != task) return false;
    ++i;
  }
  return true;
}

// The newest changes of each run, page by page; failures alone, too.
inline bool same_pages(store::Store& store, const Model& model) {
  for (const auto& [run, history] : model.changes) {
    for (const bool failures_only : {false, true}) {
      std::vector<store::RecordedChange> expected(history.rbegin(), history.rend());
      std::erase_if(expected, [&](const auto& recorded) {
        const auto& change = recorded.change;
        return failures_only && (change.to != task::Status::failed || change.kind == task::ChangeKind::late);
      });
      std::vector<store::RecordedChange> paged;
      store::ChangesFilter filter{.run = run, .failures_only = failures_only, .limit = 7};
      for (bool more = true; more;) {
        const auto page = store.newest_changes(filter);
        if (!page) return false;
        paged.insert(paged.end(), page->begin(), page->end());
        more = page->size() == 7;
        if (more) filter.before = page->back().seq;
      }
      if (paged != expected) return false;
    }
  }
  return true;
}

inline bool same(store::Store& store, const Model& model) {
  const auto contents = store.load();
  if (!contents || contents->spaces.size() != model.spaces.size() || contents->runs.size() != model.runs.size()) {
    return false;
  }
  if (contents->newest_commit != model.newest_commit) return false;
  for (const auto& space : contents->spaces) {
    if (!model.spaces.contains(space.number) || space != model.spaces.at(space.number)) return false;
  }
  for (const auto& run : contents->runs) {
    if (!model.runs.contains(run.number) || run != model.runs.at(run.number)) return false;
  }
  for (const auto& [space, counters] : contents->counters) {
    const auto expected = model.counters.find(space);
    if (!same_counters(counters, expected == model.counters.end() ? task::Counters{} : expected->second)) return false;
  }
  for (std::int64_t run = 1; run <= 8; ++run) {
    const auto known = store.load_tasks(run);
    const auto expected = model.tasks.find(run);
    if (!known) return false;
    if (expected == model.tasks.end() ? known->size() != 0 : !same_tasks(*known, expected->second)) return false;
    const auto points = store.load_points(run);
    const auto drawn = model.points.find(run);
    if (!points || *points != (drawn == model.points.end() ? task::History{} : drawn->second)) return false;
    const auto history = store.changes(run, task::kNoTime);
    const auto told = model.changes.find(run);
    if (!history || *history != (told == model.changes.end() ? std::vector<store::RecordedChange>{} : told->second)) {
      return false;
    }
  }
  return same_pages(store, model) && same_alerts(store, *contents, model.alerts);
}

// The whole of one poll: a run, its tasks and changes, and its space's counters.
inline OwnedBatch random_batch(std::mt19937_64& random) {
  OwnedBatch batch;
  batch.at += core::Duration{static_cast<std::int64_t>(random() % 1000)};
  batch.run = static_cast<std::int64_t>(1 + random() % 8);
  batch.space = static_cast<std::int64_t>(1 + random() % 3);
  batch.spaces.push_back(random_space(random, batch.space));
  batch.runs.push_back(random_run(random, batch.run));
  std::map<task::TaskKey, task::KnownTask> picked;
  for (std::uint64_t n = random() % 60; n != 0; --n) picked.emplace(key_of(random() % 500), random_task(random));
  for (const auto& [key, task] : picked) {
    batch.tasks.push_back({key, task, random() % 8 != 0});
    batch.changes.push_back(random_change(random, key));
    if (random() % 10 == 0) batch.odd_ids.emplace_back(key, "odd id");
  }
  for (std::uint64_t n = random() % 100; n != 0; --n) {
    batch.increments.push_back({random() % task::cell_count(), 0.1 * static_cast<double>(random() % 100), {}});
  }
  batch.alerts = random_alerts(random);
  if (random() % 3 == 0) {
    batch.histories.emplace_back(batch.run, std::make_shared<const task::History>(random_points(random)));
  }
  if (random() % 10 == 0) batch.forgotten_runs.push_back(static_cast<std::int64_t>(1 + random() % 8));
  return batch;
}

inline std::unique_ptr<store::Store> open_good(const std::filesystem::path& path) {
  auto store = store::Store::open(path);
  if (!store) FAIL(store.error().text);
  return std::move(*store);
}

inline void commit_good(store::Store& store, const OwnedBatch& batch) {
  const auto done = store.commit(batch.view());
  if (!done) FAIL(done.error().text);
}

}  // namespace store_test
