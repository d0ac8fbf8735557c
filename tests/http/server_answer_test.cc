#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server.h"
#include "support/raw_client.h"

using namespace runwatch;
using namespace runwatch::http;
using test::RawClient;

namespace {

std::unique_ptr<Server> start(Handler handler, ServerOptions options = {}) {
  auto server = serve(std::move(options), std::move(handler));
  REQUIRE(server);
  return std::move(*server);
}

ServerResponse echo(const ServerRequest& request) {
  std::string text;
  for (const auto part : {request.path, request.query, request.host, request.accept, request.accept_encoding}) {
    text.append(part).append("|");
  }
  return text_response(200, text + (request.head ? "HEAD" : "GET"));
}

}  // namespace

TEST_CASE("a handler gets the request's parts and its answer reaches the peer") {
  const auto server = start(echo);
  RawClient client(server->port());
  const auto answer = client.ask(
      "GET /a%20b/%C3%A4?x=%20&y=1?2 HTTP/1.1\r\nHost: example.org\r\nAccept: text/plain\r\nAccept-Encoding: gzip, "
      "b%41\r\nAuthorization: Bearer t\r\n\r\n");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "/a b/\xc3\xa4|x=%20&y=1?2|example.org|text/plain|gzip, b%41|GET");
  CHECK(answer->header("Content-Type") == "text/plain; charset=utf-8");
  CHECK(answer->header("Content-Encoding").empty());
  CHECK(answer->header("Connection").empty());
  CHECK(answer->header("Keep-Alive").empty());
  CHECK(answer->header("Date").ends_with(" GMT"));
  CHECK(answer->header("Date").size() == 29);
}

TEST_CASE("HEAD has the headers of GET and no body") {
  const auto server = start([](const ServerRequest&) { return text_response(200, std::string(1000, 'x')); });
  RawClient client(server->port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->header("Content-Length") == "1000");
    CHECK(answer->header("Accept-Ranges").empty());
  }
  const auto after = client.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  REQUIRE(after);
  CHECK(after->body.size() == 1000);
  CHECK(client.ends());
}

TEST_CASE("refused requests get their status, and the connection ends") {
  std::atomic<int> calls = 0;
  const auto server = start([&](const ServerRequest&) {
    ++calls;
    return text_response(200, "");
  });
  struct Row {
    std::string request;
    int status;
  };
  const std::string end = " HTTP/1.1\r\nHost: a\r\n";
  const std::vector<Row> rows{
      {"POST /metrics" + end + "Content-Length: 5\r\n\r\nhello", 405},
      {"DELETE /" + end + "\r\n", 405},
      {"BREW /" + end + "\r\n", 405},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"GET /%00" + end + "\r\n", 400},
      {"GET /..%2fetc/passwd" + end + "\r\n", 400},
      {"GET /" + std::string(8192, 'p') + end + "\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET /\n\n", 400},
      {"\x16\x03\x01\x02\x00\x01", 400},
      {"GET / HTTP/3.0\r\n\r\n", 400},
      {"GET /" + end + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
      {"GET /" + end + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", 417},
      {"GET /" + end + "A: " + std::string(20000, 'x') + "\r\n\r\n", 431},
  };
  for (const auto& [request, status] : rows) {
    CAPTURE(request.substr(0, 40));
    RawClient client(server->port());
    const auto answer = client.ask(request);
    REQUIRE(answer);
    CHECK(answer->status == status);
    CHECK(answer->header("Connection") == "close");
    CHECK(answer->header("Allow") == (status == 405 ? "GET, HEAD" : ""));
    CHECK(answer->body.size() < 40);
    CHECK(client.ends());
  }
  CHECK(calls == 0);
  RawClient client(server->port());
  client.say("HEAD /%00" + end + "\r\n");
  CHECK(client.hear_all().ends_with("\r\n\r\n"));
}

TEST_CASE("a refusal with the body still on its way arrives whole, and the connection ends in order") {
  const auto server = start(echo);
  for (int i = 0; i < 20; ++i) {
    RawClient client(server->port());
    REQUIRE(client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + std::string(200'000, 'x')));
    const auto answer = client.hear();
    REQUIRE(answer);
    CHECK(answer->status == 405);
    char byte = 0;
    CHECK(::recv(client.fd(), &byte, 1, 0) == 0);
  }
}

TEST_CASE("pipelined requests are answered in order, the last of them closing") {
  const auto server = start([](const ServerRequest& request) { return text_response(200, std::string(request.path)); });
  RawClient client(server->port());
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  requests += "\r\nGET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n";
  REQUIRE(client.say(requests));
  for (int i = 0; i < 2000; ++i) {
    const auto answer = client.hear();
    REQUIRE(answer);
    REQUIRE(answer->body == "/" + std::to_string(i));
  }
  const auto last = client.hear();
  REQUIRE(last);
  CHECK(last->body == "/last");
  CHECK(client.ends());
}

TEST_CASE("HTTP/1.0 is closed after the answer unless the peer asks to keep it") {
  const auto server = start(echo);
  RawClient kept(server->port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = kept.ask("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    REQUIRE(answer);
    CHECK(answer->header("Connection") == "keep-alive");
  }
  RawClient closed(server->port());
  const auto answer = closed.ask("GET / HTTP/1.0\r\n\r\n");
  REQUIRE(answer);
  CHECK(answer->header("Connection") == "close");
  CHECK(closed.ends());
}

TEST_CASE("a request dripping in byte by byte is answered") {
  const auto server = start(echo);
  RawClient client(server->port());
  for (const char c : std::string_view("\r\nGET /drip HTTP/1.1\r\nHost: a\r\n\r\n")) REQUIRE(client.say({&c, 1}));
  const auto answer = client.hear();
  REQUIRE(answer);
  CHECK(answer->body.starts_with("/drip|"));
}

TEST_CASE("a peer that ends its side after the request still gets the whole answer") {
  const auto server = start([](const ServerRequest&) { return text_response(200, std::string(3'000'000, 'x')); });
  RawClient client(server->port());
  client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.finish();
  const auto answer = client.hear();
  REQUIRE(answer);
  CHECK(answer->body.size() == 3'000'000);
  CHECK(client.ends());
}

TEST_CASE("a handler that throws, or answers nonsense, is a 500 that says nothing") {
  const auto server = start([](const ServerRequest& request) -> ServerResponse {
    if (request.path == "/throw") throw std::runtime_error("secret");
    if (request.path == "/odd") throw 5;
    return text_response(999, "secret");
  });
  RawClient client(server->port());
  for (const std::string path : {"/throw", "/odd", "/status"}) {
    const auto answer = client.ask("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(answer);
    CHECK(answer->status == 500);
    CHECK((answer->head + answer->body).find("secret") == std::string::npos);
  }
}

TEST_CASE("headers of the handler are sent, but for framing and line breaks") {
  const auto server = start([](const ServerRequest& request) {
    auto response = text_response(request.path == "/none" ? 204 : 301, "moved");
    response.content_type = "text/html";
    response.headers = {{"Location", "/there"}, {"Content-Length", "7"},     {"Transfer-Encoding", "chunked"},
                        {"Bad Name", "x"},      {"X-Split", "a\r\nX-In: 1"}, {"Connection", "upgrade"}};
    return response;
  });
  RawClient client(server->port());
  const auto answer = client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(answer);
  CHECK(answer->status == 301);
  CHECK(answer->header("Location") == "/there");
  CHECK(answer->header("Content-Type") == "text/html");
  CHECK(answer->header("Content-Length") == "5");
  CHECK(answer->body == "moved");
  for (const auto name : {"Transfer-Encoding", "Bad Name", "X-Split", "X-In", "Connection"}) {
    CHECK(answer->header(name).empty());
  }
  const auto none = client.ask("GET /none HTTP/1.1\r\nHost: a\r\n\r\n");
  REQUIRE(none);
  CHECK(none->status == 204);
  CHECK(none->header("Content-Length").empty());
  CHECK(client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
}
