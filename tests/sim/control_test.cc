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
  const std::string second = asking.json(path)["data"][1]["task_id"];
  CHECK(force("&task=" + second + "&status=hold")["task_id"] == second);
  CHECK(asking.json(path)["data"][1]["status"] == "hold");
  CHECK(asking.json("/_sim/vanish", "task=" + second + "&run=" + run)["total"] == 4);
  CHECK(asking.json(path)["data"][0]["task_id"] == row["task_id"]);
  CHECK(asking.json("/_sim/vanish", "index=0&run=" + run)["total"] == 3);
  CHECK(ids(asking.json(path), "task_id").front() != row["task_id"].get<std::string>());
}

TEST_CASE("a run, or a space, is removed from every answer and comes back as it has become") {
  auto options = small_options();
  options.runs = 2;
  options.spaces = 2;
  Asking asking(options);
  const auto run = asking.newest_run();
  const auto path = asking.tasks_path();
  asking.json("/_sim/remove", "run=" + run);
  const auto list = asking.json(asking.runs_path());
  CHECK(list["count"] == 1);
  CHECK(list["data"].size() == 1);
  CHECK(list["data"][0]["run_id"] != run);
  CHECK(asking.json(path)["count"] == 0);
  asking.json("/_sim/task", "index=3&status=failed&call=new&run=" + run);
  asking.json("/_sim/restore", "run=" + run);
  CHECK(asking.newest_run() == run);
  CHECK(asking.json(path)["data"][3]["status"] == "failed");
  asking.json("/_sim/remove", "space=" + asking.space_token());
  CHECK(asking.json(kBase + "spaces/")["count"] == 1);
  CHECK(asking.get(path).status == 206);
  CHECK(asking.get(kBase + "spaces/" + asking.space_token() + "/").status == 404);
  asking.json("/_sim/restore", "space=" + asking.space_token());
  CHECK(asking.json(kBase + "spaces/")["count"] == 2);
  CHECK(asking.json(path)["count"] == 23);
}

TEST_CASE("the row of a run says what it is told to say, until that is cleared") {
  Asking asking;
  const auto run = asking.newest_run();
  const auto row = [&asking] { return asking.json(asking.runs_path())["data"][0]; };
  const auto truth = row();
  asking.json("/_sim/row", "created=2001-01-01T00:00:00&batch_count=99&run=" + run);
  CHECK(row()["created"] == "2001-01-01T00:00:00");
  CHECK(row()["batch_count"] == 99);
  CHECK(row()["modified"] == truth["modified"]);
  asking.json("/_sim/row", "status=completed&modified=null&created={\"a\":[]}&run=" + run);
  CHECK(row()["status"] == "completed");
  CHECK(row()["modified"].is_null());
  CHECK(row()["created"]["a"].is_array());
  asking.json("/_sim/row", "clear&batch_count=\"x&run=" + run);
  CHECK(row()["batch_count"] == "\"x");
  asking.json("/_sim/row", "clear&run=" + run);
  CHECK(row() == truth);
}

TEST_CASE("a field of a task's row says what it is told to say, its output once it has one") {
  Asking asking;
  const std::string run = asking.json("/_sim/run", "tasks=2&space=" + asking.space_token())["run_id"];
  const auto path = asking.tasks_path();
  const auto truth = asking.json(path)["data"];
  const auto say = [&](const std::string& what) { return asking.json("/_sim/say", "run=" + run + what)["task_id"]; };
  CHECK(say("&index=1&field=input&json={\"name\":\"a%26b\",\"n\":[1]}") == truth[1]["task_id"]);
  const std::string second = truth[1]["task_id"];
  say("&task=" + second + "&field=output&json={\"call_id\":\"7\"}");
  say("&task=" + second + "&field=new&json=0.5");
  auto rows = asking.json(path)["data"];
  CHECK(rows[0] == truth[0]);
  CHECK(rows[1]["input"] == Json{{"name", "a&b"}, {"n", {1}}});
  CHECK(rows[1]["output"] == Json::object());
  CHECK(rows[1]["new"] == 0.5);
  asking.json("/_sim/task", "index=1&status=failed&call=new&run=" + run);
  rows = asking.json(path)["data"];
  CHECK(rows[1]["status"] == "failed");
  CHECK(rows[1]["output"] == Json{{"call_id", "7"}});
  CHECK(rows[1]["created"] == truth[1]["created"]);
  say("&index=1&field=input&json=%22%ff\\ud83d%22");
  CHECK(asking.get(path).body.contains("\"input\":\"\xff\\ud83d\",\"attachments\""));
}

TEST_CASE("a task of a finished run is taken up again and fails a second time, and the run's row follows") {
  Asking asking;
  const auto run = asking.newest_run();
  const auto force = [&](int index, const std::string& how) {
    asking.json("/_sim/task", "index=" + std::to_string(index) + how + "&run=" + run);
  };
  const auto status = [&asking] { return asking.json(asking.runs_path())["data"][0]["status"].get<std::string>(); };
  for (int i = 0; i < 23; ++i) force(i, i == 7 ? "&status=failed&call=new" : "&status=completed");
  CHECK(status() == "completed");
  const auto call = asking.json(asking.tasks_path())["data"][7]["output"];
  force(7, "&status=pending");
  CHECK(status() != "completed");
  force(7, "&status=failed&call=new");
  CHECK(status() == "completed");
  CHECK(asking.json(asking.tasks_path())["data"][7]["output"] != call);
}

TEST_CASE("the share of attempts that fail can be changed, for the attempts to come") {
  auto options = small_options();
  options.fixed = false;
  options.tasks = 60;
  options.history = core::Duration(0);
  options.failure_rate = 0;
  options.stuck_rate = 0;
  Asking asking(options);
  const auto failed = [&asking] { return asking.json("/_sim/state")["spaces"][0]["runs"][0]["tasks"]["failed"]; };
  asking.json("/_sim/advance", "seconds=60");
  CHECK(failed() == 0);
  asking.json("/_sim/failing", "rate=1");
  asking.json("/_sim/advance", "seconds=120");
  CHECK(failed() > 10);
  asking.json("/_sim/failing", "rate=0");
  asking.json("/_sim/advance", "seconds=14400");
  CHECK(failed() < 30);
}

TEST_CASE("what cannot be meant is refused") {
  Asking asking;
  const auto run = asking.newest_run();
  for (const std::string path : {"/_sim/", "/_sim/stat", "/_sim/state/x"}) {
    CAPTURE(path);
    CHECK(asking.get(path).status == 404);
  }
  const std::pair<std::string, std::string> table[] = {
      {"advance", ""},
      {"advance", "seconds=-1"},
      {"advance", "seconds=99999999999"},
      {"fault", ""},
      {"run", "space=nowhere"},
      {"run", "tasks=10000000"},
      {"add", "run=nowhere"},
      {"vanish", "run=nowhere"},
      {"task", "run=" + run + "&index=23&status=failed"},
      {"task", "run=" + run},
      {"add", "n=10000000&run=" + run},
      {"task", "run=" + run + "&status=lost"},
      {"failing", "rate=2"},
      {"failing", ""},
      {"task", "run=" + run + "&task=T0&status=failed"},
      {"remove", ""},
      {"restore", "run=nowhere"},
      {"vanish", "run=" + run + "&task=T0"},
      {"row", ""},
      {"say", "run=" + run + "&index=23&field=input&json=1"},
      {"say", "run=" + run + "&json=1"},
      {"say", "run=" + run + "&field=input"},
      {"remove", "space=nowhere"},
      {"add", ""},
  };
  for (const auto& [word, query] : table) {
    CAPTURE(word + "?" + query);
    const auto answer = asking.get("/_sim/" + word, query);
    CHECK(answer.status == 400);
    CHECK(!Json::parse(answer.body)["message"].get<std::string>().empty());
  }
}
