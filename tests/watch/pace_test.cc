#include "watch/pace.h"

#include <doctest/doctest.h>

#include <optional>
#include <thread>
#include <type_traits>

using namespace runwatch;
using namespace std::chrono_literals;

namespace {

const auto kNoTick = [] {};

// A clock that only waiting moves, by a step a look. Its time is long past by the real clock, so that no wait takes
// any.
class IdleClock final : public core::Clock {
 public:
  core::WallTime wall_now() const override { return core::WallTime(1h); }
  core::SteadyTime steady_now() const override { return core::SteadyTime(1s + now); }
  core::Duration now{};
};

// One asker, and what it is told.
struct Asker {
  explicit Asker(double rate = 10, double burst = 1, core::Duration shortest_pause = 0ms)
      : pace(rate, burst, clock, shortest_pause) {}

  // How long the next request waits.
  core::Duration ask() {
    const auto waited = pace.admit({}, [this] { clock.now += step; });
    REQUIRE(waited);
    sent = clock.steady_now();
    clock.now += 1ms;
    return *waited;
  }
  void refused(std::optional<core::Duration> retry_after = {}) { pace.throttled(sent, retry_after); }
  void answered() { pace.answered(sent); }

  IdleClock clock;
  core::Duration step = 1ms;
  watch::Pace pace;
  core::SteadyTime sent{};
};

template <class T>
bool between(T low, std::type_identity_t<T> value, std::type_identity_t<T> high) {
  return low <= value && value <= high;
}

}  // namespace

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

TEST_CASE("refusals in a row double the time between requests, up to a limit, and take the burst away") {
  Asker asker(10, 5);
  asker.step = 20ms;
  for (const auto spacing : {200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 12800ms, 15000ms, 15000ms}) {
    asker.ask();
    asker.refused();
    CHECK(between(spacing - 1ms, asker.ask(), spacing * 5 / 4 + asker.step));
    asker.clock.now += 1min;  // no burst is saved up
    asker.ask();
    CHECK(between(spacing - 1ms, asker.ask(), spacing * 5 / 4 + asker.step));
  }
}

TEST_CASE(
    "answers make it faster again, in small steps near the pace that was refused, and never faster than configured") {
  Asker asker;
  asker.ask();
  for (int i = 0; i < 6; ++i) {
    asker.refused();
    asker.ask();
  }
  int in_all = 0;
  core::Duration before = 1h;
  for (; before > 100ms; ++in_all) {
    REQUIRE(in_all < 100);
    asker.answered();
    asker.ask();
    const auto waited = asker.ask();
    CHECK(waited <= before);
    if (in_all > 6) CHECK(waited >= before * 97 / 100 - 2ms);
    before = waited;
  }
  CHECK(between(35, in_all, 50));
  for (int i = 0; i < 20; ++i) {
    asker.answered();
    CHECK(asker.ask() >= 98ms);
  }
}

TEST_CASE("what was in the air when a refusal came speaks neither for a slower pace nor for a faster one") {
  Asker asker(10, 4);
  for (int i = 0; i < 4; ++i) asker.ask();
  for (int i = 0; i < 3; ++i) asker.refused();
  asker.answered();
  CHECK(between(198ms, asker.ask(), 250ms));
  CHECK(between(198ms, asker.ask(), 200ms));
}

TEST_CASE("refusals that come between answers slow the pace to an eighth of the rate and no further") {
  Asker asker;
  asker.step = 20ms;
  for (int i = 0; i < 100; ++i) {
    asker.ask();
    asker.answered();
    asker.ask();
    asker.refused();
  }
  CHECK(asker.ask() <= 1s + asker.step);
  asker.answered();
  asker.ask();
  CHECK(asker.ask() <= 800ms + asker.step);
}

TEST_CASE("a pause that the platform asks for lasts from the shortest one to a quarter of an hour") {
  const struct {
    core::Duration asked, lasts;
  } cases[] = {{0ms, 10s}, {9s, 10s}, {60s, 60s}, {15min, 15min}, {365 * 24h, 15min}};
  for (const auto& [asked, lasts] : cases) {
    Asker asker(10, 1, 10s);
    asker.step = 500ms;
    asker.ask();
    CHECK(asker.pace.throttled(asker.sent, asked) == lasts);
    CHECK(asker.pace.pause_left() == lasts);
    CHECK(between(lasts, asker.ask(), lasts + asker.step));
  }
  Asker none(10, 1, 10s);
  none.ask();
  CHECK(between(200ms, none.pace.throttled(none.sent, std::nullopt), 250ms));
  CHECK_FALSE(none.pace.is_paused());
}

TEST_CASE("a pause is never shortened by another one") {
  Asker asker(10, 1, 10s);
  asker.ask();
  asker.refused(60s);
  asker.refused(20s);
  CHECK(asker.pace.pause_left() == 60s);
}

TEST_CASE("a new rate holds at once and leaves a pause and a slower pace as they are") {
  Asker asker(0.01, 10);
  for (int i = 0; i < 10; ++i) asker.ask();
  asker.pace.set_rate(10, 1, 10s);
  CHECK(between(98ms, asker.ask(), 101ms));
  asker.refused();
  asker.ask();
  asker.pace.set_rate(20, 5, 10s);
  CHECK(between(198ms, asker.ask(), 200ms));
  asker.refused(60s);
  asker.pace.set_rate(1000, 10, 10s);
  CHECK(asker.pace.pause_left() == 60s);
  asker.step = 500ms;
  CHECK(asker.ask() >= 60s);

  core::SystemClock clock;
  watch::Pace waited_for(0.001, 1, clock);
  waited_for.admit({}, kNoTick);
  std::jthread other([&] { waited_for.set_rate(1000, 1, 0s); });
  CHECK(waited_for.admit({}, kNoTick));
}
