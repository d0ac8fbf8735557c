// The sample configuration held against the code: complete, and nothing in it but the defaults.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "config/load.h"

using namespace runwatch;

namespace {

std::string sample() {
  std::ifstream file(RUNWATCH_SOURCE "/etc/runwatch.toml", std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

// The sample with its commented keys and tables switched on, but for the other way to the API token and the one of two
// to the space's.
std::string uncommented() {
  std::istringstream in(sample());
  std::string out;
  for (std::string line; std::getline(in, line);) {
    const bool off = line.starts_with('#') && line.size() > 1 && line[1] != ' ';
    const bool other_way = line.starts_with("#token_file") || line.starts_with("#token = \"...\"") ||
                           line.starts_with("#url_file") || line.starts_with("#secrets_file");
    out += (off && !other_way ? line.substr(1) : line) + '\n';
  }
  return out;
}

// Keys that stand at the beginning of a line, commented or not, as TABLE.KEY.
std::set<std::string> keys_in(const std::string& text) {
  std::set<std::string> keys;
  std::string table;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) line.erase(0, 1);
    if (line.starts_with('[')) table = line.substr(line.rfind('[') + 1, line.find(']') - line.rfind('[') - 1);
    const std::size_t end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    if (end == 0 || end == std::string::npos || line.find_first_not_of(' ', end) != line.find('=')) continue;
    if (line.find('=') != std::string::npos) keys.insert((table.empty() ? "" : table + ".") + line.substr(0, end));
  }
  return keys;
}

config::Environment with_token() {
  return [](const std::string& name) {
    return name == "RUNWATCH_API_TOKEN" ? std::optional<std::string>("t") : std::nullopt;
  };
}

}  // namespace

TEST_CASE("the sample configuration as shipped is the defaults") {
  const auto loaded = config::parse(sample(), "/etc/runwatch", with_token());
  REQUIRE(loaded.has_value());
  config::Config defaults;
  defaults.api.token = core::Secret("t");
  defaults.api.token_source = config::TokenSource::environment;
  CHECK((loaded->config == defaults));
}

// On this machine that file may be there or not.
TEST_CASE("the sample configuration finds the token of the shipped set-up without any environment") {
  const auto loaded = config::parse(sample(), "/nowhere", [](const std::string&) { return std::nullopt; });
  const bool from_there =
      loaded ? loaded->config.api.token_path == "/etc/runwatch/token"
             : loaded.error().at(0).text.starts_with("api.token_file cannot be used: token file /etc/runwatch/token ");
  CHECK(from_there);
}

TEST_CASE("the sample configuration with everything switched on has defaults wherever there are some") {
  const auto loaded = config::parse(uncommented(), "/etc/runwatch", with_token());
  REQUIRE(loaded.has_value());
  CHECK(loaded->warnings.empty());
  config::Config expected;
  expected.api.token = core::Secret("t");
  expected.api.token_source = config::TokenSource::environment;
  expected.api.org_handle = "unpod.tv";
  expected.store.in_state_folder = false;
  config::Space space;
  space.token = core::Secret("8KZRTQP7BNW5XEDLORYUHMJC");
  space.name = "sales";
  expected.spaces = {space};
  expected.control = "/run/runwatch/control.sock";
  CHECK((loaded->config.alerts.rules.at(0).lasting == core::Duration(0)));
  const config::Receiver& ops = loaded->config.receivers.at(0);
  config::Receiver usual;
  usual.name = ops.name;
  usual.secrets = ops.secrets;
  CHECK((ops == usual));
  REQUIRE(loaded->config.heartbeat.has_value());
  CHECK(loaded->config.heartbeat->interval == config::Heartbeat{}.interval);
  expected.alerts.rules = loaded->config.alerts.rules;
  expected.alerts.receivers = loaded->config.alerts.receivers;
  expected.receivers = loaded->config.receivers;
  expected.heartbeat = loaded->config.heartbeat;
  CHECK((loaded->config == expected));
}

TEST_CASE("the sample configuration shows every key there is and no other") {
  const std::vector<std::string> valid = config::valid_keys();
  CHECK(valid.size() > 20);
  CHECK(keys_in(sample()) == std::set<std::string>(valid.begin(), valid.end()));
}

TEST_CASE("the configurations in the documents are sound, but for the files that they name") {
  for (const std::string name : {"README", "docs/alerting", "docs/fleet"}) {
    CAPTURE(name);
    std::ifstream file(std::string(RUNWATCH_SOURCE) + "/" + name + ".md", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::string blocks;
    for (auto begin = text.find("```toml\n"); begin != text.npos; begin = text.find("```toml\n", begin)) {
      const auto end = text.find("```\n", begin += 8);
      blocks += text.substr(begin, end - begin) + '\n';
    }
    CHECK(blocks.find("[[") != blocks.npos);
    if (blocks.find("[api]") == blocks.npos) blocks = "[api]\norg_handle = \"x.example\"\n" + blocks;
    const auto loaded = config::parse(blocks, "/nowhere", with_token());
    if (loaded) continue;
    for (const auto& problem : loaded.error()) {
      CAPTURE(problem.text);
      CHECK(problem.text.find("_file cannot be used: ") != problem.text.npos);
    }
  }
}

TEST_CASE("README's first screen names the command that runs the main job and the one that runs the tests") {
  std::ifstream file(std::string(RUNWATCH_SOURCE) + "/README.md");
  std::string first_screen;
  std::string line;
  for (int i = 0; i < 40 && std::getline(file, line); ++i) first_screen += line + '\n';
  CHECK(first_screen.find("\n./dev run ") != std::string::npos);
  CHECK(first_screen.find("\n./dev test ") != std::string::npos);
}

TEST_CASE("the service reads its token from the file that the sample names, not from a copy made at its start") {
  std::ifstream file(std::string(RUNWATCH_SOURCE) + "/systemd/runwatch.service");
  REQUIRE(file);
  std::string line;
  while (std::getline(file, line)) CHECK_FALSE(line.starts_with("LoadCredential"));
}
