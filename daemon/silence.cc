#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/units.h"
#include "daemon/commands.h"
#include "daemon/control.h"

namespace runwatch::daemon {
namespace {

std::string or_any(const Json& silence, const char* member) {
  const auto found = text(silence, member);
  return found.empty() ? "any" : found;
}

std::string print_list(const Json& list) {
  std::vector<std::vector<std::string>> rows{{"NUMBER", "SPACE", "RUN", "RULE", "FROM", "UNTIL", "REASON"}};
  for (const auto& s : list.value("silences", Json::array())) {
    rows.push_back({text(s, "number"), or_any(s, "space"), or_any(s, "run_id"), or_any(s, "rule"), text(s, "from"),
                    text(s, "until"), text(s, "reason")});
  }
  return rows.size() == 1 ? "no silences\n" : table(rows);
}

std::string print_added(const Json& silence) {
  const auto note = text(silence, "note");
  return fmt::format("silence {} until {}: space {}, run {}, rule {}\n{}", text(silence, "number"),
                     text(silence, "until"), or_any(silence, "space"), or_any(silence, "run_id"),
                     or_any(silence, "rule"), note.empty() ? "" : "note: " + note + "\n");
}

std::string to_seconds(const std::string& given) {
  const auto lasting = config::parse_duration(given);
  if (lasting >= std::chrono::seconds(1)) return std::to_string(lasting->count() / 1000);
  throw CLI::ValidationError("give how long, as 2h or 1h30m: from 1s to ten years, which is 3650d");
}

}  // namespace

void add_silence(CLI::App& app, ControlArguments& arguments) {
  auto& group =
      *app.add_subcommand("silence", "Hold back notices of incidents for a while; ends are told all the same");
  group.require_subcommand(1);
  auto& request = arguments.request;
  auto& add =
      add_question(group, arguments, "add", "Begin one; what is not named is any", "POST", "/silences", print_added);
  // An unset variable of a script is not to silence everything.
  const CLI::Validator given(
      [](const std::string& value) { return value.empty() ? "is empty: leave it out for any" : ""; }, "");
  add.add_option("--space", request.space, "Of this space, by its label")->check(given);
  add.add_option("--run", request.run_id, "Of this run, by its id")->check(given);
  add.add_option("--rule", request.rule, "Of this rule, by its name")->check(given);
  add.add_option("--for", request.seconds, "How long, as 2h")
      ->required()
      ->transform(to_seconds)
      ->option_text("DURATION REQUIRED");
  add.add_option("--reason", request.reason, "Why, for those who wonder")
      ->required()
      ->check([](const std::string& value) { return value.empty() ? "is empty: say why" : ""; });
  const auto* all = add.add_flag_function("--all", [](std::int64_t) {}, "Everything, where nothing is named");
  add.parse_complete_callback([&request, all] {
    const bool is_named = !request.space.empty() || !request.run_id.empty() || !request.rule.empty();
    if (!is_named && all->empty()) throw CLI::RequiredError("--space, --run or --rule, or --all,");
  });
  add_question(group, arguments, "list", "Those that hold", "GET", "/silences", print_list);
  auto& expire = add_question(
      group, arguments, "expire", "End one before its time", "POST", "/silences/expire", [&request](const Json&) {
        return fmt::format(
            "silence {} is over: what it held back, is still open and no other silence holds is told now\n",
            request.number);
      });
  expire.add_option("number", request.number, "As `silence list` shows it")->required();
}

}  // namespace runwatch::daemon
