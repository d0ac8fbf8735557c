#include "http/reach.h"

#include <doctest/doctest.h>

#include "tls_peer.h"

using namespace runwatch;
using namespace std::chrono_literals;

TEST_CASE("a peer is reached without a request, and its certificate's end is told") {
  const test::TlsIdentity identity("IP:127.0.0.1");
  const test::TlsPeer peer(identity);
  const auto reached = http::reach(peer.url() + "secret/path", {.ca_file = identity.path()}, 5s);
  REQUIRE_MESSAGE(reached.has_value(), (reached ? "" : reached.error().text));
  CHECK(reached->address == "127.0.0.1");
  CHECK(peer.url().find(reached->peer) != std::string::npos);
  REQUIRE(reached->certificate_ends.has_value());
  const auto left = *reached->certificate_ends - core::SystemClock().wall_now();
  CHECK(left > 50min);
  CHECK(left < 61min);
}

TEST_CASE("who is not reached is told with the reason, and never with the path of the URL") {
  const test::TlsIdentity identity("IP:127.0.0.1");
  const test::TlsPeer peer(identity);
  const auto untrusted = http::reach(peer.url() + "secret", {}, 5s);
  REQUIRE_FALSE(untrusted.has_value());
  CHECK(untrusted.error().reason == http::TransportError::tls);
  CHECK(untrusted.error().text.find("secret") == std::string::npos);
  const auto nobody = http::reach("http://127.0.0.1:1/secret", {}, 5s);
  REQUIRE_FALSE(nobody.has_value());
  CHECK(nobody.error().reason == http::TransportError::connect);
  CHECK(nobody.error().text.find("127.0.0.1:1") != std::string::npos);
  CHECK(nobody.error().text.find("secret") == std::string::npos);
}
