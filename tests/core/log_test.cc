#include "core/log.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "core/text.h"
#include "support/standard_error.h"

using namespace runwatch::core;
using namespace std::chrono_literals;
using log::Format;
using log::Level;

namespace {

const WallTime kNow{Duration(1770443865007)};

std::string value_as(Format format, std::string_view value) {
  const std::string line = log::line(format, kNow, Level::info, "m", {{"k", value}});
  const std::string before = format == Format::json ? R"(,"k":)" : " k=";
  const std::string rest = line.substr(line.find(before) + before.size());
  return format == Format::json ? rest.substr(0, rest.size() - 1) : rest;
}

}  // namespace

TEST_CASE("an event is one line of logfmt") {
  CHECK(
      log::line(Format::logfmt, kNow, Level::info, "run finished",
                {{"space", "sales"}, {"tasks", 12}, {"took", 1500ms}, {"ok", true}, {"ratio", 0.25}}) ==
      R"(ts=2026-02-07T05:57:45.007Z level=info msg="run finished" space=sales tasks=12 took=1.5s ok=true ratio=0.25)");
  CHECK(log::line(Format::logfmt, WallTime(0ms), Level::warning, "listening", {{"address", "127.0.0.1:0"}}) ==
        "ts=1970-01-01T00:00:00.000Z level=warning msg=listening address=127.0.0.1:0");
}

TEST_CASE("an event is one JSON object with bare numbers") {
  CHECK(log::line(Format::json, kNow, Level::error, "run finished",
                  {{"space", "sales"}, {"tasks", 12}, {"took", 2s}, {"ok", false}, {"at", kNow}}) ==
        R"({"ts":"2026-02-07T05:57:45.007Z","level":"error","msg":"run finished","space":"sales","tasks":12,)"
        R"("took":"2s","ok":false,"at":"2026-02-07T05:57:45.007Z"})");
}

TEST_CASE("values cannot break out of their place in the line") {
  struct Case {
    std::string_view value;
    const char* logfmt;
    const char* json;
  };
  const Case cases[] = {
      {"plain", "plain", R"("plain")"},
      {"with space", R"("with space")", R"("with space")"},
      {"a=b", R"("a=b")", R"("a=b")"},
      {"quote\"", R"("quote\"")", R"("quote\"")"},
      {"back\\slash", R"("back\\slash")", R"("back\\slash")"},
      {"x\nlevel=error", R"("x\nlevel=error")", R"("x\nlevel=error")"},
      {"\r\t", R"("\r\t")", R"("\r\t")"},
      {std::string_view("\0\x1b\x7f", 3), R"("\u0000\u001b\u007f")", R"("\u0000\u001b\u007f")"},
      {"\u0085", R"("\u0085")", R"("\u0085")"},
      {"\u202Ertl", R"("\u202ertl")", R"("\u202ertl")"},
      {"\u2028", R"("\u2028")", R"("\u2028")"},
      {"\U000E0041", R"("\udb40\udc41")", R"("\udb40\udc41")"},
      {"caf\u00e9", "\"caf\u00e9\"", "\"caf\u00e9\""},
      {"bad\xFF", "\"bad\uFFFD\"", "\"bad\uFFFD\""},
  };
  for (const auto& c : cases) {
    CHECK(value_as(Format::logfmt, c.value) == c.logfmt);
    CHECK(value_as(Format::json, c.value) == c.json);
  }
}

TEST_CASE("an empty value is left out with its key, and so is a number of held back lines that is 0") {
  const log::Field fields[] = {{"run", ""}, {"error", std::string()}, log::suppressed(0)};
  for (const auto& field : fields) {
    CHECK(log::line(Format::logfmt, kNow, Level::info, "m", {field}).ends_with(" msg=m"));
    CHECK(log::line(Format::json, kNow, Level::info, "m", {field}).ends_with(R"("msg":"m"})"));
  }
  CHECK(log::line(Format::json, kNow, Level::info, "m", {log::suppressed(7)}).ends_with(R"("suppressed":7})"));
}

TEST_CASE("a long value is cut so that the line stays whole") {
  const std::string values[] = {std::string(5000, 'x'), std::string(5000, '\n'), std::string(5000, '"')};
  for (const auto& value : values) {
    const std::string json = value_as(Format::json, value);
    CHECK(json.size() < 1100);
    CHECK(json.ends_with("…\""));
    CHECK(value_as(Format::logfmt, value).size() < 1100);
  }
}

TEST_CASE("numbers that JSON cannot write are strings there") {
  const double odd[] = {std::nan(""), -std::nan(""), std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity()};
  const char* const expected[] = {R"("k":"nan"})", R"("k":"-nan"})", R"("k":"inf"})", R"("k":"-inf"})"};
  for (std::size_t i = 0; i < std::size(odd); ++i)
    CHECK(log::line(Format::json, kNow, Level::info, "m", {{"k", odd[i]}}).ends_with(expected[i]));
}

TEST_CASE("extreme numbers keep every digit") {
  CHECK(log::Field("k", INT64_MIN).value == "-9223372036854775808");
  CHECK(log::Field("k", UINT64_MAX).value == "18446744073709551615");
  CHECK(log::Field("k", static_cast<unsigned char>(200)).value == "200");
}

TEST_CASE("lines below the level are counted and not written") {
  const auto before = log::counts().lines;
  log::configure(Level::warning, Format::logfmt);
  const std::string out = runwatch::test::standard_error_of([] {
    log::error("first");
    log::warning("second", {{"text", "forged\nline"}});
    log::info("third");
    log::debug("fourth");
  });
  log::configure(Level::info, Format::logfmt);
  CHECK(out.find("level=error msg=first\n") != std::string::npos);
  CHECK(out.find("level=warning msg=second text=\"forged\\nline\"\n") != std::string::npos);
  CHECK(out.find("third") == std::string::npos);
  CHECK(out.find("fourth") == std::string::npos);
  const auto after = log::counts().lines;
  for (std::size_t i = 0; i < after.size(); ++i) CHECK(after[i] == before[i] + 1);
}

TEST_CASE("lines of several threads do not mix") {
  const std::string text(300, 'x');
  const std::string out = runwatch::test::standard_error_of([&] {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 100; ++i) log::info("line", {{"text", text}});
      });
  });
  std::size_t lines = 0;
  for (std::size_t from = 0, end = 0; (end = out.find('\n', from)) != std::string::npos; from = end + 1, ++lines) {
    CHECK(out.compare(from, 3, "ts=") == 0);
    CHECK(out.compare(end - 306, 306, " text=" + text) == 0);
  }
  CHECK(lines == 400);
}

TEST_CASE("a rate limit lets one line through per subject, kind and period and tells how many it held back") {
  log::RateLimit limit(10s);
  const SteadyTime start{};
  CHECK(limit.admit("a", "x", start) == 0);
  CHECK(limit.admit("a", "x", start + 1s) == std::nullopt);
  CHECK(limit.admit("a", "x", start + 9s) == std::nullopt);
  CHECK(limit.admit("a", "y", start + 9s) == 0);
  CHECK(limit.admit("b", "x", start + 9s) == 0);
  CHECK(limit.admit("a", "x", start + 10s) == 2);
  CHECK(limit.admit("a", "x", start + 11s) == std::nullopt);
  CHECK(limit.admit("a", "x", start + 30s) == 1);
  CHECK(limit.admit("a", "x", start + 60s) == 0);
}

TEST_CASE("the end of trouble is told once, with what was held back of all its kinds") {
  log::RateLimit limit(10s);
  const SteadyTime start{};
  CHECK(limit.ended("a", start) == std::nullopt);
  CHECK_FALSE(limit.may_end("a", start));
  limit.admit("a", "x", start);
  limit.admit("a", "y", start);
  for (int i = 0; i < 5; ++i) limit.admit("a", "x", start + 1s);
  limit.admit("a", "y", start + 1s);
  limit.admit("b", "x", start);
  CHECK(limit.may_end("a", start + 2s));
  CHECK(limit.ended("a", start + 2s) == 6);
  CHECK_FALSE(limit.may_end("a", start + 3s));
  CHECK(limit.ended("a", start + 3s) == std::nullopt);
  CHECK(limit.ended("b", start + 3s) == 0);
}

TEST_CASE(
    "trouble that comes and goes is told as seldom as trouble that stays, and none of it is lost from the count") {
  log::RateLimit limit(10s);
  const SteadyTime start{};
  std::uint64_t told = 0;
  std::uint64_t ends = 0;
  std::uint64_t held_back = 0;
  const auto count = [&](std::optional<std::uint64_t> admitted, std::uint64_t& lines) {
    if (admitted) ++lines;
    held_back += admitted.value_or(0);
  };
  for (auto now = start; now < start + 25s; now += 1s) {
    count(limit.admit("a", "x", now), told);
    const bool may_end = limit.may_end("a", now + 500ms);
    const auto end = limit.ended("a", now + 500ms);
    CHECK(may_end == end.has_value());
    count(end, ends);
  }
  CHECK(told == 3);
  CHECK(ends == 3);
  CHECK(told + held_back == 21);  // those since the last line are told when the period is over
  CHECK(limit.ended("a", start + 29s) == std::nullopt);
  CHECK(limit.ended("a", start + 31s) == 4);
  CHECK(limit.ended("a", start + 60s) == std::nullopt);
}

TEST_CASE("a rate limit forgets trouble rather than growing without bound") {
  log::RateLimit limit(10s);
  const SteadyTime start{};
  for (int i = 0; i < 5000; ++i) CHECK(limit.admit("key" + std::to_string(i), "x", start) == 0);
  CHECK(limit.admit("key4999", "x", start + 1s) == std::nullopt);
  CHECK(limit.admit("key0", "x", start + 1s) == 0);  // forgotten when room was made
}
