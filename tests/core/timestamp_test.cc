#include "core/timestamp.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <ctime>
#include <random>
#include <string>

#include "support/seed.h"

using namespace runwatch::core;

namespace {

std::optional<std::int64_t> ms(std::string_view text) {
  const auto time = parse_timestamp(text);
  if (!time) return std::nullopt;
  return time->time_since_epoch().count();
}

}  // namespace

TEST_CASE("every form the platform sends is read") {
  struct Case {
    const char* text;
    std::int64_t ms;
  };
  const Case cases[] = {
      {"2026-02-07T05:57:45", 1770443865000},
      {"2026-01-31 11:47:38.067021", 1769860058067},
      {"2026-02-07T05:57:45Z", 1770443865000},
      {"2025-01-15T14:30:15.000Z", 1736951415000},
      {"2025-01-15T13:20:00.000000", 1736947200000},
      {"2026-02-07T11:27:45+05:30", 1770443865000},
      {"2026-02-07T11:27:45+0530", 1770443865000},
      {"2026-02-06T21:57:45-08", 1770443865000},
      {"2026-02-07 05:57:45.5+00:00", 1770443865500},
      {"2026-02-07T05:57:45.12Z", 1770443865120},
      {"2026-02-07T05:57:45.123456789Z", 1770443865123},
      {"1970-01-01T00:00:00", 0},
      {"2200-12-31T23:59:59.999Z", 7289654399999},
      {"2024-02-29T00:00:00Z", 1709164800000},
      {"2000-02-29T00:00:00Z", 951782400000},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(ms(c.text) == c.ms);
  }
}

TEST_CASE("anything else is no timestamp") {
  const char* const cases[] = {
      "",
      "junk",
      "2026",
      "2026-02-07",
      "2026-02-07T05:57",
      "2026-02-07T05:57:4",
      "2026-02-07T05:57:45.",
      "2026-02-07T05:57:45.1234567891",
      "2026-02-07T05:57:45 Z",
      "2026-02-07T05:57:45z",
      "2026-02-07t05:57:45",
      "2026-02-07T05:57:45ZZ",
      "2026-02-07T05:57:45Z ",
      " 2026-02-07T05:57:45",
      "2026-02-07T05:57:45+",
      "2026-02-07T05:57:45+5",
      "2026-02-07T05:57:45+05:3",
      "2026-02-07T05:57:45+05:",
      "2026-02-07T05:57:45+24:00",
      "2026-02-07T05:57:45+00:60",
      "2026-02-07T05:57:45+05:30:00",
      "2026/02/07T05:57:45",
      "2026-13-07T05:57:45",
      "2026-00-07T05:57:45",
      "2026-02-00T05:57:45",
      "2026-02-30T05:57:45",
      "2025-02-29T05:57:45",
      "2100-02-29T05:57:45",
      "2026-02-07T24:00:00",
      "2026-02-07T05:60:00",
      "2026-02-07T05:57:60",
      "1969-12-31T23:59:59Z",
      "1970-01-01T00:00:00+05:30",
      "2201-01-01T00:00:00Z",
      "2200-12-31T23:59:59-01:00",
      "9999-12-31T23:59:59Z",
      "+026-02-07T05:57:45",
      "-026-02-07T05:57:45",
      "20260-2-07T05:57:45",
      "2026-02-07T05:57:45,123",
      "\xD9\xA2\xD9\xA0-02-07T05:57:45",
  };
  for (const char* text : cases) {
    CAPTURE(text);
    CHECK_FALSE(parse_timestamp(text).has_value());
  }
  CHECK_FALSE(parse_timestamp(std::string_view("2026-02-07T05:57:45\0", 20)).has_value());
  CHECK_FALSE(parse_timestamp(std::string(1 << 20, '1')).has_value());
}

TEST_CASE("milliseconds since 1970 are taken within the same years") {
  CHECK(timestamp_from_unix_ms(1769858258067)->time_since_epoch().count() == 1769858258067);
  CHECK(timestamp_from_unix_ms(0).has_value());
  CHECK(timestamp_from_unix_ms(7289654399999).has_value());
  CHECK_FALSE(timestamp_from_unix_ms(7289654400000).has_value());
  CHECK_FALSE(timestamp_from_unix_ms(-1).has_value());
  CHECK_FALSE(timestamp_from_unix_ms(INT64_MAX).has_value());
  CHECK_FALSE(timestamp_from_unix_ms(INT64_MIN).has_value());
}

TEST_CASE("timestamps are written in RFC 3339 with milliseconds only where there are some") {
  CHECK(format_timestamp(WallTime(Duration(0))) == "1970-01-01T00:00:00Z");
  CHECK(format_timestamp(WallTime(Duration(1770443865000))) == "2026-02-07T05:57:45Z");
  CHECK(format_timestamp(WallTime(Duration(1770443865007))) == "2026-02-07T05:57:45.007Z");
  CHECK(format_timestamp(WallTime(Duration(-1))) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("how long something lasted is told in two units at most") {
  using namespace std::chrono_literals;
  for (const auto& [length, text] :
       std::initializer_list<std::pair<Duration, const char*>>{{-1s, "0 s"},
                                                               {999ms, "0 s"},
                                                               {119s, "119 s"},
                                                               {120s, "2 min"},
                                                               {119min + 59s, "119 min"},
                                                               {120min, "2 h 0 min"},
                                                               {47h + 59min, "47 h 59 min"},
                                                               {48h, "2 d 0 h"}}) {
    CHECK(lasting(length) == text);
  }
}

TEST_CASE("what is written is read back, and agrees with the C library's calendar") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 5000; ++round) {
    const auto at = static_cast<std::int64_t>(random() % 7289654400000ULL);
    const std::string text = format_timestamp(WallTime(Duration(at)));
    REQUIRE(ms(text) == at);
    const std::time_t second = at / 1000;
    std::tm parts{};
    gmtime_r(&second, &parts);
    const std::string expected =
        fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                    parts.tm_hour, parts.tm_min, parts.tm_sec);
    REQUIRE(text.substr(0, 19) == expected);
  }
}

TEST_CASE("any prefix or changed byte of a timestamp is read or refused, never misread as out of range") {
  const std::string whole = "2026-02-07T05:57:45.123+05:30";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const auto time = parse_timestamp(std::string_view(whole).substr(0, cut));
    if (time) CHECK(time->time_since_epoch().count() / 1000 >= 1770424065);
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[at] = static_cast<char>(byte);
      if (const auto time = ms(changed)) CHECK((*time >= 0 && *time < 7289654400000));
    }
  }
}
