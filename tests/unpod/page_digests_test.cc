
#include <doctest/doctest.h>

#include <map>
#include <random>

#include "support/seed.h"
#include "unpod/collect.h"
#include "unpod/world.h"

using namespace runwatch;
using namespace runwatch::test;
using task::Status;

namespace {

// A platform whose tasks, by number, newest first, stand in a map that the test changes.
using Tasks = std::map<int, std::string, std::greater<>>;

FakeClient::Handler platform_of(Tasks& tasks, std::function<void()> before_page = [] {}) {
  return [&tasks, before_page](const http::Request& request) -> Reply {
    before_page();
    const auto size = static_cast<int>(query_number(request, "page_size"));
    const int from = (static_cast<int>(query_number(request, "page")) - 1) * size;
    std::string rows;
    int at = 0;
    for (const auto& [id, status] : tasks) {
      if (at >= from && at < from + size)
        rows += fmt::format(R"({}{{"task_id":"t{}","status":"{}"}})", rows.empty() ? "" : ",", id, status);
      ++at;
    }
    return answer(200, page_of(rows, std::to_string(tasks.size())));
  };
}

Tasks pending_tasks(int count) {
  Tasks tasks;
  for (int i = 1; i <= count; ++i) tasks[i] = "pending";
  return tasks;
}

std::map<task::TaskKey, Status> known_of(const Tasks& tasks) {
  std::map<task::TaskKey, Status> known;
  for (const auto& [id, status] : tasks)
    known[task::make_task_key(fmt::format("t{}", id))] = task::parse_status(status);
  return known;
}

// What is known after a walk, given what was known before it.
void follow(std::map<task::TaskKey, Status>& known, const task::ObservedRun& run) {
  if (!run.rest_unchanged) known.clear();
  for (const auto& task : run.tasks) {
    if (run.rest_unchanged) REQUIRE(known.contains(task.key));
    known[task.key] = task.status;
  }
}

}  // namespace

TEST_CASE("a walk over pages that are byte for byte those before reads them all and decodes none") {
  Tasks tasks = pending_tasks(25);
  World world(platform_of(tasks));
  world.options.page_size = 10;
  const auto first = world.walk(nullptr);
  REQUIRE(first.has_value());
  CHECK(first->run.tasks.size() == 25);
  CHECK_FALSE(first->run.rest_unchanged);
  const auto second = world.walk(first->digests);
  REQUIRE(second.has_value());
  CHECK(second->run.rest_unchanged);
  CHECK(second->run.tasks.empty());
  CHECK(second->run.pages == 3);
  CHECK(world.client.requests.size() == 6);
  tasks[15] = "failed";
  const auto third = world.walk(second->digests);
  REQUIRE(third.has_value());
  CHECK(third->run.rest_unchanged);
  CHECK(third->run.tasks.size() == 10);
}

TEST_CASE("when a task came or went all pages are decoded, in one walk") {
  for (const int change : {26, 25, 1}) {
    CAPTURE(change);
    Tasks tasks = pending_tasks(25);
    World world(platform_of(tasks));
    world.options.page_size = 10;
    const auto first = world.walk(nullptr);
    if (tasks.erase(change) == 0) tasks[change] = "pending";
    const auto second = world.walk(first->digests);
    REQUIRE(second.has_value());
    CHECK_FALSE(second->run.rest_unchanged);
    CHECK(second->run.tasks.size() == tasks.size());
    CHECK(second->run.pages == 3);
    CHECK(world.client.requests.size() == 6);
  }
}

TEST_CASE(
    "when a page does not name the tasks it named, after others were taken for unchanged, the walk begins again") {
  Tasks tasks = pending_tasks(30);
  int page = 0;
  World world(platform_of(tasks, [&] {
    if (++page != 5) return;  // page 2 of the second walk: one left and another one came, and the count is what it was
    tasks.erase(1);
    tasks[31] = "pending";
  }));
  world.options.page_size = 10;
  const auto first = world.walk(nullptr);
  const auto second = world.walk(first->digests);
  REQUIRE(second.has_value());
  CHECK_FALSE(second->run.rest_unchanged);
  CHECK(second->run.tasks.size() == 30);
  CHECK(world.client.requests.size() == 3 + 2 + 3);
}

TEST_CASE("rows that change places within a page are no reason to begin again") {
  bool swapped = false;
  World world([&](const http::Request& request) {
    const auto page = query_number(request, "page");
    std::string rows;
    for (std::uint64_t i = 0; i < 10; ++i)
      rows += (i == 0 ? "" : ",") + row(static_cast<int>(page * 10 + (swapped && page == 2 ? 9 - i : i)));
    return answer(200, page_of(rows, "20"));
  });
  world.options.page_size = 10;
  const auto first = world.walk(nullptr);
  swapped = true;
  const auto second = world.walk(first->digests);
  REQUIRE(second.has_value());
  CHECK(second->run.rest_unchanged);
  CHECK(second->run.tasks.size() == 10);
  CHECK(world.client.requests.size() == 4);
}

TEST_CASE("nothing is remembered of a list without a count, with repeated rows, or with pages of a few rows") {
  World uncounted(platform(25, 1000, false));
  uncounted.options.page_size = 10;
  CHECK(uncounted.walk(nullptr)->digests == nullptr);
  World repeated(FakeClient::script({answer(200, page_of(row(1) + "," + row(1) + "," + row(2), "2"))}));
  CHECK(repeated.walk(nullptr)->digests == nullptr);
  World small(platform(25, 4));
  CHECK(small.walk(nullptr)->digests == nullptr);
  World single(platform(1));
  CHECK(single.walk(nullptr)->digests != nullptr);
}

TEST_CASE("mode and kind are told of all tasks, unchanged ones included") {
  std::string mode = "prod";
  World world([&](const http::Request& request) {
    const bool first = query_number(request, "page") == 1;
    std::string rows;
    for (int i = 0; i < 10; ++i)
      rows += fmt::format(R"({}{{"task_id":"t{}{}","run_mode":"{}","execution_type":"call"}})", i == 0 ? "" : ",",
                          first ? "a" : "b", i, first ? "prod" : mode);
    return answer(200, page_of(rows, "20"));
  });
  world.options.page_size = 10;
  auto walk = world.walk(nullptr);
  for (const auto& [next, expected] : {std::pair{"prod", task::RunMode::prod}, std::pair{"test", task::RunMode::mixed},
                                       std::pair{"prod", task::RunMode::prod}}) {
    mode = next;
    walk = world.walk(walk->digests);
    CHECK(walk->run.rest_unchanged);
    CHECK(walk->run.mode == expected);
    CHECK(walk->run.execution == task::ExecutionType::call);
  }
}

TEST_CASE("over random lives of a list what is known is the list, whatever pages were not decoded") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  int partial = 0;
  for (int history = 0; history < 300; ++history) {
    CAPTURE(history);
    Tasks tasks = pending_tasks(1 + below(60));
    int newest = static_cast<int>(tasks.size());
    bool quiet = false;
    const auto live = [&] {
      if (quiet) return;
      if (below(3) == 0 && !tasks.empty())
        std::next(tasks.begin(), below(static_cast<int>(tasks.size())))->second = "failed";
      if (below(40) == 0) tasks[++newest] = "pending";
      if (below(40) == 0 && !tasks.empty())
        tasks.erase(std::next(tasks.begin(), below(static_cast<int>(tasks.size()))));
    };
    World world(platform_of(tasks, live));
    world.options.page_size = 10;
    std::shared_ptr<const unpod::PageDigests> digests;
    std::map<task::TaskKey, Status> known;
    for (int poll = 0; poll < 12; ++poll) {
      quiet = poll % 2 == 1;
      const auto walk = world.walk(digests);
      if (!walk) continue;
      if (walk->run.rest_unchanged) ++partial;
      follow(known, walk->run);
      if (quiet) REQUIRE(known == known_of(tasks));
      digests = walk->digests;
    }
  }
  CHECK(partial > 500);
}
