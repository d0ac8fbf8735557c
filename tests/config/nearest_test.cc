#include <doctest/doctest.h>

#include "config/findings.h"

using runwatch::config::nearest;

TEST_CASE("the nearest word is the one with the fewest slips") {
  const std::vector<std::string> keys{"base_url", "org_handle", "token", "token_file", "timeout", "page_size", "burst"};
  CHECK(nearest("bsae_url", keys) == "base_url");
  CHECK(nearest("baseurl", keys) == "base_url");
  CHECK(nearest("BASE_URL", keys) == "base_url");
  CHECK(nearest("tokens", keys) == "token");
  CHECK(nearest("tokenfile", keys) == "token_file");
  CHECK(nearest("time_out", keys) == "timeout");
  CHECK(nearest("pagesise", keys) == "page_size");
  CHECK(nearest("brust", keys) == "burst");
}

TEST_CASE("a word like none of the others has no nearest one") {
  const std::vector<std::string> keys{"level", "format"};
  CHECK_FALSE(nearest("x", keys).has_value());
  CHECK_FALSE(nearest("", keys).has_value());
  CHECK_FALSE(nearest("retention", keys).has_value());
  CHECK_FALSE(nearest(std::string(100'000, 'l'), keys).has_value());
  CHECK_FALSE(nearest("level", {}).has_value());
}
