#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "http/gzip_fixture.h"
#include "http/receiver.h"
#include "support/seed.h"

namespace runwatch::http {
namespace {

constexpr std::int64_t kUnknown = -1;

// Feeds whole header lines; false at the first that is refused.
bool take_lines(Receiver& receiver, std::initializer_list<std::string_view> lines) {
  for (const std::string_view line : lines) {
    if (!receiver.take_header(std::string(line) + "\r\n")) return false;
  }
  return true;
}

TransportError refused(std::initializer_list<std::string_view> lines) {
  Receiver receiver;
  receiver.begin(1000, 1000);
  REQUIRE_FALSE(take_lines(receiver, lines));
  REQUIRE(receiver.refusal().has_value());
  CHECK_FALSE(receiver.take_body("{}", 2));
  CHECK_FALSE(receiver.finish().has_value());
  return receiver.refusal()->reason;
}

TEST_CASE("status lines other than HTTP/1.x with three digits from 100 on are refused") {
  for (const std::string line :
       {"HTTP/2 200 OK", "HTTP/1.1 99 X", "HTTP/1.1 2000 OK", "HTTP/1.1  200", "HTTP/1.1 2x0 OK", "HTTP/1.1 099 X",
        "HTTP/1.1 ", "ICY 200 OK", "HTTP/1.1 -20 X", ""}) {
    CAPTURE(line);
    CHECK(refused({line}) == TransportError::bad_http);
  }
  for (const std::string line : {"HTTP/1.1 200 OK", "HTTP/1.0 200", "HTTP/1.1 200 "}) {
    CAPTURE(line);
    Receiver receiver;
    receiver.begin(1000, 1000);
    CHECK(take_lines(receiver, {line, ""}));
    CHECK(receiver.finish()->status == 200);
  }
}

TEST_CASE("interim answers leave nothing behind but their share of the header cap") {
  Receiver receiver;
  receiver.begin(1000, 1000);
  REQUIRE(take_lines(receiver, {"HTTP/1.1 103 Early Hints", "Link: </x>", "Content-Encoding: br", ""}));
  CHECK_FALSE(receiver.has_headers());
  REQUIRE(take_lines(receiver, {"HTTP/1.1 204 No Content", "X: y", ""}));
  const auto response = receiver.finish();
  REQUIRE(response.has_value());
  CHECK(response->status == 204);
  CHECK(response->headers.size() == 1);

  receiver.begin(1000, 1000);
  int taken = 0;
  while (taken < 1000 && take_lines(receiver, {"HTTP/1.1 100 Continue", ""})) ++taken;
  CHECK(taken < 1000);
  CHECK(receiver.refusal()->reason == TransportError::too_large);
}

TEST_CASE("codings that nobody asked for are refused, as libcurl would undo them unseen") {
  CHECK(refused({"HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked", ""}) == TransportError::bad_http);
  CHECK(refused({"HTTP/1.1 200 OK", "transfer-encoding: gzip", ""}) == TransportError::bad_http);
  CHECK(refused({"HTTP/1.1 200 OK", "Content-Encoding: br", ""}) == TransportError::bad_http);
  CHECK(refused({"HTTP/1.1 200 OK", "Content-Encoding: gzip, gzip", ""}) == TransportError::bad_http);
  CHECK(refused({"HTTP/1.1 200 OK", "Content-Encoding: gzip", "Content-Encoding: gzip", ""}) ==
        TransportError::bad_http);
  CHECK(refused({"HTTP/1.1 101 Switching", "Upgrade: h2c", ""}) == TransportError::bad_http);
}

TEST_CASE("header values are trimmed, folded lines joined, a line without colon is refused") {
  Receiver receiver;
  receiver.begin(1000, 1000);
  REQUIRE(take_lines(receiver, {"HTTP/1.1 200 OK", "A:  one\t", "  two", "B:", ""}));
  const auto response = receiver.finish();
  REQUIRE(response.has_value());
  CHECK(response->header("a") == "one two");
  CHECK(response->header("b") == "");
  CHECK(refused({"HTTP/1.1 200 OK", "no colon"}) == TransportError::bad_http);
}

TEST_CASE("trailers count against the header cap and become no headers") {
  Receiver receiver;
  receiver.begin(100, 1000);
  REQUIRE(take_lines(receiver, {"HTTP/1.1 200 OK", ""}));
  REQUIRE(receiver.take_body("{}", kUnknown));
  REQUIRE(take_lines(receiver, {"Retry-After: 1"}));
  CHECK_FALSE(take_lines(receiver, {std::string(90, 'x') + ": y"}));
  CHECK(receiver.refusal()->reason == TransportError::too_large);

  receiver.begin(100, 1000);
  REQUIRE(take_lines(receiver, {"HTTP/1.1 200 OK", ""}));
  REQUIRE(take_lines(receiver, {"Retry-After: 1", ""}));
  CHECK(receiver.finish()->headers.empty());
}

TEST_CASE("an answer without the end of its headers is truncated") {
  Receiver receiver;
  receiver.begin(1000, 1000);
  REQUIRE(take_lines(receiver, {"HTTP/1.1 200 OK", "A: b"}));
  CHECK(receiver.finish().error().reason == TransportError::truncated);
}

TEST_CASE("the body cap is exact for plain bodies, whatever length was announced") {
  for (const std::int64_t announced : {kUnknown, std::int64_t{0}, std::int64_t{10}, std::int64_t{1} << 60}) {
    CAPTURE(announced);
    Receiver receiver;
    receiver.begin(1000, 10);
    REQUIRE(take_lines(receiver, {"HTTP/1.1 200 OK", ""}));
    CHECK(receiver.take_body("12345", announced));
    CHECK(receiver.take_body("67890", kUnknown));
    CHECK_FALSE(receiver.take_body("1", kUnknown));
    CHECK(receiver.refusal()->reason == TransportError::too_large);
  }
}

TEST_CASE("a gzip body counts twice, as received and as inflated") {
  const std::string text(1000, 'a');
  const std::string packed = test::gzip(text);
  for (const std::size_t less : {0U, 1U}) {
    Receiver receiver;
    receiver.begin(1000, packed.size() + text.size() - less);
    REQUIRE(take_lines(receiver, {"HTTP/1.1 200 OK", "Content-Encoding: GZIP", ""}));
    REQUIRE(receiver.take_body(packed, kUnknown));
    const auto response = receiver.finish();
    REQUIRE(response.has_value() == (less == 0));
    if (!response) CHECK(response.error().reason == TransportError::too_large);
  }
}

TEST_CASE("any cut of a body into pieces gives the same answer, with padding, plain or gzip") {
  const unsigned seed = runwatch::test::seed();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  Receiver receiver;
  for (int round = 0; round < 200; ++round) {
    std::string text(random() % 20'000, 'x');
    for (auto& c : text) c = static_cast<char>('a' + random() % 8);
    const bool packed = round % 2 == 1;
    const std::string sent = packed ? test::gzip(text) : text;
    const std::int64_t announced = random() % 2 == 0 ? kUnknown : static_cast<std::int64_t>(sent.size());
    receiver.begin(1000, 100'000);
    REQUIRE(take_lines(receiver, {"HTTP/1.1 200 OK", packed ? "Content-Encoding: gzip" : "X: y", ""}));
    for (std::size_t at = 0; at < sent.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 5000, sent.size() - at);
      REQUIRE(receiver.take_body(std::string_view(sent).substr(at, size), at == 0 ? announced : kUnknown));
      at += size;
    }
    const auto response = receiver.finish();
    REQUIRE(response.has_value());
    CHECK(response->body == text);
    CHECK(response->body.capacity() >= response->body.size() + kBodyPadding);
  }
}

}  // namespace
}  // namespace runwatch::http
