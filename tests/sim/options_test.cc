#include "sim/options.h"

#include <doctest/doctest.h>

#include <limits>

#include "sim/world.h"

using namespace runwatch;
using namespace runwatch::sim;
using namespace std::chrono_literals;

TEST_CASE("options out of range are refused by name") {
  const auto refused = [](auto change) {
    Options options;
    change(options);
    const auto checked = check(options);
    return checked ? std::string() : checked.error().text;
  };
  CHECK(refused([](Options&) {}).empty());
  CHECK(refused([](Options& o) { o.speed = 0; }).starts_with("speed"));
  CHECK(refused([](Options& o) { o.speed = std::numeric_limits<double>::quiet_NaN(); }).starts_with("speed"));
  CHECK(refused([](Options& o) { o.spaces = 0; }).starts_with("spaces"));
  CHECK(refused([](Options& o) { o.tasks = 6'000'000; }).starts_with("tasks"));
  CHECK(refused([](Options& o) { o.failure_rate = 1.1; }).starts_with("failure_rate"));
  CHECK(refused([](Options& o) { o.retry_delay = -1ms; }).starts_with("retry_delay"));
}

TEST_CASE("the demo moves within any ten seconds, with failures, retries and recoveries in its first minutes") {
  REQUIRE(check(demo_options()).has_value());
  const core::WallTime start{1'769'858'258'067ms};
  World world(demo_options(), start);
  const auto outline = [&world] {
    std::vector<std::array<std::size_t, kStateNames.size()>> counts;
    for (const auto& space : world.spaces()) {
      for (const auto& run : space.runs) counts.push_back(run->counts);
    }
    return counts;
  };
  std::size_t failed = 0, retried = 0;
  for (auto now = start; now < start + 30min; now += 10s) {
    const auto before = outline();
    world.advance(now + 10s);
    CHECK(outline() != before);
    for (const auto& space : world.spaces()) {
      for (const auto& run : space.runs) {
        failed += run->counts[index(State::failed)];
        for (const auto& task : run->tasks) retried += task.state == State::completed && task.attempt > 1 ? 1U : 0U;
      }
    }
    if (now < start + 3min) continue;
    CHECK(failed > 0);
    CHECK(retried > 0);
  }
  CHECK(world.spaces()[0].name == "sales");
}
