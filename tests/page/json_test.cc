#include "page/json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "support/snapshots.h"

using namespace runwatch;
using nlohmann::json;

TEST_CASE("the status has the documented members, null where nothing is known") {
  const auto status = json::parse(page::status_json(*support::sample_snapshot(), "1.2.3"));
  CHECK(status["version"] == "1.2.3");
  CHECK(status["ready"] == false);
  REQUIRE(status["spaces"].size() == 2);
  CHECK(status["spaces"][0] == json::parse(R"({"name": "sales", "up": false, "last_success": "2026-02-02T02:56:30Z",
      "last_error": {"reason": "timeout", "text": "no answer within 15 s", "at": "2026-02-02T02:56:41Z"}, "runs": 3,
      "tasks": {"pending": 3, "scheduled": 0, "processing": 0, "in_progress": 2, "hold": 0, "completed": 40,
                "partially_completed": 1, "failed": 2, "unknown": 0}})"));
  const auto& unknown = status["spaces"][1];
  for (const char* member : {"up", "last_success", "last_error", "tasks"}) {
    CAPTURE(member);
    REQUIRE(unknown.contains(member));
    CHECK(unknown[member].is_null());
  }
  CHECK(unknown["runs"] == 0);
}

TEST_CASE("the runs have the documented members, null where nothing is known") {
  const auto runs = json::parse(page::runs_json(*support::sample_snapshot()));
  REQUIRE(runs.size() == 3);
  CHECK(runs[0]["space"] == "sales");
  CHECK(runs[0]["run_id"] == "Recac64fe03e911f1878d43cd8a99e069");
  CHECK(runs[0]["status"] == "in_progress");
  CHECK(runs[0]["created"] == "2026-02-02T02:40:03Z");
  CHECK(runs[0]["last_change"] == "2026-02-02T02:56:40.067Z");
  CHECK(runs[0]["finished"].is_null());
  CHECK(runs[0]["tasks"]["completed"] == 10);
  CHECK(runs[0].size() == 7);
  CHECK(runs[1]["finished"] == "2026-02-02T02:56:40Z");
  CHECK(runs[2]["status"].is_null());
  CHECK(runs[2]["tasks"].is_null());
}

TEST_CASE("the order of members is the documented one") {
  const auto text = page::runs_json(*support::sample_snapshot());
  std::size_t last = 0;
  for (const char* member :
       {"\"space\"", "\"run_id\"", "\"status\"", "\"created\"", "\"last_change\"", "\"finished\"", "\"tasks\""}) {
    const auto at = text.find(member);
    CHECK(at != text.npos);
    CHECK(at >= last);
    last = at;
  }
}

TEST_CASE("invalid UTF-8 becomes a replacement character, not an exception") {
  std::string text;
  REQUIRE_NOTHROW(text = page::status_json(*support::sample_snapshot(), "1.2.3"));
  CHECK(json::parse(text)["spaces"][1]["name"] == "odd \"name\" \\ with\nline break, <b>tags</b> and \xef\xbf\xbd");
}

TEST_CASE("nothing watched is an empty list, not null") {
  CHECK(json::parse(page::status_json(view::Snapshot{}, "v"))["spaces"] == json::array());
  CHECK(json::parse(page::status_json(view::Snapshot{}, "v"))["ready"] == true);
  CHECK(json::parse(page::runs_json(view::Snapshot{})) == json::array());
}
