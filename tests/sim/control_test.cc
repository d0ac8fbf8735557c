// The words below /_sim/.
#include <algorithm>
#include <map>

#include "asking.h"

using namespace runwatch;
using namespace runwatch::sim;

TEST_CASE("the state tells the truth that the API lists") {
  Asking asking;
  const auto run = asking.json("/_sim/state")["spaces"][0]["runs"][0];
  std::map<std::string, int> listed;
  const auto list = asking.json(asking.tasks_path(), "page_size=100");
  for (const auto& row : list["data"]) ++listed[row["status"]];
  for (const auto& [status, count] : run["tasks"].items()) {
    CAPTURE(status);
    CHECK(count == listed[status]);
  }
  CHECK(run["total"] == 23);
  CHECK(asking.json("/_sim/state")["served"] == 2);
}

TEST_CASE("the clock can be moved ahead, stopped and let go on from where it stood") {
  auto options = small_options();
  options.fixed = false;
  Asking asking(options);
  const auto now = [&asking] { return asking.json("/_sim/state")["now"].get<std::int64_t>(); };
  const auto start = now();
  asking.json("/_sim/advance", "seconds=60");
  CHECK(now() == start + 60'000);
  asking.now += std::chrono::seconds(1);
  CHECK(now() == start + 61'000);
  asking.json("/_sim/freeze");
  asking.now += std::chrono::hours(1);
  CHECK(now() == start + 61'000);
  asking.json("/_sim/advance", "seconds=9");
  CHECK(now() == start + 70'000);
  asking.json("/_sim/thaw");
  CHECK(now() == start + 70'000);
  asking.now += std::chrono::seconds(2);
  CHECK(now() == start + 72'000);
}

TEST_CASE("faults can be set, added and cleared") {
  Asking asking;
  const auto path = asking.tasks_path();
  asking.json("/_sim/fault", "set=500=1/tasks");
  CHECK(asking.get(path).status == 500);
  CHECK(asking.json("/_sim/fault", "add=404=1%2Fruns")["faults"] == 2);
  CHECK(asking.get(asking.runs_path()).status == 404);
  CHECK(asking.get(path).status == 500);
  asking.json("/_sim/fault", "set=clamp=3");
  CHECK(asking.json(path)["data"].size() == 3);
  CHECK(asking.get("/_sim/fault", "set=nonsense").status == 400);
  CHECK(asking.json(path)["data"].size() == 3);
  asking.json("/_sim/fault", "clear");
  CHECK(asking.json(path)["data"].size() == 23);
}

TEST_CASE("runs and tasks can be added, deleted and put in a status") {
  Asking asking;
  asking.json("/_sim/freeze");
  const std::string run = asking.json("/_sim/run", "tasks=4&space=" + asking.space_token())["run_id"];
  CHECK(asking.newest_run() == run);
  const auto path = asking.tasks_path();
  CHECK(asking.json("/_sim/add", "n=3&run=" + run)["total"] == 7);
  CHECK(asking.json("/_sim/vanish", "n=2&run=" + run)["total"] == 5);
  CHECK(asking.json(path)["count"] == 5);
  const auto force = [&](const std::string& what) { return asking.json("/_sim/task", "run=" + run + what); };
  const auto first = force("&index=0&status=failed");
  const auto row = asking.json(path)["data"][0];
  CHECK(row["task_id"] == first["task_id"]);
  CHECK(row["status"] == "failed");
  CHECK(force("&index=0&status=failed&call=new")["attempt"] == 2);
  const auto again = asking.json(path)["data"][0];
  CHECK(again["status"] == "failed");
  CHECK(again["output"] != row["output"]);
}

TEST_CASE("what cannot be meant is refused") {
  Asking asking;
  const auto run = asking.newest_run();
  for (const std::string path : {"/_sim/", "/_sim/stat", "/_sim/state/x"}) {
    CAPTURE(path);
    CHECK(asking.get(path).status == 404);
  }
  const std::pair<std::string, std::string> table[] = {
      {"advance", ""},        {"advance", "seconds=-1"},        {"advance", "seconds=99999999999"},
      {"fault", ""},          {"run", "space=nowhere"},         {"run", "tasks=10000000"},
      {"add", "run=nowhere"}, {"vanish", "run=nowhere"},        {"task", "run=" + run + "&index=23&status=failed"},
      {"task", "run=" + run}, {"add", "n=10000000&run=" + run}, {"task", "run=" + run + "&status=lost"},
  };
  for (const auto& [word, query] : table) {
    CAPTURE(word + "?" + query);
    const auto answer = asking.get("/_sim/" + word, query);
    CHECK(answer.status == 400);
    CHECK(!Json::parse(answer.body)["message"].get<std::string>().empty());
  }
}
