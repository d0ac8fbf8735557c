#include "sim/platform.h"

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <thread>

#include "asking.h"
#include "support/seed.h"

using namespace runwatch;
using namespace runwatch::sim;

TEST_CASE("every refusal has the status and the body that the platform documents") {
  Asking asking;
  const auto space = kBase + "spaces/" + asking.space_token() + "/";
  const auto tasks = asking.tasks_path();
  struct Row {
    const char* what;
    std::string path, authorization, handle;
    int status;
    Json body;
  };
  const std::string good = "Token simulated-token";
  const Row table[] = {
      {"no credentials",
       tasks,
       "",
       "",
       401,
       {{"status_code", 401}, {"message", "Authentication credentials were not provided."}}},
      {"another scheme",
       tasks,
       "Bearer simulated-token",
       "",
       401,
       {{"status_code", 401}, {"message", "Authentication credentials were not provided."}}},
      {"a wrong token", tasks, "Token nonsense", "", 401, {{"status_code", 401}, {"message", "Invalid token."}}},
      {"an expired token",
       tasks,
       "Token simulated-expired-token",
       "",
       403,
       {{"status_code", 403}, {"message", "Token has expired."}}},
      {"no organization",
       kBase + "spaces/",
       good,
       "",
       400,
       {{"status_code", 400}, {"message", "Org-Handle header is required."}}},
      {"a foreign organization",
       kBase + "spaces/",
       good,
       "other.example",
       206,
       {{"status_code", 206}, {"message", "You don't have the access to this Organization"}, {"data", Json::object()}}},
      {"runs of an unknown space",
       kBase + "spaces/NOSUCHSPACE000000000000/runs/",
       good,
       "",
       206,
       {{"status_code", 206}, {"message", "Invalid Space Token"}, {"data", Json::object()}}},
      {"an unknown space",
       kBase + "spaces/NOSUCHSPACE000000000000/",
       good,
       "",
       404,
       {{"status_code", 404}, {"message", "Space not found"}}},
      {"an unknown run",
       space + "runs/R00000000000000000000000000000000/tasks/",
       good,
       "",
       200,
       {{"count", 0}, {"status_code", 200}, {"message", "Tasks Fetched Successfully"}, {"data", Json::array()}}},
  };
  for (const auto& row : table) {
    CAPTURE(row.what);
    const auto answer = asking.platform.answer(
        {.path = row.path, .query = "", .authorization = row.authorization, .org_handle = row.handle}, kStart);
    CHECK(answer.status == row.status);
    CHECK(answer.content_type == "application/json");
    CHECK(Json::parse(answer.body) == row.body);
  }
}

TEST_CASE("a path without its trailing slash is redirected to the one with it, another path is not found") {
  Asking asking;
  const auto answer = asking.get(kBase + "spaces", "page=2");
  CHECK(answer.status == 301);
  REQUIRE(answer.headers.size() == 1);
  CHECK(answer.headers[0].first == "Location");
  CHECK(answer.headers[0].second == kBase + "spaces/?page=2");
  for (const char* path : {"/", "/api/v2/platform/", "/api/v2/platform/users/", "/api/v2/platform/spaces/A/runs/B/",
                           "/api/v2/platform/spaces/A/runs/B/tasks/C/", "/api/v2/platform/spaces/A\r\nX: y/runs"}) {
    CAPTURE(path);
    CHECK(asking.get(path).status == 404);
  }
}

TEST_CASE("a run of another space is as unknown as any") {
  auto options = small_options();
  options.spaces = 2;
  Asking asking(options);
  const auto run = asking.newest_run();
  CHECK(asking.json(asking.runs_path(0) + run + "/tasks/")["count"] == 23);
  CHECK(asking.json(asking.runs_path(1) + run + "/tasks/")["count"] == 0);
}

TEST_CASE("pages of any size hold each row once, newest first, with the total on each") {
  const std::uint64_t seed = runwatch::test::seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    auto options = small_options();
    options.seed = random();
    options.task_bytes = 0;
    options.tasks = random() % 120;
    Asking asking(options);
    const auto path = asking.tasks_path();
    const auto size = 1 + random() % 40;
    std::vector<std::string> seen;
    for (std::uint64_t page = 1;; ++page) {
      const auto answer = asking.json(path, "page=" + std::to_string(page) + "&page_size=" + std::to_string(size));
      CHECK(answer["count"] == options.tasks);
      const auto rows = ids(answer, "_id");
      CHECK(rows.size() <= size);
      if (rows.empty()) break;
      seen.insert(seen.end(), rows.begin(), rows.end());
    }
    CHECK(seen.size() == options.tasks);
    CHECK(std::ranges::is_sorted(seen, std::greater<>()));
    CHECK(std::set(seen.begin(), seen.end()).size() == seen.size());
  }
}

TEST_CASE("page sizes default by call, and nonsense in a query counts as left out") {
  auto options = small_options();
  options.tasks = 60;
  options.runs = 25;
  Asking asking(options);
  CHECK(asking.json(asking.tasks_path())["data"].size() == 50);
  CHECK(asking.json(asking.runs_path())["data"].size() == 20);
  CHECK(asking.json(asking.runs_path(), "page=2")["data"].size() == 5);
  for (const char* query : {"page=0", "page=-1&page_size=x", "page=1x", "page_size=0", "page=&page_size="}) {
    CAPTURE(query);
    CHECK(asking.json(asking.tasks_path(), query)["data"].size() == 50);
  }
  const auto past = asking.json(asking.tasks_path(), "page=18446744073709551615&page_size=10");
  CHECK(past["count"] == 60);
  CHECK(past["data"].empty());
}

TEST_CASE("spaces, a space and organizations are described as documented") {
  auto options = small_options();
  options.spaces = 3;
  options.space_names = {"sales \"north\"", "reminders"};
  Asking asking(options);
  const auto spaces = asking.json(kBase + "spaces/");
  CHECK(spaces["count"] == 3);
  CHECK(spaces["data"][0]["name"] == "sales \"north\"");
  CHECK(spaces["data"][0]["token"] == asking.space_token());
  CHECK(spaces["data"][1]["slug"] == "reminders");
  CHECK(spaces["data"][2]["organization"]["domain_handle"] == "sim.example");
  CHECK(spaces["data"][2]["token"].get<std::string>().size() == 24);
  const auto space = asking.json(kBase + "spaces/" + asking.space_token() + "/");
  CHECK(space["data"] == spaces["data"][0]);
  asking.handle.clear();
  CHECK(asking.json(kBase + "organizations/")["data"][0]["domain_handle"] == "sim.example");
}

TEST_CASE("rows shift under who reads on while the world moves") {
  auto options = small_options();
  options.fixed = false;
  options.history = core::Duration(0);
  options.arrival_period = core::Duration(1000);
  Asking asking(options);
  const auto path = asking.tasks_path();
  const auto first = asking.json(path, "page=1&page_size=10");
  asking.now += std::chrono::seconds(4);
  const auto second = asking.json(path, "page=2&page_size=10");
  CHECK(second["count"] == first["count"].get<int>() + 4);
  const auto before = ids(first, "task_id");
  const auto after = ids(second, "task_id");
  CHECK(std::vector(before.end() - 4, before.end()) == std::vector(after.begin(), after.begin() + 4));
}

TEST_CASE("a platform that is asked from several threads gives whole answers") {
  Asking asking;
  const auto path = asking.tasks_path();
  std::vector<std::jthread> threads;
  std::array<std::size_t, 4> rows{};
  for (std::size_t t = 0; t < rows.size(); ++t) {
    threads.emplace_back([&asking, &path, &count = rows[t]] {
      for (int i = 0; i < 20; ++i) {
        const Request request{.path = path, .query = "", .authorization = "Token simulated-token", .org_handle = ""};
        const auto answer = asking.platform.answer(request, kStart + std::chrono::seconds(i));
        count += Json::parse(answer.body)["data"].size();
      }
    });
  }
  threads.clear();
  for (const auto count : rows) CHECK(count == 20 * 23);
}
