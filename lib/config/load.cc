#include "config/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "config/sections.h"
#include "config/small_file.h"
#include "config/token.h"
#include "core/shell_word.h"
#include "core/text.h"

namespace runwatch::config {
namespace {

constexpr core::Bytes kLargestFile = core::kib(64);

std::unexpected<Problems> refuse(std::string text) { return std::unexpected(Problems{{{}, std::move(text)}}); }

// An organization's spaces are listed for its handle only.
void warn_without_handle(TableReader& root, const Config& config) {
  if (root.take("spaces") != nullptr || config.api.org_handle) return;
  const toml::node* api = root.take("api");
  root.findings().warning(
      api == nullptr ? Place{} : place_of(*api),
      "api.org_handle is missing, and without [[spaces]] every space of the organization is watched: the "
      "platform lists them only for an organization's handle; set it, or name the spaces");
}

Config read_tables(const toml::table& tables, const Surroundings& around, Findings& findings) {
  TableReader root("", &tables, findings);
  Config config;
  config.api = read_api(root.table("api"), around, findings);
  config.poll = read_poll(root.table("poll"), findings);
  config.spaces =
      read_spaces(root.tables("spaces", "remove it to watch every space of the organization"), around, findings);
  config.server = read_server(root.table("server"), around, findings);
  config.store = read_store(root.table("store"), config, around, findings);
  config.log = read_log(root.table("log"), findings);
  read_alerts(root.table("alerts"), config, around, findings);
  config.control = read_control(root, around);
  root.finish();
  warn_without_handle(root, config);
  return config;
}

// What is secret and stands in the file itself.
std::vector<std::string_view> secrets_in_file(const Config& config) {
  std::vector<std::string_view> found;
  const auto note = [&](bool there, std::string_view what) {
    if (there) found.push_back(what);
  };
  note(config.api.token_source == TokenSource::config, "api.token");
  note(!config.spaces.empty(), "tokens of spaces");
  note(std::ranges::any_of(config.receivers, &Receiver::is_inline), "secrets of receivers");
  note(config.heartbeat && !config.heartbeat->url_file, "alerts.heartbeat.url");
  return found;
}

// Who reads the file has them.
void warn_of_open_file(const std::filesystem::path& path, Loaded& loaded) {
  const auto secrets = secrets_in_file(loaded.config);
  if (secrets.empty() || !readable_by_others(path)) return;
  loaded.warnings.insert(loaded.warnings.begin(),
                         {{},
                          fmt::format("holds {} and can be read by every user: chmod o-r {}, once the account "
                                      "that runs runwatch may read it as its owner or group (chgrp runwatch)",
                                      fmt::join(secrets, ", "), core::shell_word(path.string()))});
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    if (const char* value = std::getenv(name.c_str())) return value;
    if (name == "STATE_DIRECTORY" && ::geteuid() == 0) return "/var/lib/runwatch";
    return std::nullopt;
  };
}

std::expected<Loaded, Problems> parse(std::string_view text, const std::filesystem::path& directory,
                                      const Environment& environment) {
  if (!core::is_valid_utf8(text)) return refuse("is not valid UTF-8: save it as UTF-8 text");
  const auto root = parse_toml(text);
  if (!root) return std::unexpected(Problems{root.error()});
  Findings findings;
  const Surroundings around{environment, directory.empty() ? "." : directory};
  Loaded loaded{read_tables(*root, around, findings), {}};
  findings.finish();
  if (!findings.problems().empty()) return std::unexpected(findings.problems());
  loaded.warnings = findings.warnings();
  return loaded;
}

std::expected<Loaded, Problems> load(const std::filesystem::path& path, const Environment& environment) {
  const auto text = read_small_file(path, kLargestFile);
  if (!text) {
    return refuse(text.error().text + (text.error().kind == FileFault::Kind::shut
                                           ? ": run this as root, or as a member of the file's group"
                                           : ": name a configuration file with --config FILE"));
  }
  auto loaded = parse(*text, path.parent_path(), environment);
  if (loaded) warn_of_open_file(path, *loaded);
  return loaded;
}

std::filesystem::path usual_control_socket(const Environment& environment) {
  Config config;
  config.store.path = state_folder(environment) / "state.db";
  return control_socket(config);
}

std::optional<std::filesystem::path> stated_control_socket(const std::filesystem::path& path,
                                                           const Environment& environment) {
  const auto text = read_small_file(path, kLargestFile);
  const auto root = text && core::is_valid_utf8(*text) ? parse_toml(*text) : std::unexpected(Problem{});
  if (!root) return std::nullopt;
  Findings ignored;
  const Surroundings around{environment, path.parent_path().empty() ? "." : path.parent_path()};
  TableReader reader("", &*root, ignored);
  Config config;
  config.store = read_store(reader.table("store"), config, around, ignored);
  config.control = read_control(reader, around);
  return control_socket(config);
}

std::vector<std::string> valid_keys() {
  Findings findings;
  const Environment nothing = [](const std::string&) { return std::optional<std::string>(); };
  read_tables(toml::table(), {nothing, "."}, findings);
  return findings.declared();
}

std::string format_problem(const std::filesystem::path& path, const Problem& problem) {
  const std::string file = core::printable(path.string(), 4096);
  const auto [line, column] = problem.place;
  if (line == 0) return fmt::format("{}: {}", file, problem.text);
  return fmt::format("{}:{}:{}: {}", file, line, column, problem.text);
}

}  // namespace runwatch::config
