#include "daemon/help.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

namespace runwatch::daemon {
namespace {

using Json = nlohmann::ordered_json;

using Code = std::pair<int, const char*>;

constexpr std::array<Code, 6> kExitCodes{{
    {EX_OK, "good"},
    {EX_USAGE, "wrong usage, or an id or name that the daemon does not know"},
    {EX_UNAVAILABLE, "platform unreachable, a poll incomplete, a named run unknown, or no daemon to ask"},
    {EX_TEMPFAIL, "port or database in use, or disk trouble"},
    {EX_NOPERM, "credentials refused"},
    {EX_CONFIG, "configuration wrong, or a database this version cannot read"},
}};

constexpr std::array<Code, 5> kCodesOfQuestions{{
    {EX_OK, "good"},
    {EX_USAGE, "wrong usage, or an id or name that the daemon does not know"},
    {EX_UNAVAILABLE, "no daemon answers"},
    {EX_TEMPFAIL, "it cannot be done now"},
    {EX_CONFIG, "configuration wrong"},
}};

std::string listed(std::span<const Code> codes) {
  std::string out = "Exit codes:";
  for (const auto& [code, meaning] : codes) out += fmt::format("\n  {:<4}{}", code, meaning);
  return out;
}

std::vector<const CLI::App*> shown_commands(const CLI::App& app) {
  auto all = app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
  return {all.begin(), all.end()};
}

// What stands between braces in the name of the type, where only some words are taken.
std::vector<std::string> choices(const CLI::Option& option) {
  const auto type = option.get_type_name();
  const auto begin = type.find('{');
  const auto end = type.find('}');
  if (begin == std::string::npos || end < begin) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

Json describe_option(const CLI::Option& option) {
  Json names = Json::array();
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  if (option.get_positional()) names.push_back(option.get_name(true));
  const auto value = CLI::detail::trim_copy(CLI::Formatter().make_option_opts(&option));
  return {{"names", names},
          {"value", value},
          {"text", option.get_description()},
          {"choices", choices(option)},
          {"flag", option.get_type_size() == 0},
          {"positional", option.get_positional()}};
}

Json describe_command(const CLI::App& app, const std::string& path) {
  Json options = Json::array();
  for (const auto* option : app.get_options()) options.push_back(describe_option(*option));
  Json commands = Json::array();
  for (const auto* command : shown_commands(app))
    commands.push_back(describe_command(*command, path + " " + command->get_name()));
  const auto usage = CLI::detail::trim_copy(CLI::Formatter().make_usage(&app, path));
  return {{"name", app.get_name()},     {"usage", usage},     {"about", app.get_description()},
          {"footer", app.get_footer()}, {"options", options}, {"commands", commands}};
}

}  // namespace

std::string exit_codes(std::initializer_list<int> codes) {
  std::vector<Code> named;
  std::ranges::copy_if(kExitCodes, std::back_inserter(named), [&](const Code& code) {
    return codes.size() == 0 || std::ranges::find(codes, code.first) != codes.end();
  });
  return listed(named);
}

std::string exit_codes_of_questions() { return listed(kCodesOfQuestions); }

std::string refusal(const CLI::App* app, const CLI::Error& error) {
  std::string path = app->get_name();
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    path += " " + app->get_name();
  }
  const auto rest = app->remaining();
  const auto known = shown_commands(*app);
  const bool takes_none = known.empty() || (!rest.empty() && rest.front().starts_with('-'));
  if (takes_none || (rest.empty() && app->get_require_subcommand_min() == 0))
    return fmt::format("{}: {}\nRun `{} --help` for more information.\n", path, error.what(), path);
  std::string names;
  for (const auto* command : known) names += (names.empty() ? "" : ", ") + command->get_name();
  if (rest.empty()) return fmt::format("{}: say which: {}\n", path, names);
  return fmt::format("{}: there is no `{}`; there are {}\n", path, rest.front(), names);
}

std::string describe(const CLI::App& app) {
  return describe_command(app, app.get_name()).dump(1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace runwatch::daemon
