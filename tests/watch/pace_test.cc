#include "watch/pace.h"

#include <doctest/doctest.h>

#include <thread>

#include "support/manual_clock.h"

using namespace runwatch;
using namespace std::chrono_literals;

namespace {
const auto kNoTick = [] {};
}

TEST_CASE("a burst passes at once and the next request waits for its turn") {
  core::SystemClock clock;
  watch::Pace pace(100, 3, clock);
  for (int i = 0; i < 3; ++i) CHECK(pace.admit({}, kNoTick)->count() == 0);
  const auto before = clock.steady_now();
  CHECK(pace.admit({}, kNoTick));
  CHECK(clock.steady_now() - before >= 8ms);
}

TEST_CASE("the rate holds over many requests") {
  core::SystemClock clock;
  watch::Pace pace(500, 1, clock);
  const auto before = clock.steady_now();
  for (int i = 0; i < 51; ++i) REQUIRE(pace.admit({}, kNoTick));
  CHECK(clock.steady_now() - before >= 100ms);
}

TEST_CASE("a pause holds requests until it is lifted") {
  core::SystemClock clock;
  watch::Pace pace(1000, 10, clock);
  pace.pause_for(1h);
  CHECK(pace.is_paused());
  std::jthread other([&] { pace.resume(); });
  CHECK(pace.admit({}, kNoTick));
  CHECK_FALSE(pace.is_paused());
}

TEST_CASE("a stop ends every wait") {
  core::SystemClock clock;
  watch::Pace pace(1000, 10, clock);
  pace.pause_for(1h);
  std::stop_source source;
  std::jthread other([&] { source.request_stop(); });
  CHECK_FALSE(pace.admit(source.get_token(), kNoTick));
  pace.wait_while_paused(source.get_token(), 1h);
}

TEST_CASE("a waiting request keeps telling that it is alive") {
  core::SystemClock clock;
  watch::Pace pace(1000, 10, clock);
  pace.pause_for(1h);
  std::stop_source source;
  CHECK_FALSE(pace.admit(source.get_token(), [&] { source.request_stop(); }));
}
