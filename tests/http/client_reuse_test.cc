#include <semaphore>
#include <string>
#include <vector>

#include "http/client_fixture.h"
#include "http/tls_peer.h"

namespace runwatch::http {
namespace {

using namespace runwatch::test;
using namespace std::chrono_literals;

const std::string kRight = http_answer("200 OK", "right");
const std::string kPoison = http_answer("200 OK", "poison");
const std::string kTimeout = http_answer("408 Request Timeout", "idle for too long");

std::string body_from(Client& client, const auto& peer) {
  const auto answer = client.send(request_for(peer.url()), {});
  return answer ? answer->body : answer.error().text;
}

// Says `bytes` once the client has its answer, and lets the test wait until they were said.
struct Interjection {
  std::binary_semaphore answered{0};
  std::binary_semaphore said{0};

  PeerStep say(std::string bytes) {
    return [this, bytes = std::move(bytes)](PeerConnection& c) {
      answered.acquire();
      const bool sent = c.send(bytes);
      said.release();
      return sent;
    };
  }
  void await() {
    answered.release();
    said.acquire();
  }
};

TEST_CASE("bytes that nobody asked for on an idle connection are never an answer") {
  const std::string cases[] = {kPoison, kTimeout, "\r\n", "x", "HTTP/1.1 100 Continue\r\n\r\n", std::string(1, '\0')};
  for (const auto& bytes : cases) {
    CAPTURE(bytes);
    Interjection interjection;
    const ScriptedPeer peer(
        {{read_request(), send(http_answer("200 OK", "first")), interjection.say(bytes), hang()}, answer_each(kRight)});
    const auto client = make_client();
    CHECK(body_from(*client, peer) == "first");
    interjection.await();
    for (int i = 0; i < 2; ++i) CHECK(body_from(*client, peer) == "right");
    CHECK(peer.wait_finished(0));
    CHECK(peer.received(0).find("GET", 1) == std::string::npos);  // the second question was not asked here
    CHECK(peer.connections() == 2);
  }
}

TEST_CASE("bytes behind an answer make its connection unfit, however the answer ends") {
  const std::string answers[] = {
      http_answer("200 OK", "true"),
      http_answer("200 OK", ""),
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n",
  };
  for (const auto& answer : answers) {
    for (const std::string& excess : {kPoison, std::string("H")}) {
      CAPTURE(answer);
      const ScriptedPeer peer({{read_request(), send(answer + excess), hang()}, answer_each(kRight)});
      const auto client = make_client();
      CHECK(client->send(request_for(peer.url()), {}).has_value());
      CHECK(body_from(*client, peer) == "right");
      CHECK(peer.received(0).find("GET", 1) == std::string::npos);
    }
  }
}

TEST_CASE("a 408 on a connection that was kept is a dead connection, on a new one an answer") {
  const ScriptedPeer late(
      {{read_request(), send(http_answer("200 OK", "first")), read_request(), send(kTimeout), hang()},
       answer_each(kRight)});
  const auto client = make_client();
  CHECK(body_from(*client, late) == "first");
  for (int i = 0; i < 2; ++i) CHECK(body_from(*client, late) == "right");
  CHECK(late.connections() == 2);

  const ScriptedPeer slow({answer_each(kTimeout)});
  const auto answer = ask(slow.url());
  REQUIRE(answer.has_value());
  CHECK(answer->status == 408);
}

TEST_CASE("a connection lives as long as it may, and no longer") {
  const ScriptedPeer peer({answer_each(kRight)});
  const auto old = make_client({.max_connection_age = 0ms});
  for (int i = 0; i < 3; ++i) CHECK(old->send(request_for(peer.url()), {}).has_value());
  CHECK(peer.connections() == 3);
  const auto young = make_client();
  for (int i = 0; i < 3; ++i) CHECK(young->send(request_for(peer.url()), {}).has_value());
  CHECK(peer.connections() == 4);
}

TEST_CASE("a client may ask several peers in turn") {
  Interjection interjection;
  const ScriptedPeer one(
      {{read_request(), send(http_answer("200 OK", "one")), interjection.say(kPoison), hang()}, answer_each(kRight)});
  const ScriptedPeer other({answer_each(http_answer("200 OK", "other"))});
  const ScriptedPeer brief({{read_request(), send(http_answer("200 OK", "brief", "Connection: close\r\n")), close()}});
  const auto client = make_client();
  CHECK(body_from(*client, one) == "one");
  CHECK(body_from(*client, other) == "other");
  interjection.await();
  for (int i = 0; i < 2; ++i) {
    CHECK(body_from(*client, one) == "right");
    CHECK(body_from(*client, brief) == "brief");
    CHECK(body_from(*client, other) == "other");
  }
}

using Interject = std::function<void(SSL* session, int socket)>;

Interject say(std::string bytes) {
  return [bytes](SSL* session, int) { SSL_write(session, bytes.data(), static_cast<int>(bytes.size())); };
}

Interject say_plainly(std::string_view bytes) {
  return [bytes](SSL*, int socket) { ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL); };
}

void reset(SSL*, int socket) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  ::connect(socket, &nobody, sizeof nobody);  // ends the connection, but not the descriptor
}

void send_tickets(SSL* session, int) {
  SSL_new_session_ticket(session);
  SSL_do_handshake(session);
}

void change_keys(SSL* session, int) {
  SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED);
  SSL_do_handshake(session);
}

// Asks three times, with an interjection after the first answer; gives the number of connections.
int connections_with(const TlsIdentity& identity, int version, const Interject& interjection) {
  TlsPeer peer(identity, {.newest_version = version, .afterwards = interjection});
  const auto client = make_client({.ca_file = identity.path()});
  for (int i = 0; i < 3; ++i) {
    CHECK(body_from(*client, peer) == "{}");
    if (i == 0) peer.proceed();
  }
  return peer.handshakes();
}

TEST_CASE("bytes that nobody asked for on an idle TLS connection are never an answer") {
  const TlsIdentity identity("IP:127.0.0.1");
  const std::pair<const char*, Interject> cases[] = {
      {"an answer", say(kPoison)},
      {"a byte", say("x")},
      {"half a record", say_plainly("\x17\x03\x03")},
      {"no TLS at all", say_plainly(kPoison)},
      {"an end", [](SSL* session, int) { SSL_shutdown(session); }},
      {"a reset", reset},
      {"no TLS, and a reset",
       [](SSL* session, int socket) { say_plainly(kPoison)(session, socket), reset(session, socket); }},
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const auto& [name, interjection] : cases) {
      CAPTURE(version);
      CAPTURE(name);
      CHECK(connections_with(identity, version, interjection) == 2);
    }
  }
}

TEST_CASE("session tickets and new keys that come behind an answer cost no connection") {
  const TlsIdentity identity("IP:127.0.0.1");
  CHECK(connections_with(identity, TLS1_3_VERSION, send_tickets) == 1);
  CHECK(connections_with(identity, TLS1_3_VERSION, change_keys) == 1);
  CHECK(connections_with(identity, TLS1_3_VERSION, [](SSL* session, int) {
          send_tickets(session, 0);
          say(kPoison)(session, 0);
        }) == 2);
}

TEST_CASE("bytes behind an answer make its TLS connection unfit, in whatever records they come") {
  const TlsIdentity identity("IP:127.0.0.1");
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\n\r\n";
  const std::vector<std::string> cases[] = {
      {head + "true" + kPoison}, {head, "true" + kPoison}, {head + "true", kPoison},
      {head, "true", "x"},       {chunked + kPoison},      {chunked, kPoison},
  };
  for (std::size_t number = 0; number < std::size(cases); ++number) {
    CAPTURE(number);
    TlsPeer peer(identity, {.records = cases[number], .afterwards = [](SSL*, int) {}});
    const auto client = make_client({.ca_file = identity.path()});
    CHECK(body_from(*client, peer) == "true");
    peer.proceed();
    CHECK(body_from(*client, peer) == "true");
    CHECK(peer.handshakes() == 2);
  }
}

}  // namespace
}  // namespace runwatch::http
