#include "core/ascii.h"

#include <doctest/doctest.h>

using namespace runwatch;

TEST_CASE("case is folded for the letters of ASCII and for nothing else") {
  CHECK(core::lower("AZaz09@[`{\xC3\x84") == "azaz09@[`{\xC3\x84");
  CHECK(core::equal_ignoring_case("Keep-Alive", "kEEP-aLIVE"));
  CHECK_FALSE(core::equal_ignoring_case("@", "`"));
  CHECK_FALSE(core::equal_ignoring_case("a", "ab"));
  CHECK_FALSE(core::equal_ignoring_case("", "a"));
}

TEST_CASE("what is around a text is trimmed, what is within stays") {
  const struct {
    std::string_view text, trimmed;
  } cases[] = {{"", ""}, {" \t\r\n", ""}, {"a", "a"}, {" a b\r\n", "a b"}, {"\fa\f", "\fa\f"}};
  for (const auto& c : cases) CHECK(core::trim(c.text) == c.trimmed);
  CHECK(core::trim("\r a\r", " ") == "\r a\r");
}

TEST_CASE("hexadecimal digits are read in both cases and written in lower case") {
  for (unsigned value = 0; value < 16; ++value) {
    CHECK(core::hex_value(core::hex_digit(value)) == static_cast<int>(value));
    CHECK(core::hex_digit(value + 16) == core::hex_digit(value));
  }
  CHECK(core::hex_value('F') == 15);
  for (const char c : {'g', 'G', '/', ':', '@', '`', '\0', '\xff'}) CHECK(core::hex_value(c) == -1);
}
