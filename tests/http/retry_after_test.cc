#include <doctest/doctest.h>

#include <utility>

#include "core/timestamp.h"
#include "http/client.h"

using namespace runwatch;
using namespace std::chrono_literals;

TEST_CASE("Retry-After is read as seconds or as any form of an HTTP date") {
  const core::WallTime now = core::parse_timestamp("1994-11-06T08:49:07Z").value();
  const std::pair<const char*, std::optional<core::Duration>> cases[] = {
      {"0", 0ms},
      {"120", 120s},
      {" 7 ", 7s},
      {"31536000", 365 * 24h},
      {"31536001", 365 * 24h},
      {"99999999999999999999999999", 365 * 24h},
      {"Sun, 06 Nov 1994 08:49:37 GMT", 30s},
      {"Sunday, 06-Nov-94 08:49:37 GMT", 30s},
      {"Sun Nov  6 08:49:37 1994", 30s},
      {"Sun, 06 Nov 1994 08:49:07 GMT", 0ms},
      {"Fri, 01 Jan 2100 00:00:00 GMT", 365 * 24h},
      {"Sun, 06 Nov 1994 08:49:06 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 08:49:37", std::nullopt},
      {"Sun, 06 Nov 1994 08:49:37 GMT and more", std::nullopt},
      {"-1", std::nullopt},
      {"1.5", std::nullopt},
      {"+5", std::nullopt},
      {"soon", std::nullopt},
      {"", std::nullopt},
      {"12 34", std::nullopt},
      {"0x10", std::nullopt},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(http::parse_retry_after(text, now) == expected);
  }
}
