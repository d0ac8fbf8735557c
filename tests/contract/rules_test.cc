// Each alert can be looked up, and was seen to fire and to keep quiet. promtool runs the cases themselves.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "core/ascii.h"
#include "view/trouble.h"

using namespace runwatch;

namespace {

std::string read(const std::string& path) {
  std::ifstream file(std::string(RUNWATCH_SOURCE) + "/" + path, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> names(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator m(text.begin(), text.end(), regex), end; m != end; ++m) found.insert((*m)[1]);
  return found;
}

std::set<std::string> alerts() { return names(read("etc/prometheus/rules.yml"), R"(- alert: (\w+)\n)"); }

// The value of `runbook_url` behind each alert's name.
std::map<std::string, std::string> runbooks() {
  const auto text = read("etc/prometheus/rules.yml");
  const std::regex line(R"re((?:- alert: (\w+)|runbook_url: "([^"]*)")\n)re");
  std::map<std::string, std::string> found;
  std::string alert;
  for (std::sregex_iterator m(text.begin(), text.end(), line), end; m != end; ++m) {
    if ((*m)[1].matched) alert = (*m)[1];
    if ((*m)[2].matched) CHECK(found.emplace(alert, (*m)[2]).second);
  }
  return found;
}

}  // namespace

TEST_CASE(
    "each alert leads to its own paragraph of the runbook, which says what it means, how to see and how to mend") {
  const auto runbook = read("docs/runbook.md");
  const auto urls = runbooks();
  CHECK(alerts().size() > 20);
  for (const auto& alert : alerts()) {
    CAPTURE(alert);
    REQUIRE(urls.contains(alert));
    CHECK(urls.at(alert) == "file:///usr/share/runwatch/docs/runbook.md#" + core::lower(alert));
    const auto begin = runbook.find("\n### " + alert + "\n");
    REQUIRE(begin != runbook.npos);
    const auto paragraph = runbook.substr(begin, runbook.find("\n#", begin + 1) - begin);
    for (const auto* part : {"**Means:**", "**See:**", "**Mend:**"}) CHECK(paragraph.find(part) != paragraph.npos);
  }
  CHECK(names(runbook, R"(\n### (\w+)\n)") == alerts());
}

TEST_CASE("each alert has a case where it fires and one where it keeps quiet") {
  const auto cases = read("tests/contract/rules_test.yml");
  CHECK(names(cases, R"(alertname: (\w+)\n +exp_alerts:\n +- exp_labels)") == alerts());
  CHECK(names(cases, R"(alertname: (\w+), exp_alerts: \[\]\})") == alerts());
}

TEST_CASE("the sample for Alertmanager speaks of alerts that there are") {
  const auto known = alerts();
  const auto named = names(read("etc/prometheus/alertmanager.yml"), R"((?:["|])((?:Unpod|Runwatch)\w+))");
  CHECK(named.size() >= 6);
  for (const auto& alert : named) {
    CAPTURE(alert);
    CHECK(known.contains(alert));
  }
}

TEST_CASE("what the page takes for trouble begins where the alerts do") {
  const auto rules = read("etc/prometheus/rules.yml");
  const auto limits = [&](const std::string& alert) {
    const auto begin = rules.find("- alert: " + alert + "\n");
    REQUIRE(begin != rules.npos);
    const auto expression = rules.substr(begin, rules.find("labels:", begin) - begin);
    std::vector<double> found;
    const std::regex compares(R"( (?:[<>]=?) ([0-9.]+))");
    for (std::sregex_iterator m(expression.begin(), expression.end(), compares), end; m != end; ++m)
      found.push_back(std::stod((*m)[1]));
    return found;
  };
  CHECK(limits("UnpodRunFailing") ==
        std::vector{view::kFailingShare, double{view::kFewestFinished}, core::seconds(view::kStillChanging)});
  CHECK(limits("UnpodRunStalled").at(0) == core::seconds(view::kStalledAfter));
  CHECK(limits("UnpodTaskStuck") == std::vector{core::seconds(view::kTaskOldAfter)});
}
