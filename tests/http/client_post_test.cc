#include <string>

#include "http/client_fixture.h"

namespace runwatch::http {
namespace {

using namespace runwatch::test;
using namespace std::chrono_literals;

const std::string kDone = http_answer("200 OK", "done");

Request post_to(const ScriptedPeer& peer, std::string body, core::Duration timeout = 10s) {
  Request request = request_for(peer.url("/hook"), timeout);
  request.method = Method::post;
  request.body = std::move(body);
  return request;
}

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

TEST_CASE("a POST carries its body, its length and the caller's headers, and nothing that nobody asked for") {
  const ScriptedPeer peer({answer_each(kDone)});
  const auto client = make_client();
  Request request = post_to(peer, "{\"a\":1}");
  request.headers = {{"Content-Type", "application/json"}};
  request.authorization = core::Secret("Bearer abc");
  CHECK(client->send(request, {}).value().body == "done");
  const std::string sent = lower_case(peer.received());
  CHECK(sent.starts_with("post /hook http/1.1\r\n"));
  CHECK(sent.ends_with("\r\n\r\n{\"a\":1}"));
  for (const std::string line : {"content-type: application/json", "content-length: 7", "authorization: bearer abc"}) {
    CAPTURE(line);
    CHECK(sent.find("\r\n" + line + "\r\n") != std::string::npos);
  }
  CHECK(sent.find("expect") == std::string::npos);
  CHECK(sent.find("urlencoded") == std::string::npos);
}

TEST_CASE("a POST may have an empty body, no type, or any bytes, and leaves none of them in the next request") {
  const ScriptedPeer peer({answer_each(kDone)});
  const auto client = make_client();
  const std::string zeros(3, '\0');
  for (const auto& body : {std::string(), zeros}) {
    CHECK(client->send(post_to(peer, body), {}).has_value());
    const std::string sent = lower_case(peer.received(peer.connections() - 1));
    CHECK(sent.find("\r\ncontent-length: " + std::to_string(body.size()) + "\r\n") != std::string::npos);
    CHECK(sent.find("content-type") == std::string::npos);
    CHECK(sent.ends_with("\r\n\r\n" + body));
  }
  CHECK(client->send(request_for(peer.url("/get")), {}).has_value());
  const std::string all = lower_case(peer.received(peer.connections() - 1));
  const std::string get = all.substr(all.find("get /get"));
  CHECK(get.find("content-length") == std::string::npos);
  CHECK(get.ends_with("\r\n\r\n"));
}

TEST_CASE("a request that says how long its body is, or a GET with a body, is not sent") {
  const ScriptedPeer peer({answer_each(kDone)});
  Request request = request_for(peer.url());
  request.body = "x";
  CHECK(reason_of(make_client()->send(request, {})) == TransportError::other);
  for (const char* name : {"Content-Length", "transfer-encoding"}) {
    request = post_to(peer, "x");
    request.headers = {{name, "1"}};
    CHECK(reason_of(make_client()->send(request, {})) == TransportError::other);
  }
  CHECK(peer.connections() == 0);
}

TEST_CASE("a large body comes whole, and is neither copied nor held up") {
  const std::string body(5'000'000, 'b');
  const ScriptedPeer peer({answer_each(kDone)});
  const auto client = make_client();
  for (int i = 0; i < 3; ++i) CHECK(client->send(post_to(peer, body), {}).value().body == "done");
  CHECK(peer.received(2).find("100-continue") == std::string::npos);  // it would wait a second for the answer to that
  CHECK(peer.received(2).ends_with("\r\n\r\n" + body));
}

TEST_CASE("a POST that met a dead connection may have arrived: it is sent again only where the caller allows it") {
  const auto twice = [](const Request& second, const ScriptedPeer& peer) {
    const auto client = make_client();
    CHECK(client->send(request_for(peer.url()), {}).has_value());
    return client->send(second, {});
  };
  const std::vector<PeerScript> dies{{read_request(), send(kDone), read_request(), close()}, answer_each(kDone)};
  {  // it does not even meet the connection that was kept
    const ScriptedPeer peer(dies);
    CHECK(twice(post_to(peer, "once"), peer).has_value());
    CHECK(peer.connections() == 2);
    CHECK(peer.received(0).find("once") == std::string::npos);
  }
  {
    const ScriptedPeer peer(dies);
    Request request = post_to(peer, "twice");
    request.repeatable = true;
    CHECK(twice(request, peer).has_value());
    CHECK(peer.received(0).ends_with("twice"));
    CHECK(peer.received(1).ends_with("twice"));
  }
  {
    const ScriptedPeer peer(dies);
    Request request = request_for(peer.url("/once"));
    request.repeatable = false;
    CHECK(twice(request, peer).has_value());
    CHECK(peer.received(0).find("/once") == std::string::npos);
  }
  const ScriptedPeer peer({{read_request(), close()}, answer_each(kDone)});
  CHECK(reason_of(make_client()->send(post_to(peer, "once"), {})) == TransportError::truncated);
  CHECK(peer.connections() == 1);
}

PeerStep read_some() {
  return [](PeerConnection& c) { return c.read_some(); };
}

TEST_CASE("a peer that answers before it has read the body ends well") {
  const std::string body(20'000'000, 'b');
  const auto no = http_answer("413 Too Large", "no", "Connection: close\r\n");
  for (const PeerScript& script :
       {PeerScript{send(no), hang()}, PeerScript{send(http_answer("401 No", "no")), hang()}}) {
    const ScriptedPeer peer({script});
    const auto answer = make_client()->send(post_to(peer, body), {});
    REQUIRE(answer.has_value());
    CHECK(answer->status / 100 == 4);
    CHECK(answer->body == "no");
  }
  // What a close with unread bytes takes along (a reset) is up to the kernel: the whole answer, or none.
  const ScriptedPeer hasty({{send(no), read_some(), close()}});
  const auto answer = make_client()->send(post_to(hasty, body), {});
  CHECK((answer ? answer->body == "no" : answer.error().reason == TransportError::truncated));
}

TEST_CASE("a peer that does not read the body ends at the deadline or at a close") {
  const std::string body(20'000'000, 'b');
  const PeerStep stall = [](PeerConnection& c) { return c.turn_deaf(); };
  const ScriptedPeer deaf({{stall}});
  const Stopwatch watch;
  const auto late = make_client()->send(post_to(deaf, body, 200ms), {});
  CHECK(reason_of(late) == TransportError::timeout);
  CHECK(late.error().text.ends_with("not done within 200 ms: the request was still being sent"));
  CHECK(watch.elapsed() < 200ms + kSlack);

  const ScriptedPeer early({{send(kDone), stall}});
  CHECK(reason_of(make_client()->send(post_to(early, body, 200ms), {})) == TransportError::timeout);
  for (const PeerStep& end : {close(), reset()}) {
    const ScriptedPeer peer({{read_some(), end}});
    CHECK(reason_of(make_client()->send(post_to(peer, body), {})) == TransportError::truncated);
  }
}

}  // namespace
}  // namespace runwatch::http
