#include <doctest/doctest.h>

#include "unpod/world.h"

using namespace runwatch;
using namespace runwatch::test;
using view::PollReason;

TEST_CASE("a request has the documented path, paging and headers") {
  World world(platform(3));
  REQUIRE(world.tasks().has_value());
  REQUIRE(world.client.requests.size() == 2);
  const http::Request& request = world.client.requests[1];
  CHECK(request.url ==
        "https://unpod.example/api/v2/platform/spaces/8KZRTQP7BNW5XEDLORYUHMJC/runs/R1/tasks/?page=2&page_size=2");
  CHECK(request.authorization.reveal() == "Token secret-token");
  CHECK(request.timeout == world.options.timeout);
  CHECK(request.max_response == world.options.max_response);
  std::string headers;
  for (const auto& [name, value] : request.headers) headers += name + ": " + value + "\n";
  CHECK(headers == "Accept: application/json\nContent-Type: application/json\nOrg-Handle: unpod.tv\n");
}

TEST_CASE("every call has its path, and ids are percent-encoded in it") {
  World world([](const http::Request&) -> Reply { return answer(200, R"({"data":[],"count":0})"); });
  world.options.org_handle.clear();
  auto api = world.api();
  CHECK(api.tasks(core::Secret("S P"), "a?b#c%../ü", nullptr, {}).has_value());
  CHECK(api.tasks(core::Secret("S"), "..", nullptr, {}).has_value());
  CHECK(api.runs(kSpace, kNever, {}).has_value());
  CHECK(api.spaces({}).has_value());
  CHECK(api.organizations({}).has_value());
  CHECK(api.space(kSpace, {}).error().reason == PollReason::bad_schema);
  std::vector<std::string> paths;
  for (const auto& request : world.client.requests) {
    CHECK(request.headers.size() == 2);
    paths.push_back(request.url.substr(std::string("https://unpod.example/api/v2/platform/").size()));
  }
  CHECK(paths == std::vector<std::string>{"spaces/S%20P/runs/a%3Fb%23c%25..%2F%C3%BC/tasks/?page=1&page_size=2",
                                          "spaces/S/runs/%2E%2E/tasks/?page=1&page_size=2",
                                          "spaces/8KZRTQP7BNW5XEDLORYUHMJC/runs/?page=1&page_size=2", "spaces/",
                                          "organizations/", "spaces/8KZRTQP7BNW5XEDLORYUHMJC/"});
}

TEST_CASE("a walk reads every page, whatever size the server gives") {
  for (const std::uint64_t clamp : {1U, 2U, 1000U})
    for (const int tasks : {0, 1, 2, 3, 4, 7})
      for (const bool with_count : {true, false}) {
        CAPTURE(clamp);
        CAPTURE(tasks);
        CAPTURE(with_count);
        World world(platform(tasks, clamp, with_count));
        const auto run = world.tasks();
        REQUIRE(run.has_value());
        CHECK(run->tasks.size() == static_cast<std::size_t>(tasks));
        CHECK(run->odd_ids.size() == run->tasks.size());
        CHECK(run->pages == world.client.requests.size());
        CHECK(run->duplicate_rows == 0);
        CHECK(world.exchanges.size() == run->pages);
      }
}

TEST_CASE("a server that ignores paging is believed only when its one page is all there is") {
  World whole(FakeClient::script({answer(200, page_of(row(1) + "," + row(2) + "," + row(3), "3"))}));
  CHECK(whole.tasks()->tasks.size() == 3);
  CHECK(whole.client.requests.size() == 1);
  World part(FakeClient::script({answer(200, page_of(row(1) + "," + row(2), "3"))}));
  const auto run = part.tasks();
  REQUIRE_FALSE(run.has_value());
  CHECK(run.error().reason == PollReason::inconsistent);
  CHECK(part.client.requests.size() == 4);
}

TEST_CASE("the documented examples are incomplete as one page of a walk") {
  World tasks(FakeClient::script({answer(200, file("tasks_example.json"))}));
  CHECK(tasks.tasks().error().reason == PollReason::inconsistent);
  World empty_second(FakeClient::script({answer(200, file("tasks_example.json")), answer(200, page_of("", "9")),
                                         answer(200, file("tasks_example.json")), answer(200, page_of("", "9"))}));
  CHECK(empty_second.tasks().error().reason == PollReason::inconsistent);
  World runs(FakeClient::script({answer(200, file("runs_example.json"))}));
  CHECK(runs.api().runs(kSpace, kNever, {}).error().reason == PollReason::inconsistent);
}

TEST_CASE("rows that move under a walk make it begin again at once") {
  World world(FakeClient::script(
      {answer(200, page_of(row(3) + "," + row(2), "3")), answer(200, page_of(row(2) + "," + row(1), "4")),
       answer(200, page_of(row(4) + "," + row(3), "4")), answer(200, page_of(row(2) + "," + row(1), "4"))}));
  const auto run = world.tasks();
  REQUIRE(run.has_value());
  CHECK(run->tasks.size() == 4);
  CHECK(run->pages == 2);
  REQUIRE(world.client.requests.size() == 4);
  CHECK(query_number(world.client.requests[2], "page") == 1);
}

TEST_CASE("a page that fails fails the walk") {
  World world(
      FakeClient::script({answer(200, page_of(row(3) + "," + row(2), "4")), answer(502, "<h1>Bad gateway</h1>")}));
  const auto run = world.tasks();
  REQUIRE_FALSE(run.has_value());
  CHECK(run.error().reason == PollReason::server_error);
  CHECK(world.client.requests.size() == 2);
}

TEST_CASE("a list beyond the cap is too_large at its first page") {
  World world(platform(5));
  world.options.max_rows = 4;
  CHECK(world.tasks().error().reason == PollReason::too_large);
  CHECK(world.client.requests.size() == 1);
}

TEST_CASE("the list of runs is read up to the first row that is enough") {
  const auto runs = [](int from, int to, const char* count) {
    std::string rows;
    for (int i = from; i > to; --i) rows += fmt::format(R"({}{{"run_id":"r{}"}})", rows.empty() ? "" : ",", i);
    return answer(200, page_of(rows, count));
  };
  const auto until = [](const char* id) { return [id](const task::ObservedRunRow& row) { return row.run_id == id; }; };
  World early(FakeClient::script({runs(6, 4, "6"), runs(4, 2, "6"), runs(2, 0, "6")}));
  const auto some = early.api().runs(kSpace, until("r3"), {});
  REQUIRE(some.has_value());
  REQUIRE(some->rows.size() == 3);
  CHECK(some->rows[2].run_id == "r4");
  CHECK(some->pages == 2);
  CHECK(early.client.requests.size() == 2);

  World at_once(FakeClient::script({runs(6, 4, "6")}));
  CHECK(at_once.api().runs(kSpace, until("r6"), {})->rows.empty());

  World all(FakeClient::script({runs(6, 4, "6"), runs(4, 2, "6"), runs(2, 0, "6")}));
  CHECK(all.api().runs(kSpace, kNever, {})->rows.size() == 6);

  World shifted(FakeClient::script({runs(6, 4, "6"), runs(5, 3, "7"), runs(7, 5, "7"), runs(5, 3, "7")}));
  const auto second = shifted.api().runs(kSpace, until("r4"), {});
  REQUIRE(second.has_value());
  CHECK(second->rows.size() == 3);
  CHECK(shifted.client.requests.size() == 4);
}

TEST_CASE("a space keeps the token it was asked for by") {
  World world(FakeClient::script({answer(200, R"({"status_code":200,"data":{"name":"Sales","slug":"sales"}})")}));
  const auto space = world.api().space(kSpace, {});
  REQUIRE(space.has_value());
  CHECK(space->slug == "sales");
  CHECK(space->token == kSpace);
}
