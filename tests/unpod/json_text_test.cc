#include <doctest/doctest.h>

#include <string>

#include "unpod/decode.h"

using namespace runwatch::unpod;

TEST_CASE("escapes are resolved, and bad ones become U+FFFD and are told") {
  const struct {
    std::string raw, text;
    bool good;
  } cases[] = {
      {"", "", true},
      {"plain ü", "plain ü", true},
      {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t", true},
      {R"(a\u0041\u00e9\u20ac)", "aAé€", true},
      {R"(\ud83d\ude00!)", "😀!", true},
      {R"(\u0000x)", std::string("\0x", 2), true},
      {R"(\ud800)", "\xEF\xBF\xBD", false},
      {R"(\ud800\u0041)",
       "\xEF\xBF\xBD"
       "A",
       false},
      {R"(\ud800\ud83d\ude00)", "\xEF\xBF\xBD😀", false},
      {R"(\udc00x)", "\xEF\xBF\xBDx", false},
      {R"(\qx)", "\xEF\xBF\xBDx", false},
      {R"(\u12)",
       "\xEF\xBF\xBD"
       "12",
       false},
      {R"(\u-123)", "\xEF\xBF\xBD-123", false},
      {"\\", "\xEF\xBF\xBD", false},
  };
  for (const auto& [raw, text, good] : cases) {
    CAPTURE(raw);
    std::string out = ">";
    CHECK(unescape(raw, out) == good);
    CHECK(out == ">" + text);
  }
}

TEST_CASE("markup is taken out of what the platform says, and what is no markup stays") {
  CHECK(without_markup("<html><head><style>a{}</style></head><body><h1>504</h1></body>") == "504");
  CHECK(without_markup("<script>while(1);</script>text<script>open end") == "text");
  CHECK(without_markup("a < b and 3<4") == "a < b and 3<4");
  CHECK(without_markup("<!-- note -->x</p") == "x");
  CHECK(without_markup(" \n ").empty());
  CHECK(without_markup("").empty());
  CHECK(without_markup("<") == "<");
  CHECK(without_markup(std::string(1'000'000, '<')).size() <= 64 * 1024);
}
