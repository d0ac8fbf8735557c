// The rows themselves, read back by an ordinary JSON parser.
#include "sim/render.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/fate.h"
#include "sim/world.h"

using namespace runwatch;
using namespace runwatch::sim;
using Json = nlohmann::json;

namespace {

constexpr core::WallTime kBegin{std::chrono::milliseconds(1'769'858'258'067)};

// A letter and a version-1 UUID without its dashes.
bool is_task_id(const std::string& id) {
  return id.size() == 33 && id[0] == 'T' && id[13] == '1' && std::string_view("89ab").contains(id[17]) &&
         id.find_first_not_of("0123456789abcdef", 1) == std::string::npos;
}

Options varied() {
  Options o;
  o.seed = 21;
  o.spaces = 2;
  o.runs = 40;
  o.tasks = 20;
  o.fixed = false;
  o.odd_rate = 0.3;
  o.failure_rate = 0.3;
  o.history = std::chrono::minutes(30);
  return o;
}

}  // namespace

TEST_CASE("a time is written in the six forms of the platform") {
  const char* forms[] = {R"("2026-01-31T11:17:38")",       R"("2026-01-31 11:17:38.067021")",
                         R"("2026-01-31T11:17:38Z")",      R"("2026-01-31T11:17:38.067Z")",
                         R"("2026-01-31T16:47:38+05:30")", R"({"$date": 1769858258067})"};
  for (unsigned form = 0; form < 6; ++form) CHECK(time_text(kBegin, form) == forms[form]);
}

TEST_CASE("every row is valid JSON with well-formed ids, in both shapes of output and all kinds of status") {
  World world(varied(), kBegin);
  std::map<std::string, std::set<std::string>> seen;
  for (const auto& space : world.spaces()) {
    for (const auto& run : space.runs) {
      for (const auto& task : run->tasks) {
        std::string text;
        append_task(text, world.options(), *run, task);
        CAPTURE(text.substr(0, 400));
        const auto row = Json::parse(text);
        CHECK(is_task_id(row["task_id"]));
        CHECK(row["run_id"] == run->id);
        CHECK(row["_id"].get<std::string>().size() == 24);
        CHECK(row["modified"] == row["created"]);
        const auto& output = row["output"];
        CHECK(output.is_object());
        if (is_finished(task.state)) CHECK(row["status"] == name(task.state));
        seen["shape"].insert(output.contains("call_id") ? "current" : output.contains("id") ? "older" : "other");
        seen["status"].insert(row.contains("status") ? row["status"].dump() : "missing");
        if (output.contains("transcript")) seen["transcript"].insert(output["transcript"].type_name());
        if (output.contains("call_id")) {
          seen["duration"].insert(output.contains("duration") ? output["duration"].type_name() : "missing");
          if (output.contains("call_status")) seen["call"].insert(output["call_status"]);
        }
      }
    }
  }
  CHECK(seen["shape"] == std::set<std::string>{"current", "older", "other"});
  CHECK(seen["transcript"] == std::set<std::string>{"array", "string"});
  CHECK(seen["duration"] == std::set<std::string>{"missing", "null", "number"});
  CHECK(seen["status"].contains("null"));
  CHECK(seen["status"].contains("missing"));
  CHECK(seen["status"].contains("\"dialer_backoff\""));
  CHECK(seen["call"].size() >= 8);
}

TEST_CASE("each attempt has a call id of its own") {
  const Options options;
  Task task{.ticks = 139'000'000'000'000'000, .created = kBegin};
  task.state = State::completed;
  task.output = Output::full;
  task.start = task.end = kBegin;
  const Run run;
  std::set<std::string> calls;
  for (task.attempt = 1; task.attempt <= 3; ++task.attempt) {
    std::string text;
    append_task(text, options, run, task);
    calls.insert(Json::parse(text)["output"]["call_id"]);
  }
  CHECK(calls.size() == 3);
}

TEST_CASE("a task of a world at rest is about as long as asked for") {
  for (const std::size_t bytes : {5'000U, 30'000U, 60'000U}) {
    Options options;
    options.fixed = true;
    options.task_bytes = bytes;
    options.spaces = 1;
    World world(options, kBegin);
    for (const auto& run : world.spaces()[0].runs) {
      CHECK(run->style.kind == Kind::call);
      for (const auto& task : run->tasks) {
        if (task.output != Output::full) continue;
        std::string text;
        append_task(text, options, *run, task);
        CHECK(text.size() > bytes * 9 / 10);
        CHECK(text.size() < bytes * 11 / 10);
      }
    }
  }
}
