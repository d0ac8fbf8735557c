// Every query of the dashboard and the rules asks for names and labels that the program exposes.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "metrics/exposition.h"
#include "metrics/exposition_parser.h"
#include "support/snapshots.h"

using namespace runwatch;
using nlohmann::json;

namespace {

using Exposed = std::map<std::string, std::set<std::string>>;  // labels by sample name

std::string read(const std::string& path) {
  std::ifstream file(std::string(RUNWATCH_SOURCE) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The text of docs/*.md.
std::string documents() {
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(RUNWATCH_SOURCE) + "/docs")) {
    if (entry.path().extension() == ".md") text += read("docs/" + entry.path().filename().string());
  }
  return text;
}

// All there is to expose: a snapshot with an example of everything, and every meter used once.
Exposed exposed() {
  metrics::Meters meters({"v", "r", "c"});
  meters.add_space("sales");
  meters.config_reloaded(true, support::at(0));
  meters.progress(metrics::Loop::fetch, support::at(0));
  meters.store_size(1, 1);
  meters.space_list(true);
  meters.incidents_open("task-failed", 1);
  meters.outbox("ops", 1, 1, support::at(0));
  meters.delivery_attempted("ops", {}, {}, {});
  metrics::Exposition exposition({}, meters);
  exposition.publish(support::sample_snapshot());
  Exposed found;
  for (const auto& family : exposition::read(exposition.render(metrics::TextFormat::prometheus), false)) {
    for (const auto& sample : family.samples) {
      for (const auto& [label, value] : sample.labels) found[sample.name].insert(label);
      found[sample.name].insert({"job", "instance"});
    }
  }
  return found;
}

void collect_queries(const json& node, std::vector<std::string>& queries) {
  if (node.is_object() && node.contains("expr")) queries.push_back(node["expr"]);
  const bool is_query = node.is_object() && node.contains("query") && node.contains("refId");
  if (is_query) queries.push_back(node["query"]);  // of a variable
  for (const auto& child : node) {
    if (child.is_structured()) collect_queries(child, queries);
  }
}

std::vector<json> dashboards() {
  std::vector<json> found;
  for (const auto* name : {"overview", "run", "itself"})
    found.push_back(json::parse(read("grafana/dashboards/" + std::string(name) + ".json")));
  return found;
}

std::vector<std::string> dashboard_queries() {
  std::vector<std::string> queries;
  for (const auto& dashboard : dashboards()) collect_queries(dashboard, queries);
  return queries;
}

// What stands after `expr:`, on its line or, after `|`, on the deeper lines that follow.
std::vector<std::string> rule_queries() {
  const auto text = read("etc/prometheus/rules.yml");
  const std::regex expr(R"( expr: *(\|[-+]?\n(?: {10,}[^\n]*\n)+|[^\n]+))");
  std::vector<std::string> queries;
  for (std::sregex_iterator m(text.begin(), text.end(), expr), end; m != end; ++m) queries.push_back((*m)[1]);
  return queries;
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator m(text.begin(), text.end(), regex), end; m != end; ++m) found.insert((*m)[1]);
  return found;
}

constexpr const char* kName = R"(\b((?:unpod|runwatch|process)_[a-z0-9_]+))";

void check_names(const std::string& query, const Exposed& exposed) {
  for (const auto& name : matches(query, kName)) {
    CAPTURE(name);
    CHECK(exposed.contains(name));
  }
}

void check_matchers(const std::string& query, const Exposed& exposed) {
  const std::regex selector(R"(\b((?:unpod|runwatch|process)_[a-z0-9_]+)\{([^}]*)\})");
  for (std::sregex_iterator m(query.begin(), query.end(), selector), end; m != end; ++m) {
    const auto labels = exposed.find((*m)[1]);
    if (labels == exposed.end()) continue;
    for (const auto& label : matches((*m)[2], R"(([a-z_]+) *(?:=|!))")) {
      CAPTURE(label);
      CHECK(labels->second.contains(label));
    }
  }
}

void check_groupings(const std::string& query, const Exposed& exposed) {
  std::set<std::string> known;
  for (const auto& name : matches(query, kName)) {
    if (const auto labels = exposed.find(name); labels != exposed.end()) known.merge(std::set(labels->second));
  }
  auto lists = matches(query, R"(\b(?:by|on|without|ignoring|group_left) *\(([a-z_, ]*)\))");
  lists.merge(matches(query, R"(^label_values\(.*, *([a-z_]+)\)$)"));
  for (const auto& list : lists) {
    for (const auto& label : matches(list, R"(([a-z_]+))")) {
      CAPTURE(label);
      CHECK(known.contains(label));
    }
  }
}

constexpr const char* kRecorded = R"(\b([a-z]+:[a-z0-9_]+:[a-z0-9_]+))";

// `level:metric:operations` by its metric, whose labels it has or fewer, where that is one of ours.
std::string without_records(std::string query, const Exposed& exposed) {
  for (const auto& name : matches(query, kRecorded)) {
    const auto begin = name.find(':') + 1;
    const auto metric = name.substr(begin, name.rfind(':') - begin);
    query = std::regex_replace(query, std::regex("\\b" + name + "\\b"), exposed.contains(metric) ? metric : "recorded");
  }
  return query;
}

void check_queries(const std::vector<std::string>& queries) {
  const auto all = exposed();
  const auto recorded = matches(read("etc/prometheus/rules.yml"), R"(record: ([a-z0-9_:]+))");
  for (auto query : queries) {
    CAPTURE(query);
    for (const auto& name : matches(query, kRecorded)) CHECK(recorded.contains(name));
    query = without_records(query, all);
    check_names(query, all);
    check_matchers(query, all);
    check_groupings(query, all);
  }
}

std::string with_variables(std::string query) {
  const std::pair<const char*, const char*> values[] = {
      {"$__rate_interval", "5m"}, {"$__range", "1h"}, {"$space", ".*"}, {"$run", ".*"}, {"$job", ".+"},
      {"$instance", ".+"}};
  for (const auto& [variable, value] : values) {
    for (auto at = query.find(variable); at != query.npos; at = query.find(variable)) {
      query.replace(at, std::string(variable).size(), value);
    }
  }
  return query;
}

}  // namespace

TEST_CASE("the dashboards ask only for names and labels that are exposed") {
  const auto queries = dashboard_queries();
  CHECK(queries.size() > 50);
  check_queries(queries);
}

TEST_CASE("the rules ask only for names and labels that are exposed") {
  const auto queries = rule_queries();
  CHECK(queries.size() > 5);
  check_queries(queries);
}

TEST_CASE("the documents name only metrics that are exposed") {
  const auto all = exposed();
  for (auto name : matches(read("README.md") + documents(), R"(`((?:unpod|runwatch|process)_[a-z0-9_]+)[`{\[])")) {
    if (all.contains(name) || all.contains(name + "_count")) continue;
    CAPTURE(name);
    CHECK(name.ends_with('_'));  // `unpod_` stands for all of them
  }
}

namespace {

// A sample's name without what a histogram adds to its family's.
std::string family_of(std::string name) {
  for (const std::string_view part : {"_bucket", "_sum", "_count"}) {
    if (name.ends_with(part)) name.resize(name.size() - part.size());
  }
  return name;
}

}  // namespace

TEST_CASE("docs/metrics.md names each metric that is exposed") {
  const auto reference = read("docs/metrics.md");
  for (const auto& [name, labels] : exposed()) {
    if (name.starts_with("process_") || name.ends_with("_bucket")) continue;
    const auto family = family_of(name);
    CAPTURE(family);
    CHECK((reference.find('`' + family + '`') != reference.npos || reference.find('`' + name + '`') != reference.npos));
  }
}

TEST_CASE("each exposed family is shown on a dashboard") {
  std::string queries;
  for (const auto& query : dashboard_queries()) queries += query + '\n';
  const auto shown = matches(queries, kName);
  for (const auto& [name, labels] : exposed()) {
    if (name.starts_with("process_") || name.ends_with("_bucket")) continue;
    const auto family = family_of(name);
    CAPTURE(family);
    CHECK((shown.contains(name) || shown.contains(family) || shown.contains(family + "_bucket")));
  }
}

TEST_CASE("Prometheus accepts every query of the dashboards") {
  char path[] = "/tmp/runwatch-dashboard-XXXXXX.yml";
  const int fd = ::mkstemps(path, 4);
  REQUIRE(fd >= 0);
  ::close(fd);
  json rules = json::array();
  for (const auto& query : dashboard_queries()) {
    if (query.starts_with("label_values")) continue;
    rules.push_back({{"record", "checked:" + std::to_string(rules.size())}, {"expr", with_variables(query)}});
  }
  std::ofstream(path) << json{{"groups", {{{"name", "dashboard"}, {"rules", rules}}}}}.dump();  // JSON is YAML
  const int status = std::system(("promtool check rules " + std::string(path) + " >&2").c_str());
  ::unlink(path);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE("panels have ids, places and titles of their own and speak to the chosen data source") {
  for (const auto& dashboard : dashboards()) {
    std::set<int> ids;
    std::set<std::pair<int, int>> places;
    for (const auto& panel : dashboard["panels"]) {
      CAPTURE(panel["title"].get<std::string>());
      CHECK(ids.insert(panel["id"].get<int>()).second);
      const auto& place = panel["gridPos"];
      CHECK(place["x"].get<int>() + place["w"].get<int>() <= 24);
      for (int y = place["y"]; y < place["y"].get<int>() + place["h"].get<int>(); ++y) {
        for (int x = place["x"]; x < place["x"].get<int>() + place["w"].get<int>(); ++x) {
          CHECK(places.insert({x, y}).second);
        }
      }
      if (panel["type"] != "row") CHECK(panel["datasource"]["uid"] == "${datasource}");
    }
  }
}
