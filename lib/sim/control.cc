// The words below /_sim/, by which a test or a demo drives the platform, each a plain GET:
//   state                                        the truth: time, requests served, spaces, runs, tasks by status
//   advance?seconds=60                           moves the world's clock ahead, frozen or not
//   freeze, thaw                                 stops the clock; lets it go on from where it stood
//   fault?set=500=1,latency=1s | add=… | clear   replaces, adds to or removes the faults
//   failing?rate=0.9                             the share of the attempts to come that fail
//   run?space=TOKEN&tasks=10                     a new run
//   remove, restore?run=ID | space=TOKEN         as if deleted; there again, its life gone on
//   row?run=ID&created=…&modified=… | clear      what fields of the run's row say: status and batch_count too; JSON or
//                                                else a text
//   add?run=ID&n=5                               new tasks in a run
//   vanish?run=ID&n=5 | &index=0 | &task=ID      deletes tasks, any or that one, 0 being the newest
//   task?run=ID&index=0&status=failed[&call=new] puts a task, named likewise, in a status; `call=new`: by a new attempt
//   say?run=ID&index=0&field=input&json={…}      what a field of a task's row says, put there as it is, be it JSON or
//                                                not; `output` as soon as the task has one
#include <algorithm>
#include <array>
#include <expected>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "sim/effects.h"
#include "sim/id.h"
#include "sim/platform.h"

namespace runwatch::sim {
namespace {

using Json = nlohmann::ordered_json;
using Reply = std::expected<Json, std::string>;
using PlatformState = Platform::State;

struct Asked {
  const Request& request;
  core::WallTime now;
  Run* run;  // null: none named
  std::uint64_t number(std::string_view name, std::uint64_t otherwise) const {
    return request.number(name).value_or(otherwise);
  }
  std::string text(std::string_view name) const { return request.text(name).value_or(""); }
  bool has(std::string_view name) const { return request.text(name).has_value(); }
};

Json describe(const Run& run) {
  Json tasks = Json::object();
  for (std::size_t i = 0; i < kStateNames.size(); ++i) tasks[std::string(kStateNames[i])] = run.counts[i];
  return {{"run_id", run.id},          {"status", name(run.state)}, {"batch_count", run.batch_count},
          {"total", run.tasks.size()}, {"removed", run.removed},    {"tasks", tasks}};
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
  const auto seconds = asked.request.number("seconds");
  if (!seconds || *seconds > 366 * 86'400) return std::unexpected("give seconds=N, up to a year");
  const auto step = core::Duration(*seconds * 1000);
  state.ahead += step;
  state.world.advance(state.world.now() + step);
  return Json{{"now", state.world.now().time_since_epoch().count()}};
}

template <bool kFrozen>
Reply freeze(PlatformState& state, const Asked& asked) {
  if (state.frozen && !kFrozen) state.ahead = state.world.now() - asked.now;
  state.frozen = kFrozen;
  return Json{{"frozen", kFrozen}};
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

Reply failing(PlatformState& state, const Asked& asked) {
  const auto text = asked.text("rate");
  const auto rate = Json::parse(text, nullptr, false);
  if (!rate.is_number() || rate < 0 || rate > 1) return std::unexpected("give rate=SHARE, from 0 to 1");
  state.world.set_failure_rate(rate);
  return Json{{"failing", rate}};
}

Reply add_run(PlatformState& state, const Asked& asked) {
  const auto& spaces = state.world.spaces();
  const Space* space = asked.has("space") ? state.world.find_space(asked.text("space")) : &spaces.front();
  const auto tasks = asked.number("tasks", state.world.options().tasks);
  if (!space) return std::unexpected("no space has that token");
  if (tasks > 1'000'000) return std::unexpected("give tasks=N, up to 1000000");
  return describe(state.world.add_run(static_cast<std::size_t>(space - spaces.data()), tasks));
}

template <bool kRemoved>
Reply remove(PlatformState& state, const Asked& asked) {
  Space* space = state.world.find_space(asked.text("space"));
  if (!asked.run && !space) return std::unexpected("give run=ID or space=TOKEN, one that is known");
  (asked.run ? asked.run->removed : space->removed) = kRemoved;
  return Json{{"removed", kRemoved}};
}

Reply say_row(PlatformState&, const Asked& asked) {
  if (asked.has("clear")) asked.run->row.clear();
  for (const char* field : {"status", "batch_count", "created", "modified"}) {
    if (const auto said = asked.request.text(field)) {
      asked.run->row[field] = Json::accept(*said) ? *said : Json(core::to_valid_utf8(*said)).dump();
    }
  }
  return describe(*asked.run);
}

Reply add_tasks(PlatformState& state, const Asked& asked) {
  const auto count = asked.number("n", 1);
  if (count > 1'000'000) return std::unexpected("give n=N, up to 1000000");
  for (std::uint64_t i = 0; i < count; ++i) state.world.add_task(*asked.run);
  return describe(*asked.run);
}

std::string id_of(const PlatformState& state, const Task& task) {
  return make_id('T', task.ticks, mix(state.world.options().seed));
}

// Null when the run has no such task.
Task* named_task(const PlatformState& state, const Asked& asked) {
  auto& tasks = asked.run->tasks;
  const auto position = asked.number("index", 0);
  if (!asked.has("task")) return position < tasks.size() ? &tasks[tasks.size() - 1 - position] : nullptr;
  const auto found = std::ranges::find(tasks, asked.text("task"), [&](const Task& task) { return id_of(state, task); });
  return found == tasks.end() ? nullptr : &*found;
}

Reply vanish(PlatformState& state, const Asked& asked) {
  if (!asked.has("task") && !asked.has("index")) {
    state.world.vanish(*asked.run, asked.number("n", 1), state.dice.next());
    return describe(*asked.run);
  }
  Task* task = named_task(state, asked);
  if (!task) return std::unexpected("the run has no such task");
  state.world.erase(*asked.run, *task);
  return describe(*asked.run);
}

Reply force_task(PlatformState& state, const Asked& asked) {
  Task* task = named_task(state, asked);
  if (!task) return std::unexpected("the run has no such task");
  const auto* status = std::ranges::find(kStateNames, asked.text("status"));
  if (status == kStateNames.end()) return std::unexpected("give status=STATUS, one that the platform documents");
  state.world.force(*asked.run, *task, static_cast<State>(status - kStateNames.begin()), asked.text("call") == "new");
  return Json{{"task_id", id_of(state, *task)}, {"status", name(task->state)}, {"attempt", task->attempt}};
}

Reply say_field(PlatformState& state, const Asked& asked) {
  const Task* task = named_task(state, asked);
  if (!task) return std::unexpected("the run has no such task");
  if (asked.text("field").empty() || !asked.has("json")) return std::unexpected("give field=NAME&json=VALUE");
  asked.run->said[task->ticks][core::to_valid_utf8(asked.text("field"))] = asked.text("json");
  return Json{{"task_id", id_of(state, *task)}};
}

struct Word {
  std::string_view name;
  Reply (*say)(PlatformState&, const Asked&);
  bool of_run = false;  // a run has to be named
};
constexpr std::array kWords{
    Word{"state", describe},        Word{"advance", advance},     Word{"freeze", freeze<true>},
    Word{"thaw", freeze<false>},    Word{"fault", fault},         Word{"failing", failing},
    Word{"run", add_run},           Word{"remove", remove<true>}, Word{"restore", remove<false>},
    Word{"row", say_row, true},     Word{"add", add_tasks, true}, Word{"vanish", vanish, true},
    Word{"task", force_task, true}, Word{"say", say_field, true}};

Reply say(const Word& word, PlatformState& state, const Request& request, core::WallTime now) {
  const auto id = request.text("run");
  Run* run = id ? state.world.find_run(*id) : nullptr;
  if (!run && (id || word.of_run)) return std::unexpected("no run has that id");
  return word.say(state, {.request = request, .now = now, .run = run});
}

}  // namespace

Answer Platform::control(const Request& request, core::WallTime now) {
  auto path = request.path.substr(std::min(request.path.size(), kControlPrefix.size()));
  if (path.ends_with('/')) path.remove_suffix(1);
  const auto* word = std::ranges::find(kWords, path, &Word::name);
  Answer answer;
  if (word == kWords.end()) {
    std::string known = "known are";
    for (const auto& each : kWords) known.append(" ").append(each.name);
    answer = refusal(404, known);
  } else {
    const std::lock_guard lock(mutex_);
    state_.move_to(now);
    const auto reply = say(*word, state_, request, now);
    if (reply)
      answer.body = reply->dump(-1, ' ', false, Json::error_handler_t::replace);
    else
      answer = refusal(400, reply.error());
  }
  answer.at = now;
  return answer;
}

}  // namespace runwatch::sim
