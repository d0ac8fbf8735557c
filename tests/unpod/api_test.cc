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
  CHECK(api.runs(kSpace, task::kNoTime, {}).has_value());
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
  const std::string run_id = "Recac64fe03e911f1878d43cd8a99e069";
  World tasks(FakeClient::script({answer(200, file("tasks_example.json"))}));
  tasks.run_id = run_id;
  CHECK(tasks.tasks().error().reason == PollReason::inconsistent);
  World empty_second(FakeClient::script({answer(200, file("tasks_example.json")), answer(200, page_of("", "9")),
                                         answer(200, file("tasks_example.json")), answer(200, page_of("", "9"))}));
  empty_second.run_id = run_id;
  CHECK(empty_second.tasks().error().reason == PollReason::inconsistent);
  World runs(FakeClient::script({answer(200, file("runs_example.json"))}));
  CHECK(runs.api().runs(kSpace, task::kNoTime, {}).error().reason == PollReason::inconsistent);
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

namespace {

// Run `number` of a list in which each was created an hour after the one before; its id says so, too, where `by_id`.
std::string run(int number, std::string_view created = {}) {
  const auto time = core::WallTime(std::chrono::hours(number));
  return fmt::format(R"({{"run_id":"r{}","created":"{}"}})", number,
                     created.empty() ? core::format_timestamp(time) : created);
}

Reply page(std::initializer_list<std::string> rows, int count) {
  return answer(200, page_of(fmt::format("{}", fmt::join(rows, ",")), std::to_string(count)));
}

std::string ids(const unpod::Answer<unpod::RunList>& list) {
  if (!list) return list.error().text;
  std::string out;
  for (const auto& row : list->rows) out += (out.empty() ? "" : " ") + row.run_id;
  return out;
}

core::WallTime hour(int number) { return core::WallTime(std::chrono::hours(number)); }

}  // namespace

TEST_CASE("the list of runs is read up to the first page on which all are older than asked") {
  const auto pages = [] {
    return FakeClient::script({page({run(6), run(5)}, 6), page({run(4), run(3)}, 6), page({run(2), run(1)}, 6)});
  };
  const struct {
    int oldest;
    const char* ids;
  } cases[] = {
      {7, "r6 r5"}, {6, "r6 r5 r4 r3"}, {5, "r6 r5 r4 r3"}, {4, "r6 r5 r4 r3 r2 r1"}, {0, "r6 r5 r4 r3 r2 r1"}};
  for (const auto& [oldest, expected] : cases) {
    CAPTURE(oldest);
    World world(pages());
    CHECK(ids(world.api().runs(kSpace, hour(oldest), {})) == expected);
  }
  World all(pages());
  CHECK(ids(all.api().runs(kSpace, task::kNoTime, {})) == "r6 r5 r4 r3 r2 r1");

  World shifted(FakeClient::script(
      {page({run(6), run(5)}, 6), page({run(5), run(4)}, 7), page({run(7), run(6)}, 7), page({run(5), run(4)}, 7)}));
  const auto second = shifted.api().runs(kSpace, hour(6), {});
  CHECK(ids(second) == "r7 r6 r5 r4");
  CHECK(second->pages == 2);
  CHECK(shifted.client.requests.size() == 4);
}

TEST_CASE("one row's word ends no list of runs") {
  const std::string by_id = "Rffffffff000011f08000000000000000";  // of the year 2026
  REQUIRE(task::time_of_id(by_id) > hour(100));
  for (const std::string& liar :
       {run(9, "2001-01-01T00:00:00Z"), run(9, "9999-01-01T00:00:00Z"), run(9, "yesterday"), run(9, "1970-01-01"),
        std::string(R"({"run_id":"r9"})"), std::string(R"({"run_id":"r9","created":17})"),
        fmt::format(R"({{"run_id":"{}","created":"2001-01-01T00:00:00Z"}})", by_id)}) {
    CAPTURE(liar);
    World first(FakeClient::script({page({liar, run(8)}, 4), page({run(7), run(6)}, 4)}));
    CHECK(first.api().runs(kSpace, hour(7), {})->rows.size() == 4);
    World among_old(FakeClient::script({page({run(8), run(3)}, 6), page({run(2), run(1)}, 6)}));
    CHECK(ids(among_old.api().runs(kSpace, hour(7), {})) == "r8 r3 r2 r1");
  }
  const auto by = [&](std::string_view created) {
    return fmt::format(R"({{"run_id":"{}","created":"{}"}})", by_id, created);
  };
  World young_by_id(FakeClient::script({page({by("2001-01-01T00:00:00Z")}, 2), page({run(1)}, 2)}));
  CHECK(young_by_id.api().runs(kSpace, hour(400'000), {})->rows.size() == 2);
  World old_by_both(FakeClient::script({page({by("2001-01-01T00:00:00Z")}, 2), page({run(1)}, 2)}));
  CHECK(old_by_both.api().runs(kSpace, hour(600'000), {})->rows.size() == 1);
}

TEST_CASE("a space keeps the token it was asked for by") {
  World world(FakeClient::script({answer(200, R"({"status_code":200,"data":{"name":"Sales","slug":"sales"}})")}));
  const auto space = world.api().space(kSpace, {});
  REQUIRE(space.has_value());
  CHECK(space->slug == "sales");
  CHECK(space->token == kSpace);
}

TEST_CASE("an answer about another space than asked for is bad_schema") {
  World world(FakeClient::script({answer(200, R"({"data":{"slug":"other","token":"ANOTHERTOKENOFASPACE"}})")}));
  const auto space = world.api().space(kSpace, {});
  REQUIRE_FALSE(space.has_value());
  CHECK(space.error().reason == PollReason::bad_schema);
  CHECK(space.error().text.find("ANOTHER") == std::string::npos);
}

TEST_CASE("a task of another run than asked for makes the poll bad_schema, and a run that is not named is fine") {
  const auto row_with = [](std::string_view run_id) {
    return fmt::format(R"({{"task_id":"t1","status":"failed","run_id":{}}},{{"task_id":"t2","status":"failed"}})",
                       run_id);
  };
  for (const char* good : {R"("R1")", R"("\u00521")", R"("")", "null", "17", "{}", "[]", "true"}) {
    CAPTURE(good);
    World world(FakeClient::script({answer(200, page_of(row_with(good), "2"))}));
    CHECK(world.tasks().has_value());
  }
  for (const char* bad : {R"("R2")", R"("r1")", R"("R")", R"("R11")", R"("\u00522")"}) {
    CAPTURE(bad);
    World world(FakeClient::script(
        {answer(200, page_of(row(3) + "," + row(4), "4")), answer(200, page_of(row_with(bad), "4"))}));
    const auto run = world.tasks();
    REQUIRE_FALSE(run.has_value());
    CHECK(run.error().reason == PollReason::bad_schema);
  }
}
