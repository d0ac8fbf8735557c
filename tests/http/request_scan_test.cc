#include "http/request_scan.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/grammar.h"

using namespace runwatch::http;

namespace {

int status_of(std::string_view head) {
  const auto read = read_head(head);
  return read ? 200 : read.error();
}

int status_of_path(const std::string& path) { return status_of("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"); }

std::string with_headers(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

}  // namespace

TEST_CASE("a head ends at its blank line, whatever follows and however it drips in") {
  const std::string head = "\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string bytes = head + "GET / HTTP/1.1\r\n";
  HeadScan at_once(1000);
  REQUIRE(at_once.advance(bytes) == ScanState::complete);
  CHECK(at_once.begin() == 4);
  CHECK(at_once.end() == head.size());
  HeadScan dripping(1000);
  for (std::size_t size = 0; size < head.size(); ++size) {
    REQUIRE(dripping.advance(std::string_view(bytes).substr(0, size)) == ScanState::incomplete);
  }
  CHECK(dripping.advance(std::string_view(bytes).substr(0, head.size())) == ScanState::complete);
  CHECK(dripping.end() == head.size());
}

TEST_CASE("a head of just the cap passes and one byte more does not") {
  const auto of_size = [](std::size_t size) {
    const std::string frame = "GET / HTTP/1.1\r\nA: \r\n\r\n";
    return "GET / HTTP/1.1\r\nA: " + std::string(size - frame.size(), 'x') + "\r\n\r\n";
  };
  CHECK(HeadScan(500).advance(of_size(500)) == ScanState::complete);
  CHECK(HeadScan(500).advance(of_size(501)) == ScanState::too_large);
  CHECK(HeadScan(500).advance(of_size(50000)) == ScanState::too_large);
  CHECK(HeadScan(500).advance("GET /" + std::string(495, 'x')) == ScanState::too_large);
  CHECK(HeadScan(500).advance("GET /" + std::string(494, 'x')) == ScanState::incomplete);
  std::string blank;
  for (int i = 0; i < 300; ++i) blank += "\r\n";
  CHECK(HeadScan(500).advance(blank) == ScanState::too_large);
}

TEST_CASE("a head of too many lines is too large") {
  std::string lines;
  for (std::size_t i = 0; i < kMaxHeaderLines - 1; ++i) lines += "A: b\r\n";
  CHECK(HeadScan(16384).advance(with_headers(lines)) == ScanState::complete);
  CHECK(status_of(with_headers(lines)) == 200);
  lines += "A: b\r\n";
  CHECK(HeadScan(16384).advance(with_headers(lines)) == ScanState::too_large);
  CHECK(status_of(with_headers(lines)) == 431);
}

TEST_CASE("what cannot become a request is refused before its end") {
  for (const std::string_view bytes : {"GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nHost: a\n", "\n", "\r\n\n",
                                       "\x16\x03\x01\x02", " GET", ":", "GET / HTTP/1.1\r\nA: b\r\n\n"}) {
    CAPTURE(bytes);
    CHECK(HeadScan(500).advance(bytes) == ScanState::malformed);
  }
  CHECK(HeadScan(500).advance(std::string_view("\0", 1)) == ScanState::malformed);
}

TEST_CASE("a well-formed head tells what the server needs of it") {
  const auto head = read_head(
      "HEAD /a%20b/c?x=1&y=%zz??z HTTP/1.1\r\nhOsT: example.org:80\r\nACCEPT: text/plain\r\naccept: */*\r\n"
      "Accept-Encoding:\tgzip%41 \t\r\nAuthorization: Bearer b\r\nX: \xc3\xa4\r\n\r\n");
  REQUIRE(head);
  CHECK(head->is_head);
  CHECK(head->path() == "/a%20b/c");
  CHECK(head->query() == "x=1&y=%zz??z");
  CHECK(head->host == "example.org:80");
  CHECK(head->accept == "text/plain, */*");
  CHECK(head->accept_encoding == "gzip%41");
  CHECK(head->keep_alive);
  CHECK_FALSE(head->http10);
}

TEST_CASE("an absolute target gives path and host") {
  struct Row {
    std::string target, path, host;
  };
  for (const auto& [target, path, host] : std::vector<Row>{
           {"http://b:1/x", "/x", "b:1"}, {"HTTP://b", "/", "b"}, {"http://b?q=/", "/", "b"}, {"/", "/", "a"}}) {
    CAPTURE(target);
    const auto head = read_head("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(head);
    CHECK(head->path() == path);
    CHECK(head->host == host);
  }
}

TEST_CASE("the connection is kept as HTTP/1.0 and HTTP/1.1 say") {
  struct Row {
    std::string version, lines;
    bool kept;
  };
  const std::vector<Row> rows{
      {"HTTP/1.1", "", true},
      {"HTTP/1.1", "Connection: close\r\n", false},
      {"HTTP/1.1", "Connection: TE,  Close\r\n", false},
      {"HTTP/1.1", "Connection: keep-alive\r\n", true},
      {"HTTP/1.1", "Connection: clos%65\r\n", true},
      {"HTTP/1.0", "", false},
      {"HTTP/1.0", "Connection: Keep-Alive\r\n", true},
      {"HTTP/1.0", "Connection: keep-alive, close\r\n", false},
      {"HTTP/1.1", "Content-Length: 0\r\n", true},
      {"HTTP/1.1", "Content-Length: 5\r\n", false},
      {"HTTP/1.1", "Transfer-Encoding: chunked\r\n", false},
  };
  for (const auto& [version, lines, kept] : rows) {
    CAPTURE(version);
    CAPTURE(lines);
    const auto head = read_head("GET / " + version + "\r\nHost: a\r\n" + lines + "\r\n");
    REQUIRE(head);
    CHECK(head->keep_alive == kept);
  }
}

TEST_CASE("malformed heads are refused with their status") {
  struct Row {
    std::string head;
    int status;
  };
  const std::vector<Row> rows{
      {"GET / HTTP/1.0\r\n\r\n", 200},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET /\r\nHost: a\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {with_headers("Host: b\r\n"), 400},
      {with_headers("X\r\n"), 400},
      {with_headers(": x\r\n"), 400},
      {with_headers("X : y\r\n"), 400},
      {with_headers("X: y\r\n folded\r\n"), 400},
      {with_headers("X: a\rb\r\n"), 400},
      {with_headers("X: a\x1b[0m\r\n"), 400},
      {with_headers(std::string_view("X: a\0b\r\n", 8)), 400},
      {with_headers("Expect: 100-continue\r\n"), 417},
      {with_headers("Expect: \r\n"), 417},
      {with_headers("Content-Length: 99999999999999999999\r\n"), 400},
      {with_headers("Content-Length: -1\r\n"), 400},
      {with_headers("Content-Length: +1\r\n"), 400},
      {with_headers("Content-Length: 1, 1\r\n"), 400},
      {with_headers("Content-Length: \r\n"), 400},
      {with_headers("Content-Length: 1\r\nContent-Length: 2\r\n"), 400},
      {with_headers("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
      {with_headers("X: " + std::string(kMaxLine, 'x') + "\r\n"), 431},
  };
  for (const auto& [head, status] : rows) {
    CAPTURE(head);
    CHECK(status_of(head) == status);
  }
}

TEST_CASE("paths with control characters, half escapes or a way upwards are refused") {
  for (const std::string path : {"/", "/metrics", "/a%20b", "/a..b", "/...", "/%E2%82%AC", "/a//b", "/~{}|\"<>"}) {
    CAPTURE(path);
    CHECK(status_of_path(path) == 200);
  }
  for (const std::string path : {"/%00",
                                 "/a%0ab",
                                 "/%7f",
                                 "/%",
                                 "/%4",
                                 "/%4g",
                                 "/%u0041",
                                 "/..",
                                 "/../etc",
                                 "/..%2fetc",
                                 "/%2e%2E/etc",
                                 "/a/./b",
                                 "/a#b",
                                 "x",
                                 "",
                                 "*",
                                 "\xc3\xa4",
                                 "/\xc3\xa4",
                                 "/\x01",
                                 "https://a/",
                                 "http:///x",
                                 "http://b\x01/",
                                 "http://\xc3\xa4/",
                                 "ftp://a/"}) {
    CAPTURE(path);
    CHECK(status_of_path(path) == 400);
  }
  CHECK(status_of_path("/" + std::string(8192, 'x')) == 400);
}

TEST_CASE("cpp-httplib gets path and host and nothing it would act upon") {
  const auto head = read_head("GET http://b/x?y?z HTTP/1.1\r\nHost: a\r\nRange: bytes=0-,1-\r\nrAnGe : x\r\n\r\n");
  CHECK_FALSE(head);
  const auto ranged = read_head("GET /x?y?z HTTP/1.1\r\nHost: a\r\nRANGE: bytes=0-,1-\r\nIf-Range: x\r\n\r\n");
  REQUIRE(ranged);
  CHECK(bare_request(*ranged) == "GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
}
