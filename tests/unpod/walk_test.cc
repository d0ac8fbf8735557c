#include "unpod/walk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/seed.h"
#include "unpod/collect.h"

using namespace runwatch;
using unpod::Walk;
using Step = unpod::Walk::Step;

namespace {

struct Script {
  const char* what;
  std::vector<Walk::Page> pages;
  Step end;
};

// A list that is written to while it is read: newest first, rows are inserted at the front and deleted anywhere.
struct LivingList {
  std::vector<int> rows;
  std::set<int> ever, always;
  int next = 1000;

  explicit LivingList(int size) {
    for (int i = 0; i < size; ++i) rows.push_back(size - i);
    begin_walk();
  }
  void begin_walk() {
    ever = std::set<int>(rows.begin(), rows.end());
    always = ever;
  }
  void insert() {
    ever.insert(next);
    rows.insert(rows.begin(), next++);
  }
  void remove(std::size_t at) {
    always.erase(rows[at]);
    rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(at));
  }
  unpod::TaskPage page(std::uint64_t number, std::size_t size, bool with_count) const {
    unpod::TaskPage out;
    const std::size_t from = std::min<std::size_t>((number - 1) * size, rows.size());
    const std::size_t to = std::min(from + size, rows.size());
    for (std::size_t i = from; i < to; ++i) {
      task::ObservedTask task;
      task.key = task::make_task_key(std::to_string(rows[i]));
      out.tasks.push_back(task);
    }
    if (with_count) out.count = rows.size();
    return out;
  }
};

std::set<task::TaskKey> keys_of(const std::set<int>& ids) {
  std::set<task::TaskKey> keys;
  for (const int id : ids) keys.insert(task::make_task_key(std::to_string(id)));
  return keys;
}

// Walks the list to its end, with `disturb` between any two pages.
template <class Disturb>
Step walk_over(LivingList& list, std::size_t page_size, unpod::TaskCollector& collector, Walk& walk,
               Disturb&& disturb) {
  for (;;) {
    auto page = list.page(walk.page(), page_size, true);
    const Step step = walk.take(collector.take(page));
    if (step != Step::next && step != Step::again) return step;
    disturb();
    if (step == Step::next) continue;
    collector.clear();
    list.begin_walk();
  }
}

}  // namespace

TEST_CASE("a walk ends where the distinct rows reach the count, or at the first empty page without one") {
  const Script scripts[] = {
      {"one page", {{2, 2, 2}}, Step::whole},
      {"nothing at all", {{0, 0, 0}}, Step::whole},
      {"two pages", {{3, 2, 2}, {3, 1, 1}}, Step::whole},
      {"server gives fewer than asked", {{3, 1, 1}, {3, 1, 1}, {3, 1, 1}}, Step::whole},
      {"a row shifted onto the next page", {{3, 2, 2}, {3, 2, 1}}, Step::whole},
      {"repeated within a page", {{2, 3, 2}}, Step::whole},
      {"not at its end yet", {{3, 2, 2}}, Step::next},
      {"no count, not at its end yet", {{{}, 2, 2}}, Step::next},
      {"no count, empty page", {{{}, 2, 2}, {{}, 0, 0}}, Step::whole},
      {"no count, empty at once", {{{}, 0, 0}}, Step::whole},
      {"no count, partly repeated", {{{}, 2, 2}, {{}, 2, 1}, {{}, 0, 0}}, Step::whole},
      {"no count, page ignored", {{{}, 2, 2}, {{}, 2, 0}}, Step::again},
      {"page ignored", {{5, 2, 2}, {5, 2, 0}}, Step::again},
      {"ends early", {{5, 2, 2}, {5, 0, 0}}, Step::again},
      {"empty though counted", {{5, 0, 0}}, Step::again},
      {"more rows than counted", {{1, 2, 2}}, Step::again},
      {"count grows", {{3, 2, 2}, {4, 2, 2}}, Step::again},
      {"count shrinks", {{3, 2, 2}, {2, 0, 0}}, Step::again},
      {"count goes", {{3, 2, 2}, {{}, 1, 1}}, Step::again},
      {"count comes", {{{}, 2, 2}, {3, 1, 1}}, Step::again},
      {"second walk is whole", {{5, 2, 2}, {5, 0, 0}, {2, 2, 2}}, Step::whole},
      {"second walk is not", {{5, 2, 2}, {5, 0, 0}, {5, 2, 2}, {5, 0, 0}}, Step::inconsistent},
      {"second walk ends at page 1", {{1, 2, 2}, {1, 2, 2}}, Step::inconsistent},
      {"count over the cap", {{101, 1, 1}}, Step::too_large},
      {"rows over the cap", {{{}, 60, 60}, {{}, 60, 60}}, Step::too_large},
      {"at the cap", {{100, 100, 100}}, Step::whole},
  };
  for (const Script& script : scripts) {
    CAPTURE(script.what);
    Walk walk(100);
    Step last = Step::next;
    bool complained = false;
    for (const auto& page : script.pages) {
      REQUIRE((last == Step::next || last == Step::again));
      last = walk.take(page);
      complained = complained || last == Step::again;
    }
    CHECK(last == script.end);
    CHECK(walk.complaint().empty() == !complained);
  }
}

TEST_CASE("the second walk starts at page 1 with nothing remembered") {
  Walk walk(100);
  CHECK(walk.page() == 1);
  CHECK(walk.take({4, 2, 2}) == Step::next);
  CHECK(walk.page() == 2);
  CHECK(walk.take({5, 2, 2}) == Step::again);
  CHECK(walk.page() == 1);
  CHECK(walk.take({5, 3, 3}) == Step::next);
  CHECK(walk.take({5, 3, 2}) == Step::whole);
  CHECK(walk.pages() == 2);
  CHECK(walk.duplicates() == 1);
}

TEST_CASE("a page that does not go with unchanged ones makes the walk start over, and leaves it a second walk") {
  Walk walk(100);
  CHECK(walk.take({4, 2, 2}) == Step::next);
  CHECK(walk.take({.count = 4, .rows = 2, .fresh = 2, .moved = true}) == Step::again);
  CHECK(walk.page() == 1);
  CHECK(walk.take({4, 2, 2}) == Step::next);
  CHECK(walk.take({5, 2, 2}) == Step::again);
  CHECK(walk.take({5, 5, 5}) == Step::whole);
}

TEST_CASE("over a list that changes all the time a walk is whole with every row that stayed, or inconsistent") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  int whole = 0;
  int inconsistent = 0;
  for (int history = 0; history < 20'000; ++history) {
    LivingList list(static_cast<int>(below(14)));
    unpod::TaskCollector collector(nullptr);
    Walk walk(1000);
    const std::size_t calm = 1 + below(6);
    const Step end = walk_over(list, 1 + below(4), collector, walk, [&] {
      if (below(calm) != 0) return;
      for (std::size_t i = below(3); i > 0; --i) list.insert();
      for (std::size_t i = below(3); i > 0 && !list.rows.empty(); --i) list.remove(below(list.rows.size()));
    });
    CAPTURE(history);
    if (end == Step::inconsistent) {
      ++inconsistent;
      continue;
    }
    REQUIRE(end == Step::whole);
    ++whole;
    std::set<task::TaskKey> seen;
    for (const auto& task : collector.finish(walk).run.tasks) CHECK(seen.insert(task.key).second);
    const auto always = keys_of(list.always);
    const auto ever = keys_of(list.ever);
    CHECK(std::includes(seen.begin(), seen.end(), always.begin(), always.end()));
    CHECK(std::includes(ever.begin(), ever.end(), seen.begin(), seen.end()));
  }
  CHECK(whole > 1000);
  CHECK(inconsistent > 1000);
}

TEST_CASE("over a list that only gains rows a walk that is whole is exactly the list as it was") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int history = 0; history < 5'000; ++history) {
    LivingList list(1 + static_cast<int>(random() % 12));
    unpod::TaskCollector collector(nullptr);
    Walk walk(1000);
    const Step end = walk_over(list, 1 + random() % 4, collector, walk, [&] {
      if (random() % 8 == 0) list.insert();
    });
    if (end != Step::whole) continue;
    std::set<task::TaskKey> seen;
    for (const auto& task : collector.finish(walk).run.tasks) seen.insert(task.key);
    CHECK(seen == keys_of(std::set<int>(list.rows.begin(), list.rows.end())));
  }
}

TEST_CASE("where pages repeat a task the later reading wins and the repeat is counted") {
  unpod::TaskCollector collector(nullptr);
  Walk walk(100);
  const auto page = [](std::initializer_list<std::pair<const char*, task::Status>> rows) {
    unpod::TaskPage out;
    for (const auto& [id, status] : rows) {
      task::ObservedTask task;
      task.key = task::make_task_key(id);
      task.status = status;
      out.tasks.push_back(task);
      out.odd_ids.emplace_back(task.key, id);
    }
    out.count = 3;
    return out;
  };
  auto first = page({{"c", task::Status::pending}, {"b", task::Status::pending}});
  auto second = page({{"b", task::Status::failed}, {"a", task::Status::hold}});
  CHECK(walk.take(collector.take(first)) == Step::next);
  CHECK(walk.take(collector.take(second)) == Step::whole);
  const auto run = collector.finish(walk).run;
  REQUIRE(run.tasks.size() == 3);
  CHECK(run.tasks[1].key == task::make_task_key("b"));
  CHECK(run.tasks[1].status == task::Status::failed);
  CHECK(run.duplicate_rows == 1);
  CHECK(run.pages == 2);
  CHECK(run.odd_ids.size() == 3);
}

TEST_CASE("a table of keys finds each of many keys again") {
  unpod::KeyTable table;
  std::vector<task::TaskKey> keys;
  const auto key_of = [&](std::size_t i) -> const task::TaskKey& { return keys[i]; };
  for (int i = 0; i < 50'000; ++i) {
    task::TaskKey key;  // as of one machine in one minute: few bits differ
    key.bytes[2] = static_cast<std::uint8_t>(i & 0xff);
    key.bytes[3] = static_cast<std::uint8_t>(i >> 8);
    const std::size_t at = table.place(key, keys.size(), key_of);
    REQUIRE(at == keys.size());
    keys.push_back(key);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) REQUIRE(table.place(keys[i], keys.size(), key_of) == i);
  table.clear();
  CHECK(table.place(keys[7], 0, key_of) == 0);
}
