#include "unpod/collect.h"

#include <algorithm>
#include <utility>

#include "core/digest.h"

namespace runwatch::unpod {
namespace {

// A `count` is believed that far when room is made for what is to come.
constexpr std::uint64_t kMostReserved = 1 << 17;

}  // namespace

Walk::Page TaskCollector::take(TaskPage& page) {
  auto& tasks = run_.tasks;
  if (tasks.empty()) tasks.reserve(std::min(page.count.value_or(0), kMostReserved));
  const std::size_t before = tasks.size();
  const auto key_of = [&tasks](std::size_t i) -> const task::TaskKey& { return tasks[i].key; };
  for (const task::ObservedTask& task : page.tasks) {
    const std::size_t at = table_.place(task.key, tasks.size(), key_of);
    if (at == tasks.size())
      tasks.push_back(task);
    else
      tasks[at] = task;
  }
  for (auto& odd : page.odd_ids) run_.odd_ids.push_back(std::move(odd));
  return {.count = page.count, .rows = page.tasks.size(), .fresh = tasks.size() - before};
}

void TaskCollector::clear() {
  run_ = {};
  table_.clear();
}

task::ObservedRun TaskCollector::finish(const Walk& walk) {
  auto& odd = run_.odd_ids;
  std::sort(odd.begin(), odd.end());
  odd.erase(std::unique(odd.begin(), odd.end()), odd.end());
  run_.duplicate_rows = walk.duplicates();
  run_.pages = walk.pages();
  return std::exchange(run_, {});
}

Walk::Page RunCollector::take(RunPage& page) {
  const std::size_t before = keys_.size();
  const auto key_of = [this](std::size_t i) -> const task::TaskKey& { return keys_[i]; };
  for (task::ObservedRunRow& row : page.rows) {
    ended_ = ended_ || enough_(row);
    const task::TaskKey key{core::digest128(row.run_id)};
    const std::size_t at = table_.place(key, keys_.size(), key_of);
    if (at == keys_.size()) {
      keys_.push_back(key);
      if (!ended_) list_.rows.push_back(std::move(row));
    } else if (!ended_) {
      list_.rows[at] = std::move(row);
    }
  }
  return {.count = page.count, .rows = page.rows.size(), .fresh = keys_.size() - before};
}

void RunCollector::clear() {
  list_ = {};
  keys_.clear();
  table_.clear();
  ended_ = false;
}

RunList RunCollector::finish(const Walk& walk) {
  list_.duplicate_rows = walk.duplicates();
  list_.pages = walk.pages();
  return std::exchange(list_, {});
}

}  // namespace runwatch::unpod
