#include "core/text.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "support/seed.h"

using namespace runwatch::core;
using namespace std::string_literals;

TEST_CASE("UTF-8 is told from what is not") {
  for (const auto& good : {""s, "plain"s, "\0"s, "é"s, "€"s, "😀"s, "\x7f"s, "\xF4\x8F\xBF\xBF"s, "\xED\x9F\xBF"s})
    CHECK_MESSAGE(is_valid_utf8(good), good);
  for (const auto& bad : {"\x80"s, "\xC3"s, "\xC0\xAF"s, "\xC1\xBF"s, "\xE0\x80\xAF"s, "\xED\xA0\x80"s, "\xE2\x82"s,
                          "\xF0\x80\x80\xAF"s, "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xFF"s, "ok\xC3("s})
    CHECK_MESSAGE(!is_valid_utf8(bad), bad);
}

TEST_CASE("foreign text is made printable") {
  struct Case {
    std::string foreign;
    std::string expected;
  };
  const Case cases[] = {
      {"", ""},
      {"plain text", "plain text"},
      {"two\r\n\t  lines", "two lines"},
      {"esc\x1b[31m", "esc?[31m"},
      {"nul\0in"s, "nul?in"},
      {"c1\xC2\x9B", "c1?"},
      {"rtl\u202Eoverride", "rtl?override"},
      {"isolate\u2066", "isolate?"},
      {"zero\u200Bwidth", "zero?width"},
      {"caf\xC3\xA9 €", "café €"},
      {"bad\xFF\xC3", "bad??"},
      {"no\u00A0break", "no break"},
  };
  for (const auto& c : cases) CHECK(printable(c.foreign) == c.expected);
}

TEST_CASE("long text is cut at the limit, whole characters only, and the cut is shown") {
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("abcdefg", 6) == "abcde…");
  CHECK(printable("äöüäöü", 3) == "äö…");
  CHECK(printable("ab    ", 3) == "ab ");
  CHECK(printable("anything", 0) == "");
  CHECK(printable("anything", 1) == "…");
  CHECK(printable(std::string(1 << 20, '\n')) == " ");
}

TEST_CASE("repaired text is valid and keeps what was valid") {
  CHECK(to_valid_utf8("plain") == "plain");
  CHECK(to_valid_utf8("café\n") == "café\n");
  CHECK(to_valid_utf8("a\xFFz") == "a\uFFFDz");
  CHECK(to_valid_utf8("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("whatever the bytes, the results are valid UTF-8 and short enough") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 3 == 0 ? 'a' : random());
    const std::string shown = printable(bytes, 10);
    REQUIRE(is_valid_utf8(shown));
    REQUIRE(std::ranges::count_if(shown, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }) <= 10);
    REQUIRE(is_valid_utf8(to_valid_utf8(bytes)));
    if (is_valid_utf8(bytes)) REQUIRE(to_valid_utf8(bytes) == bytes);
  }
}
