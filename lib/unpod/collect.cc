#include "unpod/collect.h"

#include <algorithm>
#include <random>
#include <type_traits>
#include <utility>

#if defined(__x86_64__)
#include <xxh_x86dispatch.h>  // the widest vectors that this CPU has
#else
#include <xxhash.h>
#endif

#include "core/digest.h"

namespace runwatch::unpod {
namespace {

constexpr std::size_t kMostRowBytes = std::size_t{64} << 20;
// A `count` is believed that far when room is made for what is to come.
constexpr std::uint64_t kMostReserved = 1 << 17;

// Puts rows to those before, each id once; the number of new ids. `key_of(row)` is what its id is compared by.
template <class Row, class KeyOf>
std::uint64_t keep(std::vector<Row>& rows, std::vector<Row>& kept, KeyTable& table, KeyOf&& key_of) {
  const std::size_t before = kept.size();
  for (Row& row : rows) {
    const std::size_t at = table.place(key_of(row), kept.size(), [&](std::size_t i) { return key_of(kept[i]); });
    if (at == kept.size()) kept.emplace_back();
    kept[at] = std::move(row);
  }
  return kept.size() - before;
}

// What all of them say, `mixed` when they differ, `none` when there is nothing.
template <class T, class E>
E common(const std::vector<T>& parts, E T::* member) {
  if (parts.empty()) return E::none;
  const E first = parts.front().*member;
  const bool same = std::ranges::all_of(parts, [&](const T& part) { return part.*member == first; });
  return same ? first : E::mixed;
}

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    // The library chooses its code for this CPU at its first long input: here, where one thread waits for the other.
    constexpr std::array<char, 1024> kLong{};
    std::random_device random;
    return XXH3_128bits_withSeed(kLong.data(), kLong.size(), std::uniform_int_distribution<std::uint64_t>()(random))
        .low64;
  }();
  return value;
}

}  // namespace

PageDigest digest_page(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed());
  return {hash.low64, hash.high64};
}

PageDigest digest_keys(const std::vector<task::ObservedTask>& tasks) {
  std::vector<task::TaskKey> keys;
  keys.reserve(tasks.size());
  for (const auto& task : tasks) keys.push_back(task.key);
  std::ranges::sort(keys);
  static_assert(std::has_unique_object_representations_v<task::TaskKey>);
  return digest_page({reinterpret_cast<const char*>(keys.data()), keys.size() * sizeof(task::TaskKey)});
}

const PageDigests::Page* TaskCollector::page_before() const {
  const std::size_t at = now_.pages.size();
  return before_ && at < before_->pages.size() ? &before_->pages[at] : nullptr;
}

std::optional<Walk::Page> TaskCollector::take_unchanged(std::string_view body) {
  body_ = digest_page(body);
  const auto* same = page_before();
  if (same == nullptr || same->body != body_) return std::nullopt;
  now_.pages.push_back(*same);
  now_.count = before_->count;
  run_.rest_unchanged = true;
  return Walk::Page{.count = before_->count, .rows = same->rows, .fresh = same->rows};
}

Walk::Page TaskCollector::take(TaskPage& page) {
  PageDigests::Page now{
      .body = body_, .keys = digest_keys(page.tasks), .rows = static_cast<std::uint32_t>(page.tasks.size())};
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
  if (run_.tasks.empty() && !before_) run_.tasks.reserve(std::min(page.count.value_or(0), kMostReserved));
  std::ranges::move(page.odd_ids, std::back_inserter(run_.odd_ids));
  std::ranges::move(page.unknown_statuses, std::back_inserter(run_.unknown_statuses));
  keep_rows(page);
  const auto fresh = keep(page.tasks, run_.tasks, table_, [](const auto& task) { return task.key; });
  return {.count = page.count, .rows = page.tasks.size(), .fresh = fresh, .moved = moved};
}

// What finds no room now comes with a later walk; what never could has nothing in it to pass on.
void TaskCollector::keep_rows(TaskPage& page) {
  for (auto& [key, json] : page.rows) {
    if (json.size() > kMostRowBytes) json = "{}";
    const auto row = rows_.try_emplace(key).first;
    rows_bytes_ -= row->second.size();
    if (rows_bytes_ + json.size() > kMostRowBytes) {
      rows_.erase(row);
      continue;
    }
    rows_bytes_ += json.size();
    row->second = std::move(json);
  }
}

bool TaskCollector::names_the_same(const PageDigests::Page& now) const {
  const auto* before = page_before();
  return before != nullptr && before->keys == now.keys;
}

void TaskCollector::clear() {
  before_.reset();
  now_ = {};
  counted_ = true;
  run_ = {};
  rows_.clear();
  rows_bytes_ = 0;
  table_.clear();
}

TaskWalk TaskCollector::finish(const Walk& walk) {
  auto& odd = run_.odd_ids;
  std::sort(odd.begin(), odd.end());
  odd.erase(std::unique(odd.begin(), odd.end()), odd.end());
  auto& unknown = run_.unknown_statuses;
  std::ranges::sort(unknown);
  unknown.erase(std::ranges::unique(unknown).begin(), unknown.end());
  if (unknown.size() > task::kMostUnknownStatuses) unknown.resize(task::kMostUnknownStatuses);
  run_.duplicate_rows = walk.duplicates();
  run_.pages = walk.pages();
  run_.execution = common(now_.pages, &PageDigests::Page::execution);
  run_.mode = common(now_.pages, &PageDigests::Page::mode);
  return {.run = std::move(run_),
          .digests = digests_for_next(walk),
          .rows = {std::make_move_iterator(rows_.begin()), std::make_move_iterator(rows_.end())}};
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
  // One row's word ends no list, and a row without a time is never old.
  const auto is_old = [this](const task::ObservedRunRow& row) {
    const auto newest = std::max(row.created, task::time_of_id(row.run_id));
    return newest != task::kNoTime && newest < oldest_;
  };
  ended_ = !page.rows.empty() && std::ranges::all_of(page.rows, is_old);
  const auto key_of = [](const auto& row) { return task::TaskKey{core::digest128(row.run_id)}; };
  const auto fresh = keep(page.rows, list_.rows, table_, key_of);
  return {.count = page.count, .rows = page.rows.size(), .fresh = fresh};
}

void RunCollector::clear() {
  list_ = {};
  table_.clear();
  ended_ = false;
}

RunList RunCollector::finish(const Walk& walk) {
  list_.whole = !ended_;
  list_.duplicate_rows = walk.duplicates();
  list_.pages = walk.pages();
  return std::exchange(list_, {});
}

}  // namespace runwatch::unpod
