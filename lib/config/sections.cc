#include "config/sections.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "config/address.h"
#include "config/units.h"
#include "core/ascii.h"
#include "core/text.h"

namespace runwatch::config {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;

constexpr Range<core::Duration> kIntervals{milliseconds(100), days(7)};
constexpr Range<core::Duration> kAges{milliseconds(0), days(3650)};

// Everybody who can reach it may read it, unless users or certificates say who may.
void warn_of_every_address(TableReader& reader, const Text& text, const Web& web) {
  const auto warn = [&](std::string_view rest) {
    reader.findings().warning(text.place, fmt::format("server.listen {}", rest));
  };
  if (!web.guarded())
    warn(
        "is every address of this machine, and whoever can reach it can read everything: name one address, as in "
        "127.0.0.1:10321, or guard the port");
  else if (!web.users.empty() && !web.tls)
    warn(
        "is every address of this machine, and passwords are sent in the clear: add tls_server_config to the web "
        "configuration");
}

void read_listen(TableReader& reader, Server& server) {
  const bool given = reader.take("listen") != nullptr;
  const auto texts = reader.one_or_more("listen", true);
  if (!given) return;
  server.listen.clear();
  for (const Text& text : texts) {
    auto listen = parse_listen(text.value);
    if (!listen) {
      reader.problem_at(text.place, "listen", listen.error());
      continue;
    }
    const auto taken = [&](const Listen& other) {
      const auto covers = [](const Listen& wide, const Listen& one) {
        const bool is_of_ipv4 = wide.host == "0.0.0.0" && !is_every_address(one.host);
        return is_every_address(wide.host) && !(is_of_ipv4 && one.host.contains(':'));
      };
      return listen->port != 0 && listen->port == other.port &&
             (listen->host == other.host || covers(*listen, other) || covers(other, *listen));
    };
    if (std::ranges::any_of(server.listen, taken))
      reader.problem_at(
          text.place, "listen",
          "has an address twice: :PORT and [::]:PORT are every one of both families, 0.0.0.0:PORT of IPv4");
    if (is_every_address(listen->host)) warn_of_every_address(reader, text, server.web);
    server.listen.push_back(std::move(*listen));
  }
  const auto* const array = reader.take("listen")->as_array();
  if (array != nullptr && array->empty()) reader.problem("listen", "is an empty array: name an address");
}

void read_route_prefix(TableReader& reader, Server& server) {
  auto prefix = reader.text("route_prefix").value_or("");
  while (prefix.ends_with('/')) prefix.pop_back();
  const auto plain = [](char c) {
    return core::is_letter(c) || core::is_digit(c) || std::string_view("-_./").contains(c);
  };
  const bool good = prefix.starts_with('/') && prefix.size() <= 256 && std::ranges::all_of(prefix, plain) &&
                    !prefix.contains("//") && !(prefix + "/").contains("/./") && !(prefix + "/").contains("/../");
  if (!prefix.empty() && !good)
    return reader.problem("route_prefix", "must be a path of letters, digits, '-', '_' and '.', as in \"/runwatch\"");
  server.route_prefix = std::move(prefix);
}

Web read_web(TableReader& reader, const Surroundings& around) {
  if (reader.text("web_config_file").value_or("").empty()) return {};
  const auto path = read_path(reader, "web_config_file", around);
  if (!path) return {};
  auto web = read_web_config(*path);
  if (web) return std::move(*web);
  for (const Problem& problem : web.error()) {
    const auto where = problem.place.line == 0 ? path->string() + " " : format_problem(*path, {problem.place, ""});
    reader.problem("web_config_file", fmt::format("cannot be used: {}{}", where, problem.text));
  }
  return {};
}

}  // namespace

std::filesystem::path state_folder(const Environment& environment) {
  const auto given = [&](const char* name) { return std::filesystem::path(environment(name).value_or("")); };
  const std::string folders = given("STATE_DIRECTORY");
  if (!folders.empty()) return folders.substr(0, folders.find(':'));
  if (const auto state = given("XDG_STATE_HOME"); state.is_absolute()) return state / "runwatch";
  if (const auto home = given("HOME"); home.is_absolute()) return home / ".local/state/runwatch";
  return Store().path.parent_path();
}

std::filesystem::path Surroundings::resolve(const std::string& path) const {
  constexpr std::string_view kCredential = "$CREDENTIALS_DIRECTORY/";
  const auto credentials = path.starts_with(kCredential) ? environment("CREDENTIALS_DIRECTORY") : std::nullopt;
  return credentials ? std::filesystem::path(*credentials) / path.substr(kCredential.size()) : directory / path;
}

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    const core::CodePoint c = core::next_code_point(text);
    if (!c.valid || core::is_control(c.value) || core::is_deceptive(c.value)) return false;
    text.remove_prefix(c.length);
  }
  return true;
}

std::optional<std::filesystem::path> read_path(TableReader& reader, std::string_view key, const Surroundings& around) {
  const auto text = reader.text(key);
  if (!text) return std::nullopt;
  if (!text->empty() && text->size() <= 4096 && is_plain_text(*text)) return around.resolve(*text);
  reader.problem(key, "must be a path of 1 to 4096 bytes without control characters");
  return std::nullopt;
}

std::optional<std::string> read_name(TableReader& reader, bool needed) {
  if (needed && reader.present() && reader.take("name") == nullptr)
    reader.problem("name", "is missing: it is what makes this the same one after a reload");
  auto name = reader.text("name");
  if (!name) return std::nullopt;
  const bool padded = name->starts_with(' ') || name->ends_with(' ');
  if (!name->empty() && name->size() <= 128 && !padded && is_plain_text(*name)) return name;
  reader.problem("name", "must be 1 to 128 bytes of text without control characters or spaces around it");
  return std::nullopt;
}

void refuse_repeated_names(const toml::array* tables, std::string_view table, std::string_view noun,
                           Findings& findings) {
  std::map<std::string, std::size_t> lines;
  for (std::size_t i = 0; tables != nullptr && i < tables->size(); ++i) {
    const toml::node* const name = tables->get(i)->as_table()->get("name");
    if (name == nullptr || !name->is_string()) continue;
    const auto [first, is_new] = lines.emplace(**name->as_string(), place_of(*tables->get(i)).line);
    if (!is_new)
      findings.problem(place_of(*name), fmt::format("{}.name is that of the {} at line {} too: names must differ",
                                                    table, noun, first->second));
  }
}

void refuse_foreign(TableReader& reader, std::string_view own, const std::vector<Parameters>& all) {
  for (const auto& [keys, kinds] : all)
    for (const std::string_view key : keys)
      if (reader.take(key) != nullptr && std::ranges::find(kinds, own) == kinds.end())
        reader.problem(key, fmt::format("does not belong to {}: only {} {} it", own, fmt::join(kinds, ", "),
                                        kinds.size() == 1 ? "has" : "have"));
}

std::map<std::string, std::string> read_pairs(TableReader& reader, std::string_view key, FaultInPair* fault_in) {
  std::map<std::string, std::string> out;
  const toml::table* const table = reader.table(key);
  for (auto&& [name, node] : table == nullptr ? toml::table() : *table) {
    const std::string text = node.value<std::string>().value_or("");
    const auto fault = node.is_string() ? fault_in(name.str(), text) : "must have quoted strings for values";
    if (fault) reader.problem_at(place_of(*table->get(name.str())), key, *fault);
    out.emplace(name.str(), text);
  }
  return out;
}

Poll read_poll(const toml::table* table, Findings& findings) {
  TableReader reader("poll", table, findings);
  Poll poll;
  const bool good = reader.duration("interval", poll.interval, kIntervals);
  if (reader.duration("idle_interval", poll.idle_interval, kIntervals) && good && poll.interval > poll.idle_interval)
    reader.problem_at(
        reader.place(reader.take("idle_interval") == nullptr ? "interval" : "idle_interval"), "idle_interval",
        fmt::format("must not be shorter than poll.interval: finished runs are not polled more often than "
                    "others; set it to {} or more, not {}",
                    format_duration(poll.interval), format_duration(poll.idle_interval)));
  reader.duration("discovery_interval", poll.discovery_interval, kIntervals);
  reader.duration("retire_after", poll.retire_after, kAges);
  reader.count("max_series", poll.max_series, {0, 10'000'000});
  reader.finish();
  return poll;
}

Server read_server(const toml::table* table, const Surroundings& around, Findings& findings) {
  TableReader reader("server", table, findings);
  Server server;
  server.web = read_web(reader, around);
  read_listen(reader, server);
  read_route_prefix(reader, server);
  for (auto& host : reader.texts("hosts").value_or(std::vector<Text>{})) {
    if (!is_host(host.value))
      reader.problem_at(host.place, "hosts", "must be host names or IP addresses, without a port");
    server.hosts.push_back(std::move(host.value));
  }
  reader.boolean("created_series", server.created_series);
  reader.finish();
  return server;
}

Store read_store(const toml::table* table, const Config& config, const Surroundings& around, Findings& findings) {
  TableReader reader("store", table, findings);
  Store store;
  if (auto path = read_path(reader, "path", around))
    store.path = std::move(*path), store.in_state_folder = false;
  else
    store.path = state_folder(around.environment) / "state.db";
  const bool good = reader.duration("retention", store.retention, {milliseconds(100), days(36'500)});
  core::Duration oldest = config.spaces.empty() ? config.every_space.max_age : core::Duration(0);
  for (const Space& space : config.spaces) oldest = std::max(oldest, space.max_age);
  if (good && store.retention <= oldest)
    reader.problem("retention", fmt::format("must exceed every max_age: {} is not longer than {}",
                                            format_duration(store.retention), format_duration(oldest)));
  reader.finish();
  return store;
}

Log read_log(const toml::table* table, Findings& findings) {
  TableReader reader("log", table, findings);
  Log log;
  const auto& names = core::log::kLevelNames;
  if (const auto level = reader.choice("level", {names.begin(), names.end()}))
    log.level = static_cast<core::log::Level>(*level);
  if (const auto format = reader.choice("format", {"logfmt", "json"}))
    log.format = static_cast<core::log::Format>(*format);
  reader.finish();
  return log;
}

}  // namespace runwatch::config
