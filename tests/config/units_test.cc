#include "config/units.h"

#include <doctest/doctest.h>

#include <random>

#include "support/seed.h"

using namespace runwatch;
using namespace std::chrono_literals;
using config::format_duration;
using config::format_size;
using config::parse_duration;
using config::parse_size;

TEST_CASE("durations are whole numbers with units, largest first") {
  struct Case {
    const char* text;
    core::Duration expected;
  };
  const Case cases[] = {{"0s", 0ms},
                        {"0", 0ms},
                        {"1ms", 1ms},
                        {"15s", 15s},
                        {"1m", 1min},
                        {"1h30m", 90min},
                        {"7d", 24h * 7},
                        {"1d1ms", 24h + 1ms},
                        {"1m500ms", 60500ms},
                        {"90s", 90s},
                        {"1d2h3m4s5ms", 93784005ms},
                        {"0090s", 90s},
                        {"36525d", 24h * 36525}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(parse_duration(c.text) == c.expected);
  }
}

TEST_CASE("anything else is no duration") {
  for (const char* text : {"",       "s",         "15",
                           "-15s",   "+15s",      "1.5s",
                           "15 s",   " 15s",      "15s ",
                           "15S",    "1w",        "1y",
                           "30m1h",  "1h1h",      "1s1m",
                           "1ms1s",  "15sec",     "99999999999999999999s",
                           "36526d", "36525d1ms", "9223372036854775807ms",
                           "1h30",   "0x1s",      "1e3s",
                           "1hm"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("sizes are one whole number with one unit") {
  CHECK(parse_size("0B") == core::Bytes{0});
  CHECK(parse_size("512B") == core::Bytes{512});
  CHECK(parse_size("1KiB") == core::kib(1));
  CHECK(parse_size("32MiB") == core::mib(32));
  CHECK(parse_size("2GiB") == core::mib(2048));
  for (const char* text : {"", "B", "32", "32MB", "32mib", "32 MiB", "-1B", "1.5MiB", "1MiB1KiB", "1TiB",
                           "1125899906842625B", "1048577GiB", "99999999999999999999B"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text).has_value());
  }
}

TEST_CASE("durations and sizes are written in their shortest form") {
  CHECK(format_duration(0ms) == "0s");
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(24h * 7) == "7d");
  CHECK(format_duration(100ms) == "100ms");
  CHECK(format_size({0}) == "0B");
  CHECK(format_size({1025}) == "1025B");
  CHECK(format_size(core::mib(32)) == "32MiB");
  CHECK(format_size(core::mib(1024)) == "1GiB");
}

TEST_CASE("what is written is read back") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const core::Duration duration(static_cast<std::int64_t>(random() >> (22 + random() % 42)));
    if (duration <= 24h * 36525) REQUIRE(parse_duration(format_duration(duration)) == duration);
    const core::Bytes size{random() >> (14 + random() % 50)};
    if (size.count <= std::uint64_t{1} << 50) REQUIRE(parse_size(format_size(size)) == size);
  }
}
