#include "daemon/control.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "control/client.h"
#include "core/shell_word.h"
#include "core/text.h"
#include "daemon/commands.h"
#include "daemon/help.h"

namespace runwatch::daemon {
namespace {

std::expected<control::Target, int> target_of(const ControlArguments& arguments) {
  if (!arguments.socket.empty()) return control::Target{arguments.socket};
  const auto loaded = config::load(arguments.config, config::process_environment());
  if (loaded) {
    const auto& store = loaded->config.store;
    // Where the file names no database, that of the daemon depends on whose process it is.
    return control::Target{config::control_socket(loaded->config),
                           store.in_state_folder ? std::filesystem::path() : store.path};
  }
  const auto problem = config::format_problem(arguments.config, loaded.error().front());
  const auto environment = config::process_environment();
  auto stated = config::stated_control_socket(arguments.config, environment);
  if (!stated && arguments.config == config::kDefaultPath) stated = config::usual_control_socket(environment);
  if (!stated) {
    fmt::print(stderr, "{}\nnote: --control PATH asks the daemon there without a look at the configuration\n", problem);
    return std::unexpected(EX_CONFIG);
  }
  // The daemon goes on with what it had.
  fmt::print(stderr, "note: {}; asking the daemon at {}: --control PATH names another place\n", problem,
             stated->string());
  return control::Target{*stated};
}

int code_of(core::ErrorKind kind, int refused) {
  if (kind == core::ErrorKind::unavailable) return EX_UNAVAILABLE;
  return kind == core::ErrorKind::invalid ? refused : EX_TEMPFAIL;
}

int question(const ControlArguments& arguments, const std::string& method, const std::string& path,
             const Print& print) {
  const auto answer = ask_daemon(arguments, method, path + arguments.id);
  if (!answer) return answer.error();
  fmt::print("{}", arguments.json ? answer->dump() + "\n" : print(*answer));
  return EX_OK;
}

std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::expected<Json, int> ask_daemon(const ControlArguments& arguments, const std::string& method,
                                    const std::string& path, int refused) {
  const auto body = method == "GET" ? std::string() : control::to_json(arguments.request);
  auto target = target_of(arguments);
  if (!target) return std::unexpected(target.error());
  target->patience = arguments.patience;
  const auto answer = control::ask(*target, method, path, body);
  if (!answer) {
    fmt::print(stderr, "runwatch: {}\n", answer.error().text);
    return std::unexpected(code_of(answer.error().kind, refused));
  }
  auto json = Json::parse(*answer, nullptr, false);
  if (json.is_object()) return json;
  fmt::print(stderr, "runwatch: the daemon's answer cannot be read: is it of another version?\n");
  return std::unexpected(EX_TEMPFAIL);
}

void add_target(CLI::App& command, ControlArguments& arguments) {
  command.add_option("--config,-c", arguments.config, "Configuration file, which says where the socket is")
      ->capture_default_str();
  command.add_option("--control", arguments.socket, "The running daemon's socket, instead of a look at --config");
}

CLI::App& add_question(CLI::App& group, ControlArguments& arguments, const std::string& name, const std::string& what,
                       const std::string& method, const std::string& path, const Print& print) {
  auto* command = group.add_subcommand(name, what);
  add_target(*command, arguments);
  command->footer(exit_codes_of_questions());
  command->add_flag("--json", arguments.json, "Print the daemon's answer as it came");
  command->callback([&arguments, method, path, print] {
    arguments.chosen = [&arguments, method, path, print] { return question(arguments, method, path, print); };
  });
  return *command;
}

std::string same_daemon(const ControlArguments& arguments) {
  if (!arguments.socket.empty()) return " --control " + core::shell_word(arguments.socket);
  return arguments.config == config::kDefaultPath ? "" : " -c " + core::shell_word(arguments.config);
}

std::string text(const Json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || found->is_null()) return {};
  if (found->is_string()) return core::printable(found->get<std::string>(), 500);
  if (!found->is_array()) return found->dump();
  std::string all;
  for (const auto& each : *found) {
    all += (all.empty() ? "" : ", ") + (each.is_string() ? core::printable(each.get<std::string>()) : each.dump());
  }
  return all;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row.at(i)));
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) out += row[i] + std::string(widths[i] - width(row[i]) + 2, ' ');
    out.erase(out.find_last_not_of(' ') + 1) += '\n';
  }
  return out;
}

}  // namespace runwatch::daemon
