#include "config/address.h"

#include <doctest/doctest.h>

#include <string>

using namespace runwatch::config;

TEST_CASE("a base URL is a scheme, a host, and at most a port and a path") {
  struct Case {
    const char* text;
    Url expected;
  };
  const Case cases[] = {
      {"https://unpod.dev", {"https://unpod.dev", "unpod.dev", true}},
      {"https://unpod.dev/", {"https://unpod.dev", "unpod.dev", true}},
      {"HTTP://localhost:3001", {"http://localhost:3001", "localhost", false}},
      {"https://proxy.example/unpod//", {"https://proxy.example/unpod", "proxy.example", true}},
      {"http://[::1]:8080/x", {"http://[::1]:8080/x", "::1", false}},
      {"https://10.0.0.1:65535", {"https://10.0.0.1:65535", "10.0.0.1", true}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto url = parse_base_url(c.text);
    REQUIRE(url.has_value());
    CHECK(*url == c.expected);
  }
}

TEST_CASE("an impossible base URL is refused with its reason and without its content") {
  struct Case {
    std::string text;
    const char* reason;
  };
  const Case cases[] = {
      {"", "is empty"},
      {"unpod.dev", "has no scheme"},
      {"//unpod.dev", "has no scheme"},
      {"ftp://unpod.dev", "must begin with https:// or http://"},
      {"file:///etc/passwd", "must begin with https:// or http://"},
      {"://unpod.dev", "must begin with"},
      {"https://", "has no host"},
      {"https:///path", "has no host"},
      {"https://:443", "has no host"},
      {"https://user:hunter2@unpod.dev", "must not hold a user or password"},
      {"https://hunter2@unpod.dev", "must not hold a user or password"},
      {"https://unpod.dev\r\nX: y", "control"},
      {"https://unpod.dev\n", "control"},
      {"https://unpod .dev", "space"},
      {"https://unpod.dev\\@evil", "backslash"},
      {std::string("https://unpod.dev\0", 18), "control"},
      {"https://münchen.example", "non-ASCII"},
      {"https://unpod.dev:65536", "impossible port"},
      {"https://unpod.dev:0", "impossible port"},
      {"https://unpod.dev:", "impossible port"},
      {"https://unpod.dev:+80", "impossible port"},
      {"https://unpod.dev:80x", "impossible port"},
      {"https://unpod.dev?x=1", "query"},
      {"https://unpod.dev/#top", "fragment"},
      {"https://unpod.dev:443:443", "impossible host"},
      {"https://[::1", "impossible host"},
      {"https://[nonsense]:80", "impossible host"},
      {"https://[::1]80", "impossible host"},
      {"https://256.1.1.1", "impossible host"},
      {"https://a..b", "impossible host"},
      {"https://a%62c", "impossible host"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto url = parse_base_url(c.text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().find(c.reason) != std::string::npos);
    CHECK(url.error().find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a listening address is HOST:PORT, [IPv6]:PORT or :PORT") {
  CHECK(*parse_listen("127.0.0.1:10321") == Listen{"127.0.0.1", 10321});
  CHECK(*parse_listen("[::1]:0") == Listen{"::1", 0});
  CHECK(*parse_listen("[::]:65535") == Listen{"::", 65535});
  CHECK(*parse_listen(":9000") == Listen{kEveryAddress, 9000});
  CHECK(*parse_listen("localhost:1") == Listen{"localhost", 1});
  for (const char* text : {"", "10321", "localhost", "localhost:", "localhost:http", "localhost:65536", "localhost:-1",
                           "::1:10321", "[::1]", "[::1]10", "*:80", "a b:80", "http://localhost:80", "256.0.0.1:80",
                           "localhost:80:80", "localhost:80\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_listen(text).has_value());
  }
}

TEST_CASE("loopback is told by address, not by how a name begins") {
  for (const char* host : {"localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.255.0.3", "::1"})
    CHECK_MESSAGE(is_loopback(host), host);
  for (const char* host : {"127.0.0.1.evil.example", "127.evil", "localhost.evil.example", "notlocalhost", "::2",
                           "10.0.0.1", "0.0.0.0", ""})
    CHECK_MESSAGE(!is_loopback(host), host);
}
