#include "core/backoff.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using runwatch::core::Backoff;
using runwatch::core::Duration;

TEST_CASE("the delay doubles with each failure until the limit") {
  const Backoff backoff{.first = 1s, .limit = 30s};
  const Duration expected[] = {1s, 2s, 4s, 8s, 16s, 30s, 30s};
  for (int failures = 1; failures <= 7; ++failures) CHECK(backoff.delay(failures, 0.5) == expected[failures - 1]);
}

TEST_CASE("jitter scales the delay from three to five quarters and never above the limit") {
  const Backoff backoff{.first = 1s, .limit = 8s};
  CHECK(backoff.delay(1, 0.0) == 750ms);
  CHECK(backoff.delay(1, 1.0) == 1250ms);
  CHECK(backoff.delay(4, 0.0) == 6s);
  CHECK(backoff.delay(4, 1.0) == 8s);
  CHECK(backoff.delay(1, 7.0) == 1250ms);
  CHECK(backoff.delay(1, -7.0) == 750ms);
}

TEST_CASE("no number of failures and no limit overflows") {
  CHECK(Backoff{.first = 1s, .limit = 7 * 24h}.delay(2'000'000'000, 1.0) == 7 * 24h);
  CHECK(Backoff{.first = 1s, .limit = Duration::max()}.delay(2'000'000'000, 1.0) == Duration::max());
  CHECK(Backoff{.first = 10s, .limit = 100ms}.delay(1, 0.5) == 100ms);
}
