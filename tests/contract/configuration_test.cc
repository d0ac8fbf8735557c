// docs/configuration.md, of which runwatch.toml(5) is made, held against the code that reads the file.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <expected>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/show.h"

using namespace runwatch;

namespace {

struct Row {
  std::string table, key, type, fallback, effect, meaning;

  std::string full() const { return table.empty() ? key : table + "." + key; }
};

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> out;
  for (std::size_t at = 1; at < line.size();) {
    const std::size_t end = line.find('|', at);
    const auto cell = line.substr(at, end - at);
    const auto first = cell.find_first_not_of(' ');
    out.push_back(first == std::string::npos ? "" : cell.substr(first, cell.find_last_not_of(' ') + 1 - first));
    at = end + 1;
  }
  return out;
}

// What stands between the first two backticks.
std::string code_in(const std::string& text) {
  const auto begin = text.find('`') + 1;
  return begin == 0 ? "" : text.substr(begin, text.find('`', begin) - begin);
}

// Those of tables with five columns; a heading names their TOML table.
std::vector<Row> rows() {
  std::ifstream file(RUNWATCH_SOURCE "/docs/configuration.md");
  REQUIRE(file.good());
  std::vector<Row> out;
  std::string table;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) table = code_in(line);
    if (!line.starts_with("| `")) continue;
    const auto cell = cells(line);
    if (cell.size() != 5) continue;
    const auto begin = table.find_first_not_of('[');
    const auto name = begin == std::string::npos ? "" : table.substr(begin, table.find(']') - begin);
    out.push_back({name, code_in(cell[0]), cell[1], code_in(cell[2]), cell[3], cell[4]});
  }
  return out;
}

// The least that a table needs to be there, with what the key belongs to.
std::string least(const Row& row) {
  static const std::map<std::string, std::string> kinds{
      {"outcomes", "when = \"task_finished\"\n"},
      {"statuses", "when = \"task_finished\"\n"},
      {"min_finished", "when = \"failure_ratio\"\nabove = 0.5\n"},
      {"window", "when = \"failure_ratio\"\nabove = 0.5\n"},
  };
  if (row.table.empty()) return "";
  if (row.table == "spaces") return "[[spaces]]\ntoken = \"S\"\n";
  if (row.table == "alerts.heartbeat") return "[alerts.heartbeat]\nurl = \"http://h.example/\"\n";
  if (row.table == "alerts.receivers") return "[[alerts.receivers]]\nname = \"r\"\nurl = \"http://r.example/\"\n";
  if (row.table != "alerts.rules") return "[" + row.table + "]\n";
  const auto kind = kinds.find(row.key);
  return "[[alerts.rules]]\nname = \"r\"\n" + (kind == kinds.end() ? "when = \"task_failed\"\n" : kind->second);
}

std::expected<config::Loaded, config::Problems> try_parse(const std::string& text) {
  return config::parse(text, "/etc/runwatch", [](const std::string& name) {
    return name == "RUNWATCH_API_TOKEN" ? std::optional<std::string>("t") : std::nullopt;
  });
}

config::Config parse(const std::string& text) {
  const auto loaded = try_parse(text);
  INFO(text);
  if (!loaded) FAIL(loaded.error().front().text);
  return loaded->config;
}

}  // namespace

TEST_CASE("the document of the configuration has every key there is and no other") {
  std::multiset<std::string> keys;
  for (const auto& row : rows()) keys.insert(row.full());
  const auto valid = config::valid_keys();
  CHECK(keys == std::multiset<std::string>(valid.begin(), valid.end()));
}

TEST_CASE("a default that the document gives is what holds without the key") {
  int given = 0;
  for (const auto& row : rows()) {
    if (row.fallback.empty()) continue;
    CAPTURE(row.full());
    const auto without = least(row);
    CHECK((parse(without) == parse(fmt::format("{}{} = {}\n", without, row.key, row.fallback))));
    ++given;
  }
  CHECK(given > 40);
}

TEST_CASE("the document says of each key whether a reload or a restart brings it in") {
  for (const auto& row : rows()) {
    CAPTURE(row.full());
    CHECK(row.effect == (config::needs_restart(row.full()) ? "restart" : "reload"));
    CHECK_FALSE(row.meaning.empty());
  }
}

TEST_CASE("the bounds that the document gives are those that an error names") {
  static const std::map<std::string, std::string> beyond{
      {"duration", "\"36524d\""}, {"size", "\"1048576GiB\""}, {"count", "1000000000000"}, {"number", "1e12"}};
  int given = 0;
  for (const auto& row : rows()) {
    const auto comma = row.type.find(", ");
    const auto value = beyond.find(row.type.substr(0, comma));
    if (comma == std::string::npos || value == beyond.end()) continue;
    const auto text = fmt::format("{}{} = {}\n", least(row), row.key, value->second);
    CAPTURE(text);
    const auto loaded = config::parse(text, "/etc/runwatch", [](const std::string&) { return std::optional("t"); });
    REQUIRE_FALSE(loaded);
    const auto bounds = "must be from " + row.type.substr(comma + 2) + ", not ";
    CHECK(loaded.error().front().text.find(bounds) != std::string::npos);
    ++given;
  }
  CHECK(given > 20);
}

TEST_CASE("a key that changes is named by a reload and shown by the API, each by itself") {
  int changed = 0;
  for (const auto& row : rows()) {
    const auto comma = row.type.find(", ");
    const auto to = row.type.find(" to ");
    if (comma == std::string::npos || to == std::string::npos) continue;
    const bool is_bare = row.type.starts_with("count") || row.type.starts_with("number");
    const auto before = parse(least(row));
    for (const auto& bound : {row.type.substr(comma + 2, to - comma - 2), row.type.substr(to + 4)}) {
      const auto text =
          fmt::format(fmt::runtime(is_bare ? "{}{} = {}\n" : "{}{} = \"{}\"\n"), least(row), row.key, bound);
      CAPTURE(text);
      const auto loaded = try_parse(text);
      if (!loaded || loaded->config == before) continue;  // it does not fit another key, or is the default
      const auto keys = config::changed_keys(before, loaded->config);
      REQUIRE(keys.size() == 1);
      const bool by_key = !row.table.starts_with("alerts.");  // rules, receivers and the heartbeat are named as a whole
      CHECK((!by_key || keys[0].ends_with("." + row.key)));
      CHECK(config::show_json(before) != config::show_json(loaded->config));
      ++changed;
    }
  }
  CHECK(changed > 40);
}
