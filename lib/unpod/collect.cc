#include "unpod/collect.h"

#include <algorithm>
#include <utility>

#include "core/digest.h"

namespace runwatch::unpod {
namespace {

// A `count` is believed that far when room is made for what is to come.
constexpr std::uint64_t kMostReserved = 1 << 17;

std::uint32_t rows_of(const TaskPage& page) { return static_cast<std::uint32_t>(page.tasks.size()); }

// What all of them say, `mixed` when they differ, `none` when there is nothing.
template <class T, class E>
E common(const std::vector<T>& parts, E T::* member) {
  if (parts.empty()) return E::none;
  const E first = parts.front().*member;
  const bool same = std::ranges::all_of(parts, [&](const T& part) { return part.*member == first; });
  return same ? first : E::mixed;
}

}  // namespace

const PageDigests::Page* TaskCollector::page_before() const {
  const std::size_t at = now_.pages.size();
  return before_ && at < before_->pages.size() ? &before_->pages[at] : nullptr;
}

bool TaskCollector::recognise(std::string_view body) {
  body_ = digest_page(body);
  const auto* before = page_before();
  recognised_ = before != nullptr && before->body == body_;
  return recognised_;
}

Walk::Page TaskCollector::take(TaskPage& page) {
  if (recognised_) return take_unchanged();
  PageDigests::Page now{.body = body_, .keys = digest_keys(page.tasks), .rows = rows_of(page)};
  now.execution = common(page.tasks, &task::ObservedTask::execution);
  now.mode = common(page.tasks, &task::ObservedTask::mode);
  bool moved = false;
  if (before_ && !names_the_same(now)) {
    moved = run_.rest_unchanged;
    before_.reset();
  }
  if (now.rows > 0) now_.pages.push_back(now);
  now_.count = page.count.value_or(0);
  counted_ = counted_ && page.count.has_value();
  return {.count = page.count, .rows = page.tasks.size(), .fresh = keep(page), .moved = moved};
}

Walk::Page TaskCollector::take_unchanged() {
  const PageDigests::Page& same = *page_before();
  now_.pages.push_back(same);
  now_.count = before_->count;
  run_.rest_unchanged = true;
  return {.count = before_->count, .rows = same.rows, .fresh = same.rows};
}

bool TaskCollector::names_the_same(const PageDigests::Page& now) const {
  const auto* before = page_before();
  return before != nullptr && before->keys == now.keys;
}

// Puts the page's rows to those before; the number of new ids.
std::uint64_t TaskCollector::keep(TaskPage& page) {
  auto& tasks = run_.tasks;
  if (tasks.empty() && !before_) tasks.reserve(std::min(page.count.value_or(0), kMostReserved));
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
  return tasks.size() - before;
}

void TaskCollector::clear() {
  before_.reset();
  now_ = {};
  counted_ = true;
  run_ = {};
  table_.clear();
}

TaskWalk TaskCollector::finish(const Walk& walk) {
  auto& odd = run_.odd_ids;
  std::sort(odd.begin(), odd.end());
  odd.erase(std::unique(odd.begin(), odd.end()), odd.end());
  run_.duplicate_rows = walk.duplicates();
  run_.pages = walk.pages();
  run_.execution = common(now_.pages, &PageDigests::Page::execution);
  run_.mode = common(now_.pages, &PageDigests::Page::mode);
  return {.run = std::move(run_), .digests = digests_for_next(walk)};
}

// Rows that came twice would have to be told apart again; and pages of a few rows would cost more than the tasks.
std::shared_ptr<const PageDigests> TaskCollector::digests_for_next(const Walk& walk) {
  constexpr std::uint64_t kFewestRows = 10;
  const bool small = now_.pages.size() <= 1 + now_.count / kFewestRows;
  if (!counted_ || walk.duplicates() > 0 || !small) return nullptr;
  now_.pages.shrink_to_fit();
  return std::make_shared<const PageDigests>(std::move(now_));
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
