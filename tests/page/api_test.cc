#include "page/api.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "http/gzip.h"
#include "page/query.h"
#include "support/snapshots.h"

using namespace runwatch;
using nlohmann::json;
using support::at;

namespace {

struct Asked {
  int status;
  json body;
  std::string text;
  std::string next;  // of the Link header
  std::string total;
};

struct Fixture {
  view::Snapshot snapshot = *support::sample_snapshot();
  view::LedgerQueries ledger;
  std::function<std::string()> config;

  Asked get(const std::string& path, const std::string& query = "") const {
    http::ServerRequest request;
    request.path = path;
    request.query = query;
    const auto response = page::answer_api(request, {snapshot, at(1100), "1.2.3", ledger, config});
    CHECK(response.content_type == "application/json");
    Asked asked{response.status, json::parse(*response.body), *response.body, "", ""};
    for (const auto& [name, value] : response.headers) {
      if (name == "Link") asked.next = value.substr(2, value.find('>') - 2);
      if (name == "X-Total-Count") asked.total = value;
    }
    return asked;
  }
};

// A history of 128 points, tasks in each status, an error, and in every tenth trouble.
std::shared_ptr<view::SpaceSnapshot> big_space(std::int64_t runs) {
  auto space = support::sample_space();
  space->runs.clear();
  for (std::int64_t n = 0; n < runs; ++n) {
    auto run = support::sample_run(n, "R40fe5eface1511f0" + std::to_string(1'000'000'000'000'000 + n));
    run->tasks = {300, 20, 1, 12, 1, 4000, 7, n % 10 == 0 ? 9000U : 120U, 1};
    run->failures = {10, 20, 30, 40, 500, 6, 7, 8};
    run->last_error = view::PollError{view::PollReason::timeout, "no answer within 15 s", at(1001)};
    run->recovered = at(1002);
    auto points = std::make_shared<std::vector<view::HistoryPoint>>();
    for (int i = 0; i < 128; ++i) points->push_back({at(-30'000 + 240 * i), run->tasks});
    run->history = points;
    space->runs.push_back(run);
  }
  return space;
}

std::set<std::string> ids_of(const json& runs) {
  std::set<std::string> ids;
  for (const auto& run : runs) ids.insert(run["run_id"]);
  return ids;
}

}  // namespace

TEST_CASE("a query is decoded, and a name that nobody asked for is found") {
  const page::Query query("a=1+2&b=%3Cx%3E&c&=&d=%zz&a=3&n=-5&big=99999999999999999999");
  CHECK(query.text("a") == "3");
  CHECK(query.text("b") == "<x>");
  CHECK(query.has("c"));
  CHECK(query.text("d") == "%zz");
  CHECK(query.whole("a", 1, 3) == 3);
  CHECK_FALSE(query.whole("a", 4, 9).has_value());
  CHECK_FALSE(query.whole("n", 0, 9).has_value());
  CHECK_FALSE(query.whole("big", 0, 9).has_value());
  CHECK_FALSE(query.whole("c", 0, 9).has_value());
  CHECK(query.number("a", 1) == 3);
  const std::string_view known[] = {"a", "b", "c", "d", "n"};
  CHECK(query.other_than(known) == "big");
  CHECK_FALSE(page::Query("a=1").other_than(known).has_value());
}

TEST_CASE("runs are filtered by space, id and state, alone and together") {
  Fixture f;
  auto space = support::sample_space();
  auto failing = support::sample_run(4, "Rfailing");
  failing->tasks = {1, 0, 0, 0, 0, 1, 0, 30, 0};
  space->runs.push_back(failing);
  f.snapshot.spaces = {space};
  const struct {
    const char* query;
    std::set<std::string> ids;
  } cases[] = {
      {"state=failing", {"Rfailing"}},
      {"state=trouble", {"Rfailing"}},
      {"state=trouble&space=sales", {"Rfailing"}},
      {"state=trouble&space=help", {}},
      {"state=stalled", {}},
      {"state=finished", {"R40fe5eface1511f082ac156368e7acc4"}},
      {"state=unread", {"RUN_SPACE_\"987655\""}},
      {"run=Rfailing", {"Rfailing"}},
      {"run=Rfailing&state=finished", {}},
      {"run=RUN_SPACE_%22987655%22", {"RUN_SPACE_\"987655\""}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.query);
    const auto asked = f.get("/api/v1/runs", c.query);
    CHECK(asked.status == 200);
    CHECK(ids_of(asked.body) == c.ids);
    CHECK(asked.total == std::to_string(c.ids.size()));
  }
}

TEST_CASE("pages follow each other by their links, in the order asked for, until each run came once") {
  Fixture f;
  f.snapshot.spaces = {big_space(25)};
  std::vector<std::string> paged;
  std::string query = "limit=4&state=under_way&sort=worst&space=sales";
  for (int pages = 0; pages < 10 && !query.empty(); ++pages) {
    const auto asked = f.get("/api/v1/runs", query);
    CHECK(asked.total == "25");
    for (const auto& run : asked.body) paged.push_back(run["run_id"]);
    query = asked.next;
  }
  REQUIRE(paged.size() == 25);
  std::vector<std::string> whole;
  for (const auto& run : f.get("/api/v1/runs", "sort=worst").body) whole.push_back(run["run_id"]);
  CHECK(paged == whole);
  CHECK(paged[0].back() == '0');  // those in trouble come first
  CHECK(paged[2].ends_with("20"));
}

TEST_CASE(
    "a page of ten thousand runs is made sooner than all of them, filtered or sorted, and takes less than 300 kB") {
  Fixture f;
  f.snapshot.spaces = {big_space(10'000)};
  // Without a limit all of them come, which takes as long as it takes.
  auto whole = std::chrono::steady_clock::duration::zero();
  for (const char* query :
       {"", "limit=100", "limit=100&offset=9900", "limit=100&state=trouble", "limit=100&sort=worst"}) {
    CAPTURE(query);
    auto fastest = std::chrono::steady_clock::duration::max();
    std::size_t bytes = 0;
    for (int turn = 0; turn < 3; ++turn) {
      const auto began = std::chrono::steady_clock::now();
      http::ServerRequest request;
      request.path = "/api/v1/runs";
      request.query = query;
      const auto response = page::answer_api(request, {f.snapshot, at(1100), "1.2.3", f.ledger, f.config});
      fastest = std::min(fastest, std::chrono::steady_clock::now() - began);
      bytes = response.body->size();
    }
    const auto ms = std::chrono::duration<double, std::milli>(fastest).count();
    MESSAGE(std::string(query) << ": " << ms << " ms, " << bytes << " bytes");
    if (std::string_view(query).empty()) {
      whole = fastest;
      continue;
    }
    CHECK(bytes < 300'000);
    CHECK(fastest < whole);
  }
  const auto all = f.get("/api/v1/runs");
  CHECK(all.body.size() == 10'000);
}

TEST_CASE("what the ledger cannot answer is told by its status") {
  Fixture f;
  for (const char* path : {"/api/v1/changes", "/api/v1/failures", "/api/v1/notices"}) {
    CHECK(f.get(path, "run=R1").status == 503);  // nobody is there to ask
    CHECK(f.get(path).status == 400);
  }
  CHECK(f.get("/api/v1/config").status == 503);
  CHECK(f.get("/api/v1/reload").status == 503);
  const struct {
    core::ErrorKind kind;
    int status;
  } cases[] = {{core::ErrorKind::busy, 503}, {core::ErrorKind::unavailable, 503}, {core::ErrorKind::invalid, 404}};
  for (const auto& c : cases) {
    f.ledger.changes = [&](const auto&) { return core::fail(c.kind, "it is so"); };
    f.ledger.notices = [&](const auto&) { return core::fail(c.kind, "it is so"); };
    f.ledger.hours = [&](const auto&) { return core::fail(c.kind, "it is so"); };
    const auto changes = f.get("/api/v1/changes", "run=R1");
    CHECK(changes.status == c.status);
    CHECK(changes.body == json({{"error", "it is so"}, {"status", c.status}}));
    CHECK(f.get("/api/v1/incident", "id=ab").status == c.status);
    // A run is shown all the same.
    const auto run = f.get("/api/v1/run", "run=Recac64fe03e911f1878d43cd8a99e069");
    CHECK(run.status == 200);
    CHECK(run.body["hours"].is_null());
  }
}

TEST_CASE("what is asked of the ledger is what the query says") {
  Fixture f;
  view::ChangesQuery changes;
  view::NoticesQuery notices;
  f.ledger.changes = [&](const view::ChangesQuery& query) -> core::Result<view::ChangesPage> {
    changes = query;
    view::ChangesPage page;
    page.rows.push_back({.seq = 7, .at = at(1), .task = "T1", .to = task::Status::failed});
    page.rows.back().facts.reason = task::FailureReason::busy;
    page.next = 7;
    return page;
  };
  f.ledger.notices = [&](const view::NoticesQuery& query) -> core::Result<view::NoticesPage> {
    notices = query;
    return view::NoticesPage{};
  };
  const auto page = f.get("/api/v1/failures", "run=R%201&space=sales&before=12&limit=3");
  CHECK(page.body["next"] == 7);
  CHECK(page.body["changes"][0]["reason"] == "busy");
  CHECK(page.body["changes"][0]["from"].is_null());
  CHECK(changes.run_id == "R 1");
  CHECK(changes.space == "sales");
  CHECK(changes.failures_only);
  CHECK(changes.before == 12);
  CHECK(changes.limit == 3);
  f.get("/api/v1/changes", "run=R1");
  CHECK_FALSE(changes.failures_only);
  CHECK(changes.before == 0);
  CHECK(changes.limit == 100);
  for (const char* bad : {"before=0", "before=x", "limit=0", "limit=501", "limit="}) {
    CAPTURE(bad);
    CHECK(f.get("/api/v1/changes", std::string("run=R1&") + bad).status == 400);
  }
  CHECK(f.get("/api/v1/incident", "id=ab&limit=2").body ==
        json({{"incident", nullptr}, {"notices", json::array()}, {"more", false}}));
  CHECK(notices.id == "ab");
  CHECK(notices.limit == 2);
}

TEST_CASE("names with markup and invalid bytes stay text in errors and answers") {
  Fixture f;
  CHECK(f.get("/api/v1/runs", "<script>=1").status == 400);
  CHECK(f.get("/api/v1/run", "run=%FF%3Cscript%3E").status == 404);
  CHECK(f.get("/api/v1/status").body["spaces"][1]["name"].get<std::string>().find("<b>tags</b>") != std::string::npos);
}
