#include <algorithm>
#include <cstdlib>
#include <string>

#include "http/client_fixture.h"
#include "http/gzip_fixture.h"

namespace runwatch::http {
namespace {

using namespace runwatch::test;

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

TEST_CASE("an answer comes back with status, headers in order and body, and the request says what it should") {
  const ScriptedPeer peer({answer_each(http_answer("203 Fine", "{\"a\":1}", "B: 2\r\nA: 1\r\n"))});
  Request request = request_for(peer.url("/a/../b%2Fc?d=e"));
  request.headers = {{"Org-Handle", "unpod.tv"}, {"Accept", "application/json"}, {"X-Empty", ""}};
  request.authorization = core::Secret("Token abc");
  const auto client = make_client({.user_agent = "runwatch/1.0"});
  const auto answer = client->send(request, {});
  REQUIRE(answer.has_value());
  CHECK(answer->status == 203);
  REQUIRE(answer->headers.size() == 3);
  CHECK(answer->headers[0].name == "B");
  CHECK(answer->headers[1].value == "1");
  CHECK(answer->body == "{\"a\":1}");
  CHECK(answer->body.capacity() >= answer->body.size() + kBodyPadding);

  const std::string sent = peer.received();
  for (const std::string line : {"GET /a/../b%2Fc?d=e HTTP/1.1\r\n", "\r\nOrg-Handle: unpod.tv\r\n", "\r\nX-Empty:\r\n",
                                 "\r\nAuthorization: Token abc\r\n", "\r\nAccept-Encoding: gzip\r\n",
                                 "\r\nUser-Agent: runwatch/1.0\r\n", "\r\nAccept: application/json\r\n"}) {
    CAPTURE(line);
    CHECK(count_of(sent, line) == 1);
  }
  CHECK(count_of(sent, "Accept:") == 1);
}

TEST_CASE("nothing of a request is left in the next one") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", "{}"))});
  const auto client = make_client();
  Request request = request_for(peer.url("/one"));
  request.headers = {{"Org-Handle", "unpod.tv"}};
  request.authorization = core::Secret("Token abc");
  REQUIRE(client->send(request, {}).has_value());
  REQUIRE(client->send(request_for(peer.url("/two")), {}).has_value());
  const std::string sent = peer.received();
  const std::string second = sent.substr(sent.find("GET /two"));
  CHECK(second.find("Token") == std::string::npos);
  CHECK(second.find("Org-Handle") == std::string::npos);
}

TEST_CASE("statuses are answers, not failures, and a redirect is not followed") {
  const ScriptedPeer elsewhere({answer_each(http_answer("200 OK", "{}"))});
  for (const std::string status :
       {"204 No Content", "206 Partial Content", "304 Not Modified", "301 Moved", "302 Found", "307 Temporary",
        "308 Permanent", "401 No", "404 Not Found", "429 Slow", "503 Busy"}) {
    CAPTURE(status);
    const std::string headers = "Location: " + elsewhere.url() + "\r\nRetry-After: 7\r\nRefresh: 0\r\n";
    const auto answer = answer_to({send(http_answer(status, "", headers))});
    REQUIRE(answer.has_value());
    CHECK(answer->status == std::stoi(status));
    CHECK(answer->header("retry-after") == "7");
    CHECK(answer->body.empty());
    CHECK(answer->body.capacity() >= kBodyPadding);
  }
  CHECK(elsewhere.connections() == 0);
}

TEST_CASE("a second request goes over the same connection, also to an answer in gzip or in chunks") {
  const std::string packed = gzip("{\"x\":1}");
  PeerScript script = answer_each(http_answer("200 OK", "{}"), 1);
  script.insert(script.end(),
                {read_request(), send(http_answer("200 OK", packed, "Content-Encoding: gzip\r\n")), read_request(),
                 send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Late: 1\r\n\r\n"),
                 read_request(), send(http_answer("404 Not Found", "last")), hang()});
  const ScriptedPeer peer({script});
  const auto client = make_client();
  const auto request = request_for(peer.url());
  for (const std::string body : {"{}", "{\"x\":1}", "abcde", "last"}) {
    const auto answer = client->send(request, {});
    REQUIRE(answer.has_value());
    CHECK(answer->body == body);
    CHECK_FALSE(answer->header("x-late").has_value());
  }
  CHECK(peer.connections() == 1);
}

TEST_CASE("a connection the peer closed between two requests is replaced") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", "{}"), 1)});
  const auto client = make_client();
  REQUIRE(client->send(request_for(peer.url()), {}).has_value());
  REQUIRE(peer.wait_finished(0));
  CHECK(client->send(request_for(peer.url()), {}).has_value());
  CHECK(peer.connections() == 2);
}

TEST_CASE("bytes sent ahead of a request are not taken for its answer") {
  const std::string answer = http_answer("200 OK", "true");
  const ScriptedPeer peer({{read_request(), send(answer + http_answer("200 OK", "poison")), hang()},
                           answer_each(http_answer("200 OK", "right"))});
  const auto client = make_client();
  REQUIRE(client->send(request_for(peer.url()), {})->body == "true");
  CHECK(client->send(request_for(peer.url()), {})->body == "right");
}

TEST_CASE("interim answers are not the answer") {
  const auto answer =
      answer_to({send("HTTP/1.1 100 Continue\r\n\r\n"
                      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                      "HTTP/1.1 102 Processing\r\n\r\n" +
                      http_answer("200 OK", "{}"))});
  REQUIRE(answer.has_value());
  CHECK(answer->status == 200);
  CHECK(answer->headers.size() == 1);
}

TEST_CASE("an old server's answer ends with its connection") {
  const auto answer = answer_to({send("HTTP/1.0 200 OK\r\n\r\n{\"count\":"), send("0}"), close()});
  REQUIRE(answer.has_value());
  CHECK(answer->body == "{\"count\":0}");
}

TEST_CASE("gzip is inflated, also without length and in chunks of one byte") {
  const std::string text = "{\"data\":[" + std::string(100'000, ' ') + "]}";
  const std::string packed = gzip(text);
  std::string chunks;
  for (const char byte : packed) chunks.append("1\r\n").append(1, byte).append("\r\n");
  const std::string coded = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n";
  const PeerScript scripts[] = {
      {send(http_answer("200 OK", packed, "Content-Encoding: gzip\r\n"))},
      {send(coded + "\r\n" + packed)},
      {send(coded + "Transfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n")},
  };
  for (const auto& script : scripts) {
    const auto answer = answer_to(script);
    REQUIRE(answer.has_value());
    CHECK(answer->body == text);
    CHECK(answer->body.capacity() >= text.size() + kBodyPadding);
  }
}

TEST_CASE("a large body comes whole") {
  std::string text(9'000'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7919 >> 8);
  CHECK(answer_to({send(http_answer("200 OK", text))})->body == text);
  CHECK(answer_to({send("HTTP/1.1 200 OK\r\n\r\n" + text)})->body == text);
}

TEST_CASE("a request that cannot be sent as it is fails before the network and repeats nothing of it") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", "{}"))});
  const auto client = make_client();
  for (const std::string url :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1/", "", "http://", "gopher://x/",
        "http://user:secret@127.0.0.1/", "http://127.0.0.1:99999/", "http://127.0.0.1/a b\r\nX: y"}) {
    CAPTURE(url);
    const auto answer = client->send(request_for(url), {});
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().reason == TransportError::other);
    CHECK(answer.error().text.find("secret") == std::string::npos);
  }
  const Header bad[] = {{"X", "a\r\nEvil: 1"}, {"X\r\nEvil", "1"}, {"", "1"}, {"X", std::string("\0", 1)}, {"X:", "1"}};
  for (const auto& header : bad) {
    Request request = request_for(peer.url());
    request.headers = {header};
    CHECK(reason_of(client->send(request, {})) == TransportError::other);
  }
  Request request = request_for(peer.url());
  request.authorization = core::Secret("Token a\nb");
  CHECK(reason_of(client->send(request, {})) == TransportError::other);
  CHECK(peer.connections() == 0);
}

TEST_CASE("proxies of the environment are ignored") {
  const ScriptedPeer proxy({answer_each(http_answer("200 OK", "proxy"))});
  const ScriptedPeer peer({answer_each(http_answer("200 OK", "direct"))});
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::setenv("ALL_PROXY", proxy.url().c_str(), 1);
  const auto answer = ask(peer.url());
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  REQUIRE(answer.has_value());
  CHECK(answer->body == "direct");
  CHECK(proxy.connections() == 0);
}

}  // namespace
}  // namespace runwatch::http
