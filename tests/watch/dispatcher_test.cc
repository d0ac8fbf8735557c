#include "watch/dispatcher.h"

#include <doctest/doctest.h>

#include <thread>

#include "support/manual_clock.h"

using namespace runwatch;
using namespace std::chrono_literals;
using watch::Dispatcher;
using watch::Planned;

namespace {

Planned poll_of(std::int64_t run, core::SteadyTime due) {
  Planned planned;
  planned.job.run = run;
  planned.due = due;
  return planned;
}

}  // namespace

TEST_CASE("jobs come oldest due first, and none before it is due") {
  test::ManualClock clock;
  Dispatcher dispatcher(clock);
  const auto now = clock.steady_now();
  dispatcher.plan({poll_of(1, now + 10s), poll_of(2, now - 1s), poll_of(3, now - 2s)});
  CHECK(dispatcher.next({}, 0ms)->job.run == 3);
  CHECK(dispatcher.next({}, 0ms)->job.run == 2);
  CHECK_FALSE(dispatcher.next({}, 0ms));
  clock.advance(10s);
  CHECK(dispatcher.next({}, 0ms)->job.run == 1);
  CHECK_FALSE(dispatcher.next({}, 0ms));
}

TEST_CASE("a job planned while somebody waits is handed out when it is due") {
  core::SystemClock clock;
  Dispatcher dispatcher(clock);
  std::jthread planner([&] { dispatcher.plan({poll_of(7, clock.steady_now() + 20ms)}); });
  const auto next = dispatcher.next({}, 10s);
  REQUIRE(next);
  CHECK(next->job.run == 7);
  CHECK(next->due <= clock.steady_now());
}

TEST_CASE("a stop ends the wait for a job") {
  core::SystemClock clock;
  Dispatcher dispatcher(clock);
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  CHECK_FALSE(dispatcher.next(source.get_token(), 1h));
}

TEST_CASE("of two jobs about the same thing only the newer one waits") {
  test::ManualClock clock;
  Dispatcher dispatcher(clock);
  const auto now = clock.steady_now();
  auto newer = poll_of(1, now);
  newer.job.ticket = 2;
  dispatcher.plan({poll_of(1, now - 5s)});
  dispatcher.plan({newer, poll_of(2, now)});
  CHECK(dispatcher.next({}, 0ms)->job.ticket == 2);
  CHECK(dispatcher.next({}, 0ms)->job.run == 2);
  CHECK_FALSE(dispatcher.next({}, 0ms));
}

TEST_CASE("revised jobs come earlier, never later, and those that nobody waits for go") {
  test::ManualClock clock;
  Dispatcher dispatcher(clock);
  const auto now = clock.steady_now();
  dispatcher.plan({poll_of(1, now + 1h), poll_of(2, now + 1s), poll_of(3, now)});
  dispatcher.revise([&](const watch::Job& job) -> std::optional<core::SteadyTime> {
    if (job.run == 3) return std::nullopt;
    return now + 10s;
  });
  CHECK_FALSE(dispatcher.next({}, 0ms));
  clock.advance(1s);
  CHECK(dispatcher.next({}, 0ms)->job.run == 2);
  CHECK_FALSE(dispatcher.next({}, 0ms));
  clock.advance(9s);
  CHECK(dispatcher.next({}, 0ms)->job.run == 1);
}
