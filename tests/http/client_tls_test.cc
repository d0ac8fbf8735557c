#include <string>

#include "http/client_fixture.h"
#include "http/tls_peer.h"

namespace runwatch::http {
namespace {

using namespace runwatch::test;
using namespace std::chrono_literals;

Answer ask_trusting(const std::string& ca_file, const std::string& url) {
  return make_client({.ca_file = ca_file})->send(request_for(url), {});
}

TEST_CASE("a self-signed peer is refused, and served once its certificate is the configured one") {
  const TlsIdentity identity("IP:127.0.0.1");
  const TlsPeer peer(identity);
  const auto refused = ask(peer.url());
  CHECK(reason_of(refused) == TransportError::tls);
  CHECK(refused.error().text.find("self-signed") != std::string::npos);
  const auto served = ask_trusting(identity.path(), peer.url());
  REQUIRE(served.has_value());
  CHECK(served->body == "{}");
}

TEST_CASE("a certificate for another host, or another certificate than the configured one, is refused") {
  const TlsIdentity here("IP:127.0.0.1");
  const TlsIdentity elsewhere("DNS:elsewhere.test");
  const TlsPeer wrong_name(elsewhere);
  const auto refused = ask_trusting(elsewhere.path(), wrong_name.url());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().reason == TransportError::tls);
  const TlsPeer untrusted(here);
  CHECK(reason_of(ask_trusting(elsewhere.path(), untrusted.url())) == TransportError::tls);
  CHECK(reason_of(ask_trusting("/nowhere/ca.pem", untrusted.url())) == TransportError::tls);
}

TEST_CASE("a peer that offers nothing newer than TLS 1.1 is refused") {
  const TlsIdentity identity("IP:127.0.0.1");
  const TlsPeer old(identity, {.newest_version = TLS1_1_VERSION});
  CHECK(reason_of(ask_trusting(identity.path(), old.url())) == TransportError::tls);
  const TlsPeer enough(identity, {.newest_version = TLS1_2_VERSION});
  CHECK(ask_trusting(identity.path(), enough.url()).has_value());
}

TEST_CASE("a TLS connection is kept for the next request") {
  const TlsIdentity identity("IP:127.0.0.1");
  const TlsPeer peer(identity);
  const auto client = make_client({.ca_file = identity.path()});
  for (int i = 0; i < 3; ++i) CHECK(client->send(request_for(peer.url()), {}).has_value());
  CHECK(peer.handshakes() == 1);
}

TEST_CASE("a peer that speaks no TLS is tls, one that hangs in the handshake is timeout or cancelled") {
  const ScriptedPeer plain({{send(http_answer("400 Bad Request", "no TLS here")), hang()}});
  const std::string tail = ":" + std::to_string(plain.port()) + "/";
  CHECK(reason_of(ask("https://127.0.0.1" + tail)) == TransportError::tls);

  const ScriptedPeer silent({{hang()}});
  const std::string url = "https://127.0.0.1:" + std::to_string(silent.port()) + "/";
  const Stopwatch watch;
  const auto late = ask(url, 200ms);
  CHECK(reason_of(late) == TransportError::timeout);
  CHECK(late.error().text.find("no connection yet") != std::string::npos);
  CHECK(watch.elapsed() < 200ms + kSlack);

  std::stop_source source;
  std::jthread stopper([&] {
    CHECK(silent.wait_received("\x16", 1));  // the client's hello
    source.request_stop();
  });
  const Stopwatch stopped;
  CHECK(reason_of(make_client()->send(request_for(url), source.get_token())) == TransportError::cancelled);
  CHECK(stopped.elapsed() < 5s);
}

}  // namespace
}  // namespace runwatch::http
