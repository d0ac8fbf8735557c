#include "page/json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "support/snapshots.h"

using namespace runwatch;
using nlohmann::json;

namespace {

std::string status_of(const view::Snapshot& snapshot) {
  return page::status_json(snapshot, "1.2.3", support::at(1100));
}

json runs_of(const view::Snapshot& snapshot) {
  return json::parse(page::look_json(snapshot, "1.2.3", support::at(1100)))["runs"];
}

}  // namespace

TEST_CASE("the status has the documented members, null where nothing is known") {
  const auto status = json::parse(status_of(*support::sample_snapshot()));
  CHECK(status["version"] == "1.2.3");
  CHECK(status["ready"] == false);
  REQUIRE(status["spaces"].size() == 2);
  CHECK(status["spaces"][0] == json::parse(R"({"name": "sales", "up": false, "last_success": "2026-02-02T02:56:30Z",
      "last_error": {"reason": "timeout", "text": "no answer within 15 s", "at": "2026-02-02T02:56:41Z"}, "runs": 3,
      "runs_retired": 6, "runs_not_watched": 1, "runs_failing": 1,
      "tasks": {"pending": 3, "scheduled": 0, "processing": 0, "in_progress": 2, "hold": 0, "completed": 40,
                "partially_completed": 1, "failed": 2, "unknown": 0}, "failed_attempts": 2})"));
  const auto& unknown = status["spaces"][1];
  for (const char* member : {"up", "last_success", "last_error", "tasks"}) {
    CAPTURE(member);
    REQUIRE(unknown.contains(member));
    CHECK(unknown[member].is_null());
  }
  CHECK(unknown["runs"] == 0);
}

TEST_CASE("the runs have the documented members, null where nothing is known") {
  const auto runs = runs_of(*support::sample_snapshot());
  REQUIRE(runs.size() == 3);
  CHECK(runs[0]["space"] == "sales");
  CHECK(runs[0]["run_id"] == "Recac64fe03e911f1878d43cd8a99e069");
  CHECK(runs[0]["status"] == "in_progress");
  CHECK(runs[0]["created"] == "2026-02-02T02:40:03Z");
  CHECK(runs[0]["last_change"] == "2026-02-02T02:56:40.067Z");
  CHECK(runs[0]["finished"].is_null());
  CHECK(runs[0]["tasks"]["completed"] == 10);
  CHECK(runs[0]["unknown"] == false);
  CHECK(runs[1]["finished"] == "2026-02-02T02:56:40Z");
  CHECK(runs[2]["status"].is_null());
  CHECK(runs[2]["tasks"].is_null());
}

TEST_CASE("a run that the platform does not know is called so, and has nulls in place of zeros") {
  auto snapshot = support::sample_snapshot();
  auto space = support::sample_space();
  space->runs = {support::unknown_run()};
  snapshot->spaces = {space};
  const auto run = runs_of(*snapshot)[0];
  CHECK(run["unknown"] == true);
  for (const char* member : {"tasks", "last_change", "finished"}) {
    CAPTURE(member);
    CHECK(run[member].is_null());
  }
}

TEST_CASE("failed tasks and failed attempts are two numbers") {
  auto snapshot = support::sample_snapshot();
  auto space = support::sample_space();
  space->tasks[task::index(task::Status::failed)] = 1;
  snapshot->spaces = {space};
  const auto shown = json::parse(status_of(*snapshot))["spaces"][0];
  CHECK(shown["tasks"]["failed"] == 1);
  CHECK(shown["failed_attempts"] == 2);
}

TEST_CASE("the organization's list is shown with its trouble, and is null where spaces are configured") {
  auto snapshot = support::sample_snapshot();
  CHECK(json::parse(status_of(*snapshot))["organization"].is_null());
  snapshot->organization.emplace();
  auto list = json::parse(status_of(*snapshot))["organization"];
  CHECK(list == json::parse(R"({"up": null, "last_success": null, "last_error": null})"));
  snapshot->organization = {false, support::at(990), view::PollError{view::PollReason::auth, "401", support::at(1001)}};
  const auto status = json::parse(status_of(*snapshot));
  CHECK(status["organization"] == json::parse(R"({"up": false, "last_success": "2026-02-02T02:56:30Z",
      "last_error": {"reason": "auth", "text": "401", "at": "2026-02-02T02:56:41Z"}})"));
  CHECK(status["summary"] == "the organization's list of spaces: not complete (auth: 401)");
}

TEST_CASE("the order of members is the documented one") {
  const auto whole = page::look_json(*support::sample_snapshot(), "1.2.3", support::at(1100));
  const auto text = whole.substr(whole.rfind("\"runs\": ["));
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
  REQUIRE_NOTHROW(text = status_of(*support::sample_snapshot()));
  CHECK(json::parse(text)["spaces"][1]["name"] == "odd \"name\" \\ with\nline break, <b>tags</b> and \xef\xbf\xbd");
}

TEST_CASE("nothing watched is an empty list, not null") {
  CHECK(json::parse(status_of(view::Snapshot{}))["spaces"] == json::array());
  CHECK(json::parse(status_of(view::Snapshot{}))["ready"] == true);
  CHECK(runs_of(view::Snapshot{}) == json::array());
}
