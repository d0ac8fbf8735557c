#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "http/listen.h"
#include "http/server.h"
#include "support/raw_client.h"

using namespace runwatch;
using namespace runwatch::http;

namespace {

ServerResponse empty(const ServerRequest&) { return text_response(200, ""); }

}  // namespace

TEST_CASE("a port in use is refused as busy, by its name, and stays with the first") {
  const auto first = serve({}, empty);
  REQUIRE(first);
  const auto second = serve({.port = (*first)->port()}, empty);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == core::ErrorKind::busy);
  CHECK(second.error().text.find((*first)->address()) != std::string::npos);
  CHECK(second.error().text.find("in use") != std::string::npos);
  test::RawClient client((*first)->port());
  CHECK(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
}

TEST_CASE("whether one could listen is told without keeping anybody from it") {
  auto first = serve({}, empty);
  REQUIRE(first);
  const auto port = (*first)->port();
  CHECK(could_listen_on("127.0.0.1", port).error().kind == core::ErrorKind::busy);
  CHECK(could_listen_on("192.0.2.1", port).error().kind == core::ErrorKind::invalid);
  first->reset();
  CHECK(could_listen_on("127.0.0.1", port));
  CHECK(serve({.port = port}, empty));
}

TEST_CASE("a port is free again as soon as its server is gone, connections or not") {
  auto first = serve({}, empty);
  REQUIRE(first);
  const auto port = (*first)->port();
  test::RawClient client(port);
  REQUIRE(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  first->reset();
  CHECK(serve({.port = port}, empty));
}

TEST_CASE("an address that is not ours, or none, is refused as invalid and named") {
  for (const std::string host : {"192.0.2.1", "no-such-host.invalid", "", "127.0.0.1:80", "2001:db8::1"}) {
    CAPTURE(host);
    const auto server = serve({.host = host}, empty);
    REQUIRE_FALSE(server);
    // A resolver that cannot be reached is no fault of the name.
    CHECK((server.error().kind == core::ErrorKind::invalid || host == "no-such-host.invalid"));
    CHECK(server.error().text.find(host) != std::string::npos);
  }
}

TEST_CASE("the address names the real port, IPv6 in brackets") {
  const auto v4 = serve({.host = "localhost"}, empty);
  REQUIRE(v4);
  CHECK((*v4)->port() != 0);
  CHECK((*v4)->address().ends_with(":" + std::to_string((*v4)->port())));
  const auto v6 = serve({.host = "::1"}, empty);
  if (!v6) return;  // a machine without IPv6
  CHECK((*v6)->address() == "[::1]:" + std::to_string((*v6)->port()));
}

TEST_CASE("an idle server's loop turns all the time") {
  const auto server = serve({}, empty);
  REQUIRE(server);
  const auto before = (*server)->last_progress();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while ((*server)->last_progress() == before && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  CHECK((*server)->last_progress() > before);
}
