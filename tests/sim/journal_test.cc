#include "sim/journal.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace runwatch;
using namespace runwatch::sim;

namespace {

nlohmann::json line_of(const Request& request, std::string_view body, bool complete) {
  Answer answer;
  answer.status = 206;
  answer.seq = 7;
  auto line = begin_line(request, answer, body, core::WallTime(core::Duration(99)));
  finish_line(line, complete, core::WallTime(core::Duration(1234)));
  REQUIRE(line.back() == '\n');
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  return nlohmann::json::parse(line);
}

}  // namespace

TEST_CASE("a line is one JSON object that holds the body byte for byte") {
  std::string body = R"({"text":"a \"quote\", a \\ and é"})";
  body += "\n\t\x01";
  body += '\0';
  body += "end";
  const auto line = line_of({.path = "/a\"b", .query = "page=1"}, body, true);
  CHECK(line["body"] == body);
  CHECK(line["seq"] == 7);
  CHECK(line["at"] == 99);
  CHECK(line["sent"] == 1234);
  CHECK(line["path"] == "/a\"b");
  CHECK(line["query"] == "page=1");
  CHECK(line["status"] == 206);
  CHECK(line["complete"] == true);
}

TEST_CASE("a body that is not UTF-8 is left out, the rest of its line stands") {
  const auto line = line_of({.path = "/\xff", .query = ""}, "ab\xc3", false);
  CHECK(line["status"] == 206);
  CHECK(line["path"] == "/\uFFFD");
  CHECK(line["complete"] == false);
  CHECK(!line.contains("body"));
}

TEST_CASE("a journal that cannot be opened says so") {
  const auto journal = Journal::open("/nonexistent/journal");
  REQUIRE(!journal.has_value());
  CHECK(journal.error().kind == core::ErrorKind::invalid);
}
