#include "rule/window.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "support/seed.h"

namespace {

using namespace runwatch;
using namespace std::chrono_literals;
using task::Status;

const core::WallTime kNow{core::Duration(1'800'000'000'000)};

task::TaskChange change(std::optional<Status> from, Status to) {
  task::TaskChange change;
  change.from = from;
  change.to = to;
  return change;
}

task::TaskChange ended(Status to) { return change(Status::in_progress, to); }

TEST_CASE("a window forgets what ended before it, to a sixtieth of it") {
  rule::Window window(10min);
  CHECK(window.next_change(kNow) == task::kNoTime);
  window.add(kNow, ended(Status::failed));
  window.add(kNow + 5s, ended(Status::completed));
  window.add(kNow + 5min, ended(Status::completed));
  auto baseline = ended(Status::failed);
  baseline.baseline = true;
  window.add(kNow + 5min, baseline);
  CHECK(window.sums(kNow + 6min).finished == 3);
  CHECK(window.sums(kNow + 6min).failed == 1);
  CHECK(window.next_change(kNow + 6min) == kNow + 10min);
  CHECK(window.sums(kNow + 10min).finished == 1);
  CHECK(window.next_change(kNow + 10min) == kNow + 15min);
  CHECK(window.sums(kNow + 15min).finished == 0);
  CHECK(window.next_change(kNow + 15min) == task::kNoTime);
}

TEST_CASE("what is no end of an attempt leaves nothing in a window") {
  rule::Window window(10min);
  window.add(kNow, change({}, Status::pending));
  window.add(kNow, change(Status::pending, Status::in_progress));
  window.add(kNow, change(Status::failed, Status::completed));  // of an attempt that it does not know
  CHECK(window.sums(kNow) == task::RunSums{});
  CHECK(window.next_change(kNow) == task::kNoTime);
}

TEST_CASE("outcomes and costs that come late count when they come") {
  rule::Window window(10min);
  window.add(kNow, ended(Status::completed));
  auto late = change(Status::completed, Status::completed);
  late.kind = task::ChangeKind::late;
  late.news = static_cast<std::uint16_t>(task::Told::call) | static_cast<std::uint16_t>(task::Told::cost);
  late.facts.outcome = task::CallStatus::busy;
  late.facts.cost = 0.5;
  window.add(kNow + 5min, late);
  CHECK(window.sums(kNow + 6min).finished == 1);
  CHECK(window.sums(kNow + 11min).finished == 0);
  CHECK(window.sums(kNow + 11min).outcomes[task::index(task::CallStatus::busy)] == 1);
  CHECK(window.sums(kNow + 11min).cost == 0.5);
}

TEST_CASE("an attempt of which it is said later that it ended otherwise is corrected where it stands") {
  rule::Window window(10min);
  window.add(kNow, ended(Status::failed));
  window.add(kNow + 2min, ended(Status::completed));
  window.add(kNow + 4min, change(Status::failed, Status::completed));
  CHECK(window.sums(kNow + 5min).failed == 0);
  CHECK(window.sums(kNow + 5min).finished == 2);
  window.add(kNow + 4min, change(Status::completed, Status::failed));
  CHECK(window.sums(kNow + 5min).failed == 1);
  window.add(kNow + 4min, change(Status::completed, Status::failed));
  window.add(kNow + 4min, change(Status::completed, Status::failed));  // more than there are
  CHECK(window.sums(kNow + 5min).failed == 2);
  CHECK(window.sums(kNow + 11min).failed == 1);
  CHECK(window.next_change(kNow + 5min) == kNow + 10min);
}

TEST_CASE("whatever happens, a window holds all of the last 59 sixtieths and nothing older than itself") {
  const auto seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<core::Duration::rep>(random() % n); };
  for (int round = 0; round < 50; ++round) {
    const core::Duration length = 1min + core::Duration(below(3'600'000));
    rule::Window window(length);
    std::vector<core::WallTime> all;
    auto now = kNow;
    for (int step = 0; step < 300; ++step) {
      now += core::Duration(below(static_cast<std::uint64_t>(length.count() / 20)));
      window.add(now, ended(Status::failed));
      all.push_back(now);
      const auto later = now + core::Duration(below(static_cast<std::uint64_t>(length.count())));
      const auto within = [&](core::Duration span) {
        return std::ranges::count_if(all, [&](core::WallTime at) { return at + span > later; });
      };
      const auto held = static_cast<std::ptrdiff_t>(window.sums(later).finished);
      CHECK(held <= within(length));
      CHECK(held >= within(length - length / 60));
      const auto next = window.next_change(later);
      CHECK((next == task::kNoTime) == (held == 0));
      if (held == 0) continue;
      CHECK(next > later);
      CHECK(static_cast<std::ptrdiff_t>(window.sums(next - 1ms).finished) == held);
      CHECK(static_cast<std::ptrdiff_t>(window.sums(next).finished) < held);
    }
  }
}

}  // namespace
