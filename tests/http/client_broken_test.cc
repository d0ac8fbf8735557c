#include <fmt/format.h>

#include <string>

#include "http/client_fixture.h"
#include "http/gzip_fixture.h"

namespace runwatch::http {
namespace {

using namespace runwatch::test;

const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

TEST_CASE("an answer that ends before its end is truncated, never data") {
  const std::string packed = gzip(std::string(1000, 'x'));
  const std::string cut = packed.substr(0, packed.size() - 3);
  const PeerScript scripts[] = {
      {send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123456789"), close()},
      {send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), close()},
      {send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), reset()},
      {send(kChunked + "5\r\n12345\r\n"), close()},
      {send(kChunked + "5\r\n123"), close()},
      {send(kChunked + "5\r\n12345\r\n0\r\n"), close()},
      {send(kChunked), reset()},
      {send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Cut: "), close()},
      {send("HTTP/1.1 200 OK\r\n"), close()},
      {send("HTTP/1.1 103 Early Hints\r\n\r\n"), close()},
      {close()},
      {reset()},
      {send(http_answer("200 OK", cut, "Content-Encoding: gzip\r\n"))},
      {send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + cut), close()},
      {send(http_answer("200 OK", packed.substr(0, 10), "Content-Encoding: gzip\r\n"))},
  };
  for (std::size_t number = 0; number < std::size(scripts); ++number) {
    CAPTURE(number);
    CHECK(reason_of(answer_to(scripts[number])) == TransportError::truncated);
  }
}

TEST_CASE("what is not HTTP/1.x is bad_http, never data") {
  const std::string packed = gzip("{}");
  const PeerScript scripts[] = {
      {send("{\"data\":[]}\r\n\r\n"), close()},
      {send(std::string("\0\x01\x02\xff\r\n\r\n", 8)), close()},
      {send("HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\n{}"), close()},
      {send("HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\n{}"), close()},
      {send("HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n{}"), close()},
      {send("HTTP/1.1 0 OK\r\nContent-Length: 2\r\n\r\n{}"), close()},
      {send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n{}"), close()},
      {send("HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\n{}"), close()},
      {send("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"), close()},
      {send(kChunked + "xyz\r\n12345\r\n0\r\n\r\n"), close()},
      {send(kChunked + "fffffffffffffffffffff\r\n12345\r\n0\r\n\r\n"), close()},
      {send(kChunked + "2\r\n{}\r\n0\r\nX: "), flood("endless")},
      {send("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), close()},
      {send(http_answer("200 OK", "{}", "Content-Encoding: gzip\r\n"))},
      {send(http_answer("200 OK", packed + "{}", "Content-Encoding: gzip\r\n"))},
      {send(http_answer("200 OK", "{}", "Content-Encoding: br\r\n"))},
  };
  for (std::size_t number = 0; number < std::size(scripts); ++number) {
    CAPTURE(number);
    CHECK(reason_of(answer_to(scripts[number])) == TransportError::bad_http);
  }
}

TEST_CASE("a kept-alive connection that died between two requests costs nothing but another connection") {
  const ScriptedPeer peer({{read_request(), send(http_answer("200 OK", "{}")), read_request(), close()},
                           {read_request(), send(http_answer("200 OK", "[]"))}});
  const auto client = make_client();
  const auto request = request_for(peer.url("/"));
  REQUIRE(client->send(request, {}).has_value());
  const auto second = client->send(request, {});
  REQUIRE(second.has_value());
  CHECK(second->body == "[]");
  CHECK(peer.connections() == 2);
}

TEST_CASE("a request that is sent again and fails again leaves no connection behind") {
  const ScriptedPeer peer({{read_request(), send(http_answer("200 OK", "{}")), read_request(), close()},
                           {read_request(), close()},
                           {read_request(), send(http_answer("200 OK", "[]"))}});
  const auto client = make_client();
  const auto request = request_for(peer.url("/"));
  REQUIRE(client->send(request, {}).has_value());
  CHECK_FALSE(client->send(request, {}).has_value());
  const auto third = client->send(request, {});
  REQUIRE(third.has_value());
  CHECK(third->body == "[]");
  CHECK(peer.connections() == 3);
}

TEST_CASE("after any failure the next request has a connection of its own") {
  const std::string text(1000, 'x');
  const PeerScript failures[] = {
      {read_request(), send(http_answer("200 OK", "{}", "Content-Encoding: gzip\r\n")), hang()},
      {read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n"), hang()},
      {read_request(), send("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 0\r\n\r\n"), hang()},
  };
  for (const auto& failure : failures) {
    const ScriptedPeer peer({failure, answer_each(http_answer("200 OK", "{}"))});
    const auto client = make_client();
    CHECK_FALSE(client->send(request_for(peer.url()), {}).has_value());
    CHECK(peer.wait_finished(0));  // closed at once, not kept
    CHECK(client->send(request_for(peer.url()), {}).has_value());
    CHECK(peer.connections() == 2);
  }
}

TEST_CASE("a failure says with whom and what was wrong, and repeats nothing else of the request") {
  const std::pair<PeerScript, std::string> cases[] = {
      {{close()}, "no good answer from HOST: the peer closed without an answer"},
      {{send("nonsense\r\n\r\n"), close()}, "no good answer from HOST: the answer is not proper HTTP/1.x"},
      {{send(kChunked + "xyz\r\n"), close()}, "no good answer from HOST: the answer is not proper HTTP/1.x"},
      {{send(kChunked + "5\r\n1"), close()}, "no good answer from HOST: the connection ended within the answer"},
      {{send(http_answer("200 OK", "{}", "Content-Encoding: gzip\r\n"))},
       "no good answer from HOST: the body is said to be gzip but is not"},
      {{hang()}, "no answer in time from HOST: not done within 99 ms: no complete answer line and headers yet"},
  };
  for (auto [script, expected] : cases) {
    script.insert(script.begin(), read_request());
    const ScriptedPeer peer({script});
    const std::string host = "127.0.0.1:" + std::to_string(peer.port());
    Request request = request_for("http://" + host + "/path?query=1",
                                  std::chrono::milliseconds(expected.find("99") == expected.npos ? 10'000 : 99));
    request.authorization = core::Secret("Token abc");
    const auto answer = make_client()->send(request, {});
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().text == expected.replace(expected.find("HOST"), 4, host));
  }
}

}  // namespace
}  // namespace runwatch::http
