// The words below /_sim/, by which a test or a demo drives the platform. All are GET, for the server knows no more:
//   state                                        the truth: time, requests served, spaces, runs, tasks by status
//   advance?seconds=60                           moves the world's clock ahead, frozen or not
//   freeze, thaw                                 stops the clock; lets it go on from where it stood
//   fault?set=500=1,latency=1s | add=… | clear   replaces, adds to or removes the faults
//   run?space=TOKEN&tasks=10                     a new run
//   add?run=ID&n=5                               new tasks in a run
//   vanish?run=ID&n=5                            deletes tasks
//   task?run=ID&index=0&status=failed[&call=new] puts a task, 0 the newest, in a status; `call=new`: by another attempt
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <expected>
#include <nlohmann/json.hpp>

#include "sim/effects.h"
#include "sim/id.h"
#include "sim/platform_state.h"
#include "sim/query.h"

namespace runwatch::sim {
namespace {

using Json = nlohmann::ordered_json;
using Reply = std::expected<Json, std::string>;
using PlatformState = Platform::State;

struct Asked {
  const Request& request;
  core::WallTime now;
  std::uint64_t number(std::string_view name, std::uint64_t otherwise) const {
    return query_number(request.query, name).value_or(otherwise);
  }
  std::string text(std::string_view name) const { return query_value(request.query, name).value_or(""); }
  bool has(std::string_view name) const { return query_value(request.query, name).has_value(); }
};

Json describe(const Run& run) {
  Json tasks = Json::object();
  for (std::size_t i = 0; i < kStateNames.size(); ++i) tasks[std::string(kStateNames[i])] = run.counts[i];
  return {{"run_id", run.id},
          {"status", name(run.state)},
          {"batch_count", run.batch_count},
          {"total", run.tasks.size()},
          {"tasks", tasks}};
}

Reply describe(PlatformState& state, const Asked&) {
  Json spaces = Json::array();
  for (const auto& space : state.world.spaces()) {
    Json runs = Json::array();
    for (const auto& run : space.runs) runs.push_back(describe(*run));
    spaces.push_back({{"name", space.name}, {"slug", space.slug}, {"token", space.token}, {"runs", runs}});
  }
  return Json{{"now", state.world.now().time_since_epoch().count()},
              {"frozen", state.frozen},
              {"served", state.served},
              {"faults", state.faults.size()},
              {"spaces", spaces}};
}

Reply advance(PlatformState& state, const Asked& asked) {
  const auto seconds = query_number(asked.request.query, "seconds");
  if (!seconds || *seconds > 366 * 86'400) return std::unexpected("give seconds=N, up to a year");
  const auto step = core::Duration(*seconds * 1000);
  state.ahead += step;
  state.world.advance(state.world.now() + step);
  return Json{{"now", state.world.now().time_since_epoch().count()}};
}

Reply freeze(PlatformState& state, const Asked&) {
  state.frozen = true;
  return Json{{"frozen", true}};
}

Reply thaw(PlatformState& state, const Asked& asked) {
  if (state.frozen) state.ahead = state.world.now() - asked.now;
  state.frozen = false;
  return Json{{"frozen", false}};
}

Reply fault(PlatformState& state, const Asked& asked) {
  if (!asked.has("set") && !asked.has("add") && !asked.has("clear")) {
    return std::unexpected("give set=FAULTS, add=FAULTS or clear");
  }
  auto faults = parse_faults(asked.text(asked.has("add") ? "add" : "set"));
  if (!faults) return std::unexpected(faults.error().text);
  if (!asked.has("add")) state.faults.clear();
  state.faults.insert(state.faults.end(), faults->begin(), faults->end());
  return Json{{"faults", state.faults.size()}};
}

Reply add_run(PlatformState& state, const Asked& asked) {
  const auto& spaces = state.world.spaces();
  const auto space =
      asked.has("space") ? std::ranges::find(spaces, asked.text("space"), &Space::token) : spaces.begin();
  const auto tasks = asked.number("tasks", state.world.options().tasks);
  if (space == spaces.end()) return std::unexpected("no space has that token");
  if (tasks > 1'000'000) return std::unexpected("give tasks=N, up to 1000000");
  return describe(state.world.add_run(static_cast<std::size_t>(space - spaces.begin()), tasks));
}

Reply add_tasks(PlatformState& state, const Asked& asked) {
  Run* run = state.world.find_run(asked.text("run"));
  if (!run) return std::unexpected("no run has that id");
  const auto count = asked.number("n", 1);
  if (count > 1'000'000) return std::unexpected("give n=N, up to 1000000");
  for (std::uint64_t i = 0; i < count; ++i) state.world.add_task(*run);
  return describe(*run);
}

Reply vanish(PlatformState& state, const Asked& asked) {
  Run* run = state.world.find_run(asked.text("run"));
  if (!run) return std::unexpected("no run has that id");
  state.world.vanish(*run, asked.number("n", 1), state.dice.next());
  return describe(*run);
}

Reply force_task(PlatformState& state, const Asked& asked) {
  Run* run = state.world.find_run(asked.text("run"));
  if (!run) return std::unexpected("no run has that id");
  const auto position = asked.number("index", 0);
  if (position >= run->tasks.size()) return std::unexpected("the run has not that many tasks");
  const auto* status = std::ranges::find(kStateNames, asked.text("status"));
  if (status == kStateNames.end()) return std::unexpected("give status=STATUS, one that the platform documents");
  Task& task = run->tasks[run->tasks.size() - 1 - position];
  state.world.force(*run, task, static_cast<State>(status - kStateNames.begin()), asked.text("call") == "new");
  return Json{{"task_id", make_id('T', task.ticks, mix(state.world.options().seed))},
              {"status", name(task.state)},
              {"attempt", task.attempt}};
}

struct Word {
  std::string_view name;
  Reply (*say)(PlatformState&, const Asked&);
};
constexpr std::array kWords{Word{"state", describe}, Word{"advance", advance}, Word{"freeze", freeze},
                            Word{"thaw", thaw},      Word{"fault", fault},     Word{"run", add_run},
                            Word{"add", add_tasks},  Word{"vanish", vanish},   Word{"task", force_task}};

}  // namespace

Answer Platform::control(const Request& request, core::WallTime now) {
  auto path = request.path.substr(std::min(request.path.size(), kControlPrefix.size()));
  if (path.ends_with('/')) path.remove_suffix(1);
  const auto* word = std::ranges::find(kWords, path, &Word::name);
  if (word == kWords.end()) {
    return refusal(404, "known are state, advance, freeze, thaw, fault, run, add, vanish and task");
  }
  const auto reply = state_.with([&](std::unique_ptr<State>& state) {
    state->move_to(now);
    return word->say(*state, {.request = request, .now = now});
  });
  if (!reply) return refusal(400, reply.error());
  Answer answer;
  answer.body = reply->dump(-1, ' ', false, Json::error_handler_t::replace);
  return answer;
}

}  // namespace runwatch::sim
