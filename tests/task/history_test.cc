#include "task/history.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "support/seed.h"

using namespace runwatch;
using namespace runwatch::task;
using std::chrono::seconds;

namespace {

core::WallTime at(std::int64_t second) { return core::WallTime(seconds(1'770'000'000 + second)); }

StatusCounts counts(std::uint64_t pending, std::uint64_t completed = 0) {
  StatusCounts made{};
  made[index(Status::pending)] = pending;
  made[index(Status::completed)] = completed;
  return made;
}

// A run as it goes: when its counts changed, and to what.
struct Course {
  std::vector<std::pair<core::WallTime, StatusCounts>> changes;
  History history;

  void change(core::WallTime time, const StatusCounts& to) {
    const auto before = changes.empty() ? StatusCounts{} : changes.back().second;
    if (auto next = with_point(history, time, before, to)) history = std::move(*next);
    changes.emplace_back(time, to);
  }

  // How it stood at the end of a second.
  StatusCounts stood(core::WallTime time) const {
    StatusCounts counts{};
    for (const auto& [when, to] : changes)
      if (std::chrono::floor<seconds>(when) <= time) counts = to;
    return counts;
  }
};

Course random_course(std::mt19937_64& random) {
  Course course;
  core::WallTime now = at(0);
  StatusCounts tasks{};
  const auto pace = 1 + random() % 200'000;
  for (auto n = random() % 2000; n != 0; --n) {
    now += core::Duration(static_cast<std::int64_t>(random() % (random() % 20 == 0 ? 50 * pace : pace)) + 1000);
    tasks[random() % kStatusCount] = random() % 5000;
    course.change(now, tasks);
  }
  return course;
}

}  // namespace

TEST_CASE(
    "each point of a random course tells how it stood, they are apart, bounded, and reach from its begin to its end") {
  const std::uint64_t seed = test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 100; ++round) {
    const auto course = random_course(random);
    const auto& [spacing, points] = course.history;
    if (course.changes.empty()) {
      CHECK(points.empty());
      continue;
    }
    REQUIRE(!points.empty());
    CHECK(points.size() <= kMostPoints);
    CHECK(points.front().at == std::chrono::floor<seconds>(course.changes.front().first));
    for (std::size_t i = 0; i < points.size(); ++i) {
      // Within a second with several changes a point has the first that was due.
      const bool stood = points[i].tasks == course.stood(points[i].at);
      CHECK(stood);
      if (i > 0) CHECK(points[i].at - points[i - 1].at >= spacing);
    }
    // No change is further away from a point than the spacing, but for those that left all as it stood.
    const auto last = course.changes.back();
    const bool reaches = last.first - points.back().at < spacing + seconds(1) || points.back().tasks == last.second;
    CHECK(reaches);
    // The spacing follows the age: it was doubled because there was no room.
    const auto age = points.back().at - points.front().at;
    if (spacing > kFinestSpacing) CHECK(age >= spacing * (kMostPoints / 2 - 1));
  }
}

TEST_CASE("a rest has a point at its begin and one at its end, so that it does not look like a slope") {
  Course course;
  course.change(at(0), counts(100));
  course.change(at(3), counts(90, 10));  // too soon for a point
  course.change(at(5000), counts(50, 50));
  const std::vector<HistoryPoint> expected{
      {at(0), counts(100)}, {at(10), counts(90, 10)}, {at(4990), counts(90, 10)}, {at(5000), counts(50, 50)}};
  CHECK(course.history.points == expected);
}

TEST_CASE("at 128 points every second one goes, the first stays, and the next comes at twice the distance") {
  Course course;
  for (int n = 0; n < 128; ++n) course.change(at(10 * n), counts(1000 - static_cast<std::uint64_t>(n)));
  CHECK(course.history.points.size() == 128);
  course.change(at(1280), counts(1));
  CHECK(course.history.spacing == seconds(20));
  CHECK(course.history.points.size() == 65);
  CHECK(course.history.points.front() == HistoryPoint{at(0), counts(1000)});
  CHECK(course.history.points.back() == HistoryPoint{at(1280), counts(1)});
  course.change(at(1290), counts(2));
  CHECK(course.history.points.size() == 65);
  course.change(at(1300), counts(3));
  CHECK(course.history.points.size() == 66);
}

TEST_CASE("points of a time that the clock was set back from go") {
  Course course;
  course.change(at(0), counts(5));
  course.change(at(100'000), counts(4));
  course.change(at(50), counts(3));
  const std::vector<HistoryPoint> expected{{at(0), counts(5)}, {at(50), counts(3)}};
  CHECK(course.history.points == expected);
}

TEST_CASE("what is packed comes back, and bytes that nothing was packed to are refused") {
  const std::uint64_t seed = test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 50; ++round) {
    const auto history = random_course(random).history;
    auto bytes = pack(history);
    CHECK(unpack_history(bytes) == history);
    if (history.points.empty()) continue;
    bytes.pop_back();
    CHECK_FALSE(unpack_history(bytes).has_value());
  }
  CHECK_FALSE(unpack_history({}).has_value());
  History full{.spacing = seconds(10), .points = std::vector<HistoryPoint>(kMostPoints + 1, {at(0), {}})};
  CHECK_FALSE(unpack_history(pack(full)).has_value());
  const std::vector<std::uint8_t> no_spacing{0};
  CHECK_FALSE(unpack_history(no_spacing).has_value());
  const std::vector<std::uint8_t> endless(40, 0xff);
  CHECK_FALSE(unpack_history(endless).has_value());
}
