#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "http/client_fixture.h"
#include "http/tls_peer.h"

namespace runwatch::http {
namespace {

using namespace runwatch::test;

Answer ask_through(const std::string& proxy, const std::string& url) {
  return make_client({.proxy = proxy})->send(request_for(url), {});
}

TEST_CASE("a request goes through the proxy that is configured, and the answer is the peer's") {
  const ScriptedPeer proxy({{read_request(), send(http_answer("200 OK", "through"))}});
  const auto answer = ask_through(proxy.url(), "http://receiver.test:8080/hook?x=1");
  REQUIRE(answer.has_value());
  CHECK(answer->body == "through");
  CHECK(proxy.received().starts_with("GET http://receiver.test:8080/hook?x=1 HTTP/1.1\r\n"));
}

TEST_CASE("a tunnel is asked for where the peer speaks TLS, and what its proxy says is no answer") {
  const ScriptedPeer open({{read_request(), send("HTTP/1.1 200 Connection established\r\n\r\n"), close()}});
  CHECK(reason_of(ask_through(open.url(), "https://receiver.test/hook")) == TransportError::tls);
  CHECK(open.received().starts_with("CONNECT receiver.test:443 HTTP/1.1\r\n"));
  CHECK(open.received().find("/hook") == std::string::npos);
  const ScriptedPeer shut({{read_request(), send(http_answer("407 Proxy Authentication Required", "who?"))}});
  CHECK(reason_of(ask_through(shut.url(), "https://receiver.test/hook")) == TransportError::connect);
}

TEST_CASE("the environment names neither proxies nor exceptions from them") {
  for (const char* name : {"http_proxy", "all_proxy", "HTTP_PROXY"}) ::setenv(name, "http://127.0.0.1:1", 1);
  const ScriptedPeer peer({{read_request(), send(http_answer("200 OK", "{}"))}});
  CHECK(ask(peer.url()).has_value());
  for (const char* name : {"no_proxy", "NO_PROXY"}) ::setenv(name, "*", 1);
  CHECK(ask_through(peer.url(), "http://receiver.test/").has_value());
  for (const char* name : {"http_proxy", "all_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"}) ::unsetenv(name);
}

}  // namespace
}  // namespace runwatch::http
