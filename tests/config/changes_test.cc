#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "files.h"

using namespace runwatch;

namespace {

config::Config loaded(const test::Directory& dir, const std::string& text) {
  auto result = config::parse(text, dir.path(), test::environment());
  REQUIRE_MESSAGE(result.has_value(), test::lines(result.error()));
  return result->config;
}

std::string changed(const test::Directory& dir, const std::string& before, const std::string& after) {
  return fmt::format("{}", fmt::join(config::changed_keys(loaded(dir, before), loaded(dir, after)), " "));
}

// The file with one more key, and with that key having another value.
struct Change {
  const char* key;
  const char* before;
  const char* after;
};

constexpr Change kChanges[] = {
    {"api.base_url", "'http://localhost'", "'https://unpod.dev'"},
    {"api.org_handle", "'a'", "'b'"},
    {"api.timeout", "'1s'", "'2s'"},
    {"api.rate_limit", "1", "2"},
    {"api.burst", "1", "2"},
    {"api.concurrency", "1", "2"},
    {"api.page_size", "1", "2"},
    {"api.max_response", "'1KiB'", "'2KiB'"},
    {"api.proxy", "'http://a:1'", "'environment'"},
    {"poll.interval", "'1s'", "'2s'"},
    {"poll.idle_interval", "'1m'", "'2m'"},
    {"poll.discovery_interval", "'1s'", "'2s'"},
    {"poll.retire_after", "'1s'", "'2s'"},
    {"poll.max_series", "1", "2"},
    {"spaces.name", "'a'", "'b'"},
    {"spaces.runs", "['R1']", "['R2']"},
    {"spaces.run_modes", "['prod']", "['dev']"},
    {"spaces.max_age", "'1d'", "'2d'"},
    {"spaces.max_runs", "1", "2"},
    {"server.listen", "'127.0.0.1:1'", "'127.0.0.2:1'"},
    {"server.listen", "'127.0.0.1:1'", "'127.0.0.1:2'"},
    {"server.listen", "'127.0.0.1:1'", "'127.0.0.2:2'"},
    {"server.listen", "'127.0.0.1:1'", "['127.0.0.1:1', '[::1]:1']"},
    {"server.hosts", "['a']", "['b']"},
    {"server.route_prefix", "'/a'", "'/b/'"},
    {"server.created_series", "true", "false"},
    {"store.path", "'/a'", "'/b'"},
    {"store.retention", "'31d'", "'32d'"},
    {"log.level", "'info'", "'debug'"},
    {"log.format", "'json'", "'logfmt'"},
    {"alerts.external_url", "'http://a'", "'http://b'"},
    {"alerts.group_wait", "'1s'", "'2s'"},
    {"alerts.group_interval", "'1s'", "'2s'"},
    {"alerts.repeat_interval", "'1h'", "'2h'"},
    {"alerts.baseline", "'ignore'", "'digest'"},
    {"alerts.outbox_max", "'1MiB'", "'2MiB'"},
    {"control", "'/a'", "'/b'"},
};

std::string file_with(std::string_view key, std::string_view value) {
  const bool of_space = key.starts_with("spaces.");
  const std::string dotted = fmt::format("{} = {}\n", of_space ? key.substr(7) : key, value);
  return fmt::format("{}api.token = 't'\n[[spaces]]\ntoken = 'S'\n{}", of_space ? "" : dotted, of_space ? dotted : "");
}

}  // namespace

TEST_CASE("the change of a key is told by that key alone") {
  const test::Directory dir;
  for (const auto& c : kChanges) {
    CAPTURE(c.key);
    const std::string shown = std::string_view(c.key) == "spaces.name"        ? "spaces.b.name"
                              : std::string_view(c.key).starts_with("spaces") ? "spaces[1]" + std::string(c.key + 6)
                                                                              : c.key;
    CHECK(changed(dir, file_with(c.key, c.before), file_with(c.key, c.after)) == shown);
    CHECK(changed(dir, file_with(c.key, c.before), file_with(c.key, c.before)) == "");
  }
}

TEST_CASE("no key that a file may hold is left out of what a reload can tell") {
  std::set<std::string> told{"api.token", "api.token_file", "spaces.token", "spaces.token_file"};
  for (const char* key : {"api.ca_file", "server.web_config_file"}) told.insert(key);  // see below, and web_test.cc
  for (const auto& c : kChanges) told.insert(c.key);
  auto valid = config::valid_keys();
  std::erase_if(valid, [](const std::string& key) { return std::ranges::count(key, '.') > 1; });  // told as a whole
  CHECK(told == std::set<std::string>(valid.begin(), valid.end()));
}

TEST_CASE("a token is told by its key, wherever it came from, and never by its value") {
  const test::Directory dir;
  dir.write("one", "SECRET1");
  dir.write("two", "SECRET2");
  dir.write("same", "SECRET1");
  CHECK(changed(dir, "api.token = 'SECRET1'", "api.token = 'SECRET2'") == "api.token");
  CHECK(changed(dir, "api.token_file = 'one'", "api.token_file = 'two'") == "api.token api.token_file");
  CHECK(changed(dir, "api.token_file = 'one'", "api.token_file = 'same'") == "api.token_file");
  CHECK(changed(dir, "api.token = 'SECRET1'", "api.token_file = 'one'") == "api.token_file");
  const std::string space = "api.token = 't'\n[[spaces]]\nname = 'sales'\n";
  CHECK(changed(dir, space + "token = 'SECRET1'", space + "token = 'SECRET2'") == "spaces.sales.token");
  CHECK(changed(dir, space + "token_file = 'one'", space + "token_file = 'same'") == "spaces.sales.token_file");
}

TEST_CASE("a space that came or went is told as such, and one that only moved is not told") {
  const test::Directory dir;
  const std::string api = "api.token = 't'\n";
  const std::string sales = "[[spaces]]\ntoken = 'S'\nname = 'sales'\n";
  const std::string other = "[[spaces]]\ntoken = 'O'\n";
  CHECK(changed(dir, api, api + sales) == "spaces.sales");
  CHECK(changed(dir, api + sales + other, api + other) == "spaces.sales");
  CHECK(changed(dir, api + sales, api + sales + other) == "spaces[2]");
  CHECK(changed(dir, api + sales + other, api + other + sales) == "");
  CHECK(changed(dir, api + sales + other, api + other + "max_runs = 3\n" + sales) == "spaces[1].max_runs");
}

TEST_CASE("what counts after a restart only is known by its key") {
  std::string keys;
  for (const auto& key : config::valid_keys())
    if (config::needs_restart(key)) keys += key + " ";
  CHECK(keys ==
        "control api.ca_file api.proxy poll.max_series server.listen server.route_prefix server.hosts "
        "server.created_series store.path ");
}

TEST_CASE("a rule, a receiver and the heartbeat are told as a whole, by their names") {
  const test::Directory dir;
  const std::string api = "api.token = 't'\n";
  const std::string rule = "[[alerts.rules]]\nname = 'r'\nwhen = 'task_failed'\n";
  const std::string ops = "[[alerts.receivers]]\nname = 'ops'\nurl = 'https://SECRET'\n";
  CHECK(changed(dir, api + rule, api + rule + "for = '1m'\n") == "alerts.rules.r");
  CHECK(changed(dir, api, api + rule) ==
        "alerts.rules.r alerts.rules.task-failed alerts.rules.run-stalled alerts.rules.poll-failing "
        "alerts.rules.delivery-failing");
  CHECK(changed(dir, api, api + ops) == "alerts.receivers.ops");
  CHECK(changed(dir, api + ops, api + ops + "timeout = '1s'\n") == "alerts.receivers.ops");
  CHECK(changed(dir, api, api + "[alerts.heartbeat]\nurl = 'https://SECRET'\n") == "alerts.heartbeat");
}
