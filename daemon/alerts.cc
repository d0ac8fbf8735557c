#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/timestamp.h"
#include "daemon/commands.h"
#include "daemon/control.h"

namespace runwatch::daemon {
namespace {

Json each(const Json& object, const char* member) { return object.value(member, Json::array()); }

std::string state(const Json& incident) {
  return text(incident, "state") + (text(incident, "silenced") == "true" ? ", silenced" : "");
}

// Of a rule with members its tasks, of another one its value and, in brackets, the threshold.
std::string counts(const Json& incident) {
  if (const auto value = text(incident, "value"); !value.empty()) {
    const auto when = text(incident, "when");
    const bool is_time = when == "run_stalled" || when == "task_stuck";
    const auto shown = [&](const char* member) {
      const auto number = incident.value(member, 0.0);
      return is_time ? core::lasting(std::chrono::round<core::Duration>(std::chrono::duration<double>(number)))
                     : fmt::format("{:.3g}", number);
    };
    return fmt::format("{} ({})", shown("value"), shown("threshold"));
  }
  return fmt::format("{}/{}/{}", text(incident, "open"), text(incident, "new"), text(incident, "total"));
}

constexpr std::initializer_list<const char*> kIncidentMembers{
    "why",  "rule", "when",  "severity",  "space", "run_id", "about",     "started",        "ended",    "told",
    "open", "new",  "total", "recovered", "gone",  "value",  "threshold", "silenced_until", "receivers"};

using Rows = std::vector<std::vector<std::string>>;

Rows texts(const Json& list, const char* member, std::vector<std::string> head,
           const std::vector<const char*>& members) {
  Rows rows{std::move(head)};
  for (const auto& entry : each(list, member)) {
    auto& row = rows.emplace_back();
    for (const auto* name : members) row.push_back(text(entry, name));
  }
  return rows;
}

std::string print_list(const Json& answer, const std::string& target) {
  Json list = answer;
  for (auto& i : list["incidents"]) {
    i["state"] = state(i);
    i["counts"] = counts(i);
    if (text(i, "when") == "delivery_failing") i["rule"] = fmt::format("{} ({})", text(i, "rule"), text(i, "about"));
  }
  const auto incidents =
      texts(list, "incidents", {"ID", "STATE", "RULE", "SPACE", "RUN", "SINCE", "COUNT", "TOLD", "RECEIVERS"},
            {"id", "state", "rule", "space", "run_id", "started", "counts", "told", "receivers"});
  auto out = incidents.size() == 1 ? "no incidents\n" : table(incidents);
  const auto receivers = texts(
      list, "receivers", {"RECEIVER", "TYPE", "WAITING", "DEAD", "OLDEST", "NEXT", "FAILING SINCE", "LAST FAILURE"},
      {"name", "type", "pending", "dead", "oldest", "due", "failing_since", "last_failure"});
  if (receivers.size() > 1) out += "\n" + table(receivers);
  for (const auto& receiver : each(list, "receivers")) {
    const auto error = text(receiver, "last_error");
    if (!error.empty()) out += fmt::format("{}: {}\n", text(receiver, "name"), error);
  }
  const auto dead = texts(list, "dead", {"DEAD NOTICE", "RECEIVER", "RULE", "KIND", "COMMITTED", "LAST FAILURE"},
                          {"id", "receiver", "rule", "kind", "committed", "last_failure"});
  if (dead.size() > 1) {
    out += fmt::format("\n{}`runwatch alerts replay ID{}` tries again, `drop ID` gives it up for good\n", table(dead),
                       target);
  }
  return out;
}

std::string lines(const Json& object, std::initializer_list<const char*> members) {
  std::string out;
  for (const char* member : members) {
    if (const auto what = text(object, member); !what.empty()) out += fmt::format("{:<14} {}\n", member, what);
  }
  return out;
}

std::string delivery_lines(const Json& delivery) {
  const auto due = text(delivery, "state") == "pending" ? text(delivery, "due") : "";
  auto out = fmt::format("  to {}: {}{}\n", text(delivery, "receiver"), text(delivery, "state"),
                         due.empty() ? "" : ", next attempt at " + due);
  for (const auto& attempt : each(delivery, "attempts")) {
    const auto status = text(attempt, "status");
    const auto reason = text(attempt, "reason");
    out += fmt::format("    {} {}{} ({} s)\n", text(attempt, "at"), status == "0" ? "no answer" : status,
                       reason.empty() ? "" : ": " + reason, text(attempt, "seconds"));
  }
  return out;
}

std::string notice_lines(const Json& notice) {
  auto out = fmt::format("\n{} {} {}{}{}\n", text(notice, "kind"), text(notice, "update"), text(notice, "id"),
                         text(notice, "repeat") == "true" ? ", a repeat" : "",
                         text(notice, "test") == "true" ? ", a test" : "");
  out += lines(notice, {"committed", "poll", "change", "why", "new"});
  for (const auto& task : each(notice, "tasks")) {
    out += fmt::format("  task {} {} {}, {} attempt(s)\n", text(task, "task_id"), text(task, "status"),
                       text(task, "reason"), text(task, "attempts"));
  }
  for (const auto& delivery : each(notice, "deliveries")) out += delivery_lines(delivery);
  return out;
}

std::string print_explanation(const Json& told) {
  std::string out;
  if (const auto i = told.value("incident", Json()); i.is_object()) {
    out = fmt::format("incident {} ({})\n", text(i, "id"), state(i)) + lines(i, kIncidentMembers);
  }
  out += lines(told, {"clause"});
  for (const auto& notice : each(told, "notices")) out += notice_lines(notice);
  return out;
}

std::string print_test(const Json& done, const std::string& target) {
  return fmt::format("queued: `runwatch alerts show {}{}` tells what becomes of it\n", text(done, "id"), target);
}

std::string print_changed(const Json& done) { return fmt::format("{} notice(s) changed\n", text(done, "changed")); }

std::string check_id(const std::string& id) {
  if (id.empty()) return "is empty: give an id as `alerts list` shows them";
  return id.find_first_not_of("0123456789abcdef") == std::string::npos ? "" : "is no id as `alerts list` shows them";
}

}  // namespace

void add_alerts(CLI::App& app, ControlArguments& arguments) {
  auto& group = *app.add_subcommand("alerts", "Incidents and notices of the running daemon");
  group.require_subcommand(1);
  auto& request = arguments.request;
  add_question(group, arguments, "list", "Incidents, open and lately ended; receivers; notices that were given up",
               "GET", "/alerts",
               [&arguments](const Json& answer) { return print_list(answer, same_daemon(arguments)); });
  auto& show = add_question(group, arguments, "show", "Why there is an incident or a notice, and what became of it",
                            "GET", "/alerts/", print_explanation);
  show.add_option("id", arguments.id, "Of an incident or a notice")->required()->check(check_id);
  auto& test =
      add_question(group, arguments, "test", "Send a notice that is marked as a test through the queue", "POST",
                   "/alerts/test", [&arguments](const Json& done) { return print_test(done, same_daemon(arguments)); });
  test.add_option("--receiver", request.receiver, "To whom, by name")->required();
  auto& replay =
      add_question(group, arguments, "replay", "Try again what was given up", "POST", "/alerts/replay", print_changed);
  auto* ids = replay.add_option("ids", request.ids, "Of notices")->check(check_id);
  auto* receiver = replay.add_option("--receiver", request.receiver, "With --dead: of this receiver");
  auto* dead = replay.add_flag("--dead", request.dead, "All that were given up")->needs(receiver)->excludes(ids);
  receiver->needs(dead);
  replay.parse_complete_callback([ids, dead] {
    if (ids->empty() && dead->empty()) throw CLI::RequiredError("ids, or --dead and --receiver,");
  });
  auto& drop = add_question(group, arguments, "drop", "Give up for good what waits or was given up", "POST",
                            "/alerts/drop", print_changed);
  drop.add_option("ids", request.ids, "Of notices; where some receivers' were given up, these alone")
      ->required()
      ->check(check_id);
  drop.add_option("--receiver", request.receiver, "Of this receiver alone");
}

}  // namespace runwatch::daemon
