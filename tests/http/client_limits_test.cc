#include <fstream>
#include <string>

#include "http/client_fixture.h"
#include "http/gzip_fixture.h"

namespace runwatch::http {
namespace {

using namespace runwatch::test;

const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const std::string kGzip = "Content-Encoding: gzip\r\n";

Answer ask_capped(const ScriptedPeer& peer, core::Bytes cap) {
  Request request = request_for(peer.url());
  request.max_response = cap;
  return make_client()->send(request, {});
}

long resident_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmRSS:") {
  }
  long kib = 0;
  status >> kib;
  return kib;
}

TEST_CASE("status lines and headers beyond their caps are too_large, however they come") {
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "a:\r\n";
  const PeerScript scripts[] = {
      {send("HTTP/1.1 200 " + std::string(70'000, 'x') + "\r\n\r\n"), hang()},
      {send("HTTP/1.1 200 " + std::string(1'000'000, 'x') + "\r\n\r\n"), hang()},
      {send("HTTP/1.1 200 OK\r\nX: " + std::string(1'000'000, 'x') + "\r\n\r\n"), hang()},
      {send("HTTP/1.1 200 OK\r\n" + many + "\r\n"), hang()},
      {send("HTTP/1.1 200 OK\r\n"), flood("X-Again: and again\r\n")},
      {send("HTTP/1.1 200 OK\r\nX: "), flood("endless")},
      {flood("HTTP/1.1 100 Continue\r\n\r\n")},
      {send(kChunked + "2\r\n{}\r\n0\r\n"), flood("X-Trailer: 1\r\n")},
  };
  for (std::size_t number = 0; number < std::size(scripts); ++number) {
    CAPTURE(number);
    CHECK(reason_of(answer_to(scripts[number])) == TransportError::too_large);
  }
}

TEST_CASE("a status line of 30 kB is fine below the cap and too_large above it") {
  const ScriptedPeer peer({answer_each(http_answer("200 " + std::string(30'000, 'x'), "{}"))});
  CHECK(make_client()->send(request_for(peer.url()), {}).has_value());
  CHECK(reason_of(make_client({.max_header = core::kib(16)})->send(request_for(peer.url()), {})) ==
        TransportError::too_large);
}

TEST_CASE("the body cap holds to the byte, for an announced length and without one") {
  const std::string text(1000, 'x');
  for (const auto& answer : {http_answer("200 OK", text), "HTTP/1.1 200 OK\r\n\r\n" + text}) {
    const ScriptedPeer peer({{read_request(), send(answer)}});
    CHECK(ask_capped(peer, {1000}).has_value());
    CHECK(reason_of(ask_capped(peer, {999})) == TransportError::too_large);
    CHECK(reason_of(ask_capped(peer, {0})) == TransportError::too_large);
  }
}

TEST_CASE("a body announced beyond the cap is refused before it comes") {
  for (const std::string length : {"33554433", "9223372036854775807", "99999999999999999999999"}) {
    CAPTURE(length);
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n";
    CHECK(reason_of(answer_to({send(head), hang()})) == TransportError::too_large);
  }
}

TEST_CASE("endless bodies and gzip bombs end at the cap and leave memory where it was") {
  const std::string block(std::size_t{1} << 20, '\0');
  const std::string chunk = "100000\r\n" + block + "\r\n";
  const std::string bomb = gzip(std::string(std::size_t{256} << 20, '\0'));  // 256 MiB in 260 kB
  const std::string member = gzip(block);
  const PeerScript scripts[] = {
      {read_request(), send("HTTP/1.1 200 OK\r\n\r\n"), flood(block)},
      {read_request(), send(kChunked), flood(chunk)},
      {read_request(), send("HTTP/1.1 200 OK\r\n" + kGzip + "\r\n"), flood(member)},
      {read_request(), send(http_answer("200 OK", bomb, kGzip)), hang()},
  };
  const long before = resident_kib();
  for (const auto& script : scripts) {
    const ScriptedPeer peer({script});
    for (int i = 0; i < 5; ++i) CHECK(reason_of(ask_capped(peer, core::mib(1))) == TransportError::too_large);
  }
  CHECK(resident_kib() - before < 128 * 1024);  // the sanitizers keep what was freed for a while
}

}  // namespace
}  // namespace runwatch::http
