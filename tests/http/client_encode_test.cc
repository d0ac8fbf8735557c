#include <doctest/doctest.h>

#include <string>

#include "http/client.h"

namespace runwatch::http {
namespace {

TEST_CASE("everything but unreserved characters is percent-encoded") {
  struct Case {
    std::string_view text;
    std::string_view encoded;
  };
  const Case cases[] = {
      {"", ""},
      {"AZaz09-._~", "AZaz09-._~"},
      {"a b/c?d=e&f#g+h%i", "a%20b%2Fc%3Fd%3De%26f%23g%2Bh%25i"},
      {"@[`{:", "%40%5B%60%7B%3A"},
      {"\xc3\xa4\xff", "%C3%A4%FF"},
      {std::string_view("\0\n\x7f", 3), "%00%0A%7F"},
  };
  for (const auto& [text, encoded] : cases) CHECK(percent_encode(text) == encoded);
}

TEST_CASE("a header is found whatever its case, the first one of several") {
  const Response response{200, {{"X-One", "1"}, {"retry-AFTER", "120"}, {"Retry-After", "5"}, {"X-Empty", ""}}, {}};
  CHECK(response.header("Retry-After") == "120");
  CHECK(response.header("x-one") == "1");
  CHECK(response.header("x-empty") == "");
  CHECK_FALSE(response.header("x-on").has_value());
  CHECK_FALSE(response.header("x-one ").has_value());
  CHECK_FALSE(response.header("").has_value());
}

}  // namespace
}  // namespace runwatch::http
