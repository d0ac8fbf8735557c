// What a configuration file says, as plain values with its defaults: one struct a table, one member a key.
//
// `load` (config/load.h) fills it. Tokens are already read from wherever they live; where that was a file, its path is
// kept, so that a token the platform refuses can be read again with `read_token` (config/token.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/address.h"
#include "config/receiver.h"
#include "config/web.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/secret.h"
#include "rule/rule.h"

namespace runwatch::config {

enum class TokenSource : std::uint8_t { config, file, environment, credential };

inline constexpr const char* kEnvironment = "environment";

struct Api {
  std::string base_url = "https://unpod.dev";  // scheme, host, optional port and path; never a trailing slash
  std::optional<std::string> org_handle;
  core::Secret token;                               // of the API; never empty once loaded
  std::optional<std::filesystem::path> token_path;  // where it was read from, if that was a file or a credential
  TokenSource token_source = TokenSource::config;
  core::Duration timeout = std::chrono::seconds(15);
  double rate_limit = 5;  // requests a second, all runs together
  std::size_t burst = 10;
  std::size_t concurrency = 4;
  std::size_t page_size = 100;
  core::Bytes max_response = core::mib(32);
  std::string ca_file = {};  // trusted alone; empty: the system's
  std::string proxy = {};    // empty: none; kEnvironment: as the environment says

  bool operator==(const Api&) const = default;
};

struct Poll {
  core::Duration interval = std::chrono::seconds(30);
  core::Duration idle_interval = std::chrono::minutes(10);
  core::Duration discovery_interval = std::chrono::minutes(1);
  core::Duration retire_after = std::chrono::hours(24);
  std::size_t max_series = 20000;

  bool operator==(const Poll&) const = default;
};

// What to watch within a space; the defaults also hold for spaces that were discovered rather than named.
struct Space {
  core::Secret token;  // of the space; empty only in Config::every_space
  std::optional<std::filesystem::path> token_path;
  std::optional<std::string> name;     // the label; without it the slug the platform gives
  std::vector<std::string> runs;       // ids to watch; empty: all of them, by discovery
  std::vector<std::string> run_modes;  // empty: all
  core::Duration max_age = std::chrono::hours(24 * 7);
  std::size_t max_runs = 50;

  bool all_runs() const { return runs.empty(); }

  bool operator==(const Space&) const = default;
};

struct Server {
  std::vector<Listen> listen{{"127.0.0.1", 10321}};  // never empty
  std::vector<std::string> hosts;                    // further values of `Host` that the page answers to
  std::string route_prefix = {};                     // as `/runwatch`; empty: none
  Web web = {};
  bool created_series = false;

  bool operator==(const Server&) const = default;
};

struct Store {
  std::filesystem::path path = "/var/lib/runwatch/state.db";
  bool in_state_folder = true;                             // not chosen by the file: its folder is made if missing
  core::Duration retention = std::chrono::hours(24 * 30);  // of retired runs; longer than every max_age

  bool operator==(const Store&) const = default;
};

struct Log {
  core::log::Level level = core::log::Level::info;
  core::log::Format format = core::log::Format::logfmt;

  bool operator==(const Log&) const = default;
};

// With the rules that hold where a file has none: task_failed, run_stalled, poll_failing, delivery_failing.
rule::Settings default_alerts();

struct Config {
  Api api;
  Poll poll;
  std::vector<Space> spaces;  // empty: every space of the organization, each watched as `every_space` says
  Space every_space;
  Server server;
  Store store;
  Log log;
  rule::Settings alerts = default_alerts();  // its receivers are those below, as far as rules concern them
  std::vector<Receiver> receivers;
  std::optional<Heartbeat> heartbeat;
  core::Bytes outbox_max = core::mib(256);
  std::filesystem::path control;  // socket; empty: not chosen by the file, see `control_socket`

  bool operator==(const Config&) const = default;
};

// `control`, else /run/runwatch/control.sock where that folder is there now, else control.sock beside the database.
std::filesystem::path control_socket(const Config& config);

// What a reload changes, by the keys that an operator wrote: those whose values differ, as `poll.interval`,
// `spaces.sales.runs`, or `spaces[2].runs` for the second space when it has no name; a space that came or went as
// `spaces.sales`. A space is the same one when its token is, else its name. Never a value.
std::vector<std::string> changed_keys(const Config& before, const Config& after);

// Whether the change of a key, as `changed_keys` names it, counts after a restart only.
bool needs_restart(std::string_view key);

}  // namespace runwatch::config
