#include "metrics/exposition.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "core/text.h"
#include "metrics/exposition_parser.h"
#include "metrics/published.h"
#include "support/snapshots.h"

using namespace runwatch;
using metrics::TextFormat;

namespace {

const metrics::BuildInfo kBuild{"1.2.3", "abcdef", "g++ 12"};

std::string file(const std::string& name) {
  std::ifstream in(std::string(TEST_DATA) + "/metrics/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What depends on the machine and the moment taken out: the process, the lines logged and the number of series.
std::string stable(const std::string& text) {
  std::string kept;
  for (std::size_t start = 0; start < text.size();) {
    const auto end = text.find('\n', start) + 1;
    const auto line = text.substr(start, end - start);
    const auto name = line.starts_with("# ") ? line.substr(line.find(' ', 2) + 1) : line;
    const bool changes =
        name.starts_with("process_") || name.starts_with("runwatch_log_") || line.starts_with("runwatch_series ");
    if (!changes) kept += line;
    start = end;
  }
  return kept;
}

// A difference is shown by writing the new text next to the old one: move it over after having read it.
void check_golden(const std::string& name, const std::string& text) {
  const bool same = file(name) == text;
  CHECK(same);
  if (same) return;
  std::ofstream(std::string(TEST_DATA) + "/metrics/" + name + ".actual", std::ios::binary) << text;
}

struct Fixture {
  explicit Fixture(metrics::ExpositionOptions options = {}) : exposition(options, meters) {
    meters.add_space("sales");
    exposition.publish(support::sample_snapshot());
  }

  std::vector<exposition::Family> families(TextFormat format) const {
    return exposition::read(exposition.render(format), format == TextFormat::open_metrics);
  }

  metrics::Meters meters{kBuild};
  metrics::Exposition exposition;
};

double value(const std::vector<exposition::Family>& families, const std::string& name, exposition::Labels labels = {}) {
  const auto all = exposition::series(families);
  const auto found = all.find({name, std::move(labels)});
  REQUIRE_MESSAGE(found != all.end(), name);
  return found->second;
}

}  // namespace

TEST_CASE("both formats of a fixed snapshot are byte for byte what they were") {
  Fixture f;
  f.meters.poll_ended("sales", std::chrono::milliseconds(300), 3, 1);
  f.meters.poll_failed("sales", view::PollReason::timeout);
  f.meters.api_request(metrics::Endpoint::tasks, 200, std::chrono::milliseconds(30), 12345);
  f.meters.config_reloaded(true, support::at(1));
  f.meters.progress(metrics::Loop::ledger, support::at(2));
  f.meters.store_size(4096, 0);
  check_golden("exposition.txt", stable(f.exposition.render(TextFormat::prometheus)));
  check_golden("exposition.openmetrics.txt", stable(f.exposition.render(TextFormat::open_metrics)));
}

TEST_CASE("promtool finds nothing to say about the text") {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    MESSAGE("promtool is not installed: not checked");
    return;
  }
  Fixture f;
  FILE* promtool = ::popen("promtool check metrics 2>&1", "w");
  REQUIRE(promtool != nullptr);
  const auto text = f.exposition.render(TextFormat::prometheus);
  std::fwrite(text.data(), 1, text.size(), promtool);
  CHECK(::pclose(promtool) == 0);
}

TEST_CASE("both formats hold the same series with the same values") {
  const Fixture f;
  const auto text = exposition::series(f.families(TextFormat::prometheus));
  const auto open = exposition::series(f.families(TextFormat::open_metrics));
  std::size_t compared = 0;
  for (const auto& [key, value] : open) {
    auto [name, labels] = key;
    if (labels.contains("le") && labels["le"].ends_with(".0")) labels["le"].resize(labels["le"].size() - 2);
    const auto found = text.find({name, labels});
    REQUIRE_MESSAGE(found != text.end(), name);
    if (!name.starts_with("process_")) CHECK(found->second == value);
    ++compared;
  }
  CHECK(compared == text.size());
}

TEST_CASE("histograms are cumulative, and end in +Inf that equals the count") {
  const Fixture f;
  for (const auto& family : f.families(TextFormat::open_metrics)) {
    if (family.type != "histogram") continue;
    double below = 0;
    for (const auto& sample : family.samples) {
      if (sample.name.ends_with("_bucket")) {
        CHECK(sample.value >= below);
        below = sample.value;
        if (sample.labels.at("le") == "+Inf") continue;
      }
      if (sample.name.ends_with("_count")) {
        CHECK(sample.value == below);
        below = 0;
      }
    }
  }
  CHECK(value(f.families(TextFormat::prometheus), "unpod_call_duration_seconds_bucket",
              {{"space", "sales"}, {"call_status", "completed"}, {"le", "60"}}) == 1);
  CHECK(value(f.families(TextFormat::open_metrics), "unpod_call_duration_seconds_bucket",
              {{"space", "sales"}, {"call_status", "completed"}, {"le", "+Inf"}}) == 2);
}

TEST_CASE("what is not known has no line, and every counter is there with 0") {
  const Fixture f;
  const auto odd = core::to_valid_utf8(support::sample_snapshot()->spaces[1]->name);
  std::size_t counters = 0;
  for (const auto& family : f.families(TextFormat::prometheus)) {
    for (const auto& sample : family.samples) {
      if (!sample.labels.contains("space") || sample.labels.at("space") != odd) continue;
      CHECK((family.type == "counter" || family.type == "histogram" || family.name.starts_with("runwatch_")));
      CHECK(family.name != "runwatch_poll_last_success_timestamp_seconds");
      CHECK(sample.value == 0);
      if (family.name.starts_with("unpod_")) ++counters;
    }
  }
  std::size_t expected = 0;
  for (const auto& family : task::families()) {
    expected += family.series.size() * (family.is_histogram() ? family.bounds.size() + 3 : 1);
  }
  CHECK(counters == expected);
}

TEST_CASE("what counters are called fits what they are: type, unit and a label for each dimension") {
  for (const auto& family : metrics::counter_families()) {
    CAPTURE(family.heading.name);
    const auto& layout = task::info(family.family);
    CHECK((family.heading.type == metrics::MetricType::histogram) == layout.is_histogram());
    CHECK(family.heading.name.ends_with("_total") != layout.is_histogram());
    const auto unused = static_cast<std::size_t>(std::ranges::count(family.labels, ""));
    CHECK(family.labels.size() - unused == layout.dimensions.size());
  }
}

TEST_CASE("a run that was never polled shows what it is and nothing of its tasks") {
  const Fixture f;
  std::set<std::string> names;
  for (const auto& family : f.families(TextFormat::prometheus)) {
    for (const auto& sample : family.samples) {
      if (sample.labels.contains("run_id") && sample.labels.at("run_id") == "RUN_SPACE_\"987655\"") {
        names.insert(sample.name);
      }
    }
  }
  CHECK(names == std::set<std::string>{"unpod_run_info", "unpod_run_created_timestamp_seconds"});
}

TEST_CASE("a run that the platform does not know has no series: nothing is known of it") {
  auto snapshot = support::sample_snapshot();
  auto space = support::sample_space();
  space->runs.push_back(support::unknown_run());
  snapshot->spaces = {space};
  Fixture f;
  f.exposition.publish(snapshot);
  CHECK(f.exposition.render(TextFormat::prometheus).find("dead") == std::string::npos);
  CHECK(value(f.families(TextFormat::prometheus), "runwatch_runs_watched", {{"space", "sales"}}) == 4);
}

TEST_CASE("OpenMetrics carries exemplars of usual task ids on failures and durations, text carries none") {
  const Fixture f;
  std::map<std::string, std::string> exemplars;
  for (const auto& family : f.families(TextFormat::open_metrics)) {
    for (const auto& sample : family.samples) {
      if (!sample.exemplar) continue;
      const auto& label = family.name == "unpod_task_failures" ? "reason" : "le";
      exemplars[family.name + " " + sample.labels.at(label)] = sample.exemplar->at("task_id");
    }
  }
  CHECK(exemplars ==
        std::map<std::string, std::string>{{"unpod_task_failures busy", "T8ff2ccdffe9a11f0878d43cd8a99e069"},
                                           {"unpod_call_duration_seconds 60.0", "T8ff2ccdffe9a11f0878d43cd8a99e069"},
                                           {"unpod_call_duration_seconds +Inf", "T8ff2ccdffe9a11f0878d43cd8a99e06a"}});
  CHECK(f.exposition.render(TextFormat::prometheus).find("task_id") == std::string::npos);
}

TEST_CASE("_created appears only in OpenMetrics and only when asked for") {
  const Fixture without;
  const Fixture with({.created_series = true});
  CHECK(without.exposition.render(TextFormat::open_metrics).find("_created{") == std::string::npos);
  CHECK(with.exposition.render(TextFormat::prometheus).find("_created{") == std::string::npos);
  const auto families = with.families(TextFormat::open_metrics);
  CHECK(value(families, "unpod_task_retries_created", {{"space", "sales"}}) == core::unix_seconds(support::at(-5000)));
  CHECK(value(families, "unpod_task_wait_seconds_created", {{"space", "sales"}}) ==
        core::unix_seconds(support::at(-5000)));
  CHECK(value(families, "runwatch_polls_created", {{"space", "sales"}}) > 1.7e9);
  for (const auto& family : families) {
    for (const auto& sample : family.samples) {
      const bool own = sample.labels.contains("space") && sample.labels.at("space") == "sales";
      if (family.name.starts_with("unpod_") && sample.name.ends_with("_created")) CHECK(own);
    }
  }
}

TEST_CASE("two spaces of one name and two runs of one id never become one series twice") {
  auto snapshot = support::sample_snapshot();
  auto twin = std::make_shared<view::SpaceSnapshot>(*snapshot->spaces[0]);
  twin->runs.push_back(twin->runs[0]);
  snapshot->spaces = {twin, snapshot->spaces[0]};
  Fixture f;
  f.exposition.publish(snapshot);
  CHECK_NOTHROW(f.families(TextFormat::prometheus));
  CHECK_NOTHROW(f.families(TextFormat::open_metrics));
}

TEST_CASE("the gauges alone are a whole text without counters and meters") {
  const auto families = exposition::read(metrics::render_gauges(*support::sample_snapshot()), false);
  CHECK(families.size() == 18);
  for (const auto& family : families) CHECK(family.type == "gauge");
  CHECK(value(families, "unpod_run_tasks",
              {{"space", "sales"}, {"run_id", "R40fe5eface1511f082ac156368e7acc4"}, {"status", "completed"}}) == 9);
}

TEST_CASE("before anything is published there is an empty snapshot and a valid answer") {
  metrics::Meters meters(kBuild);
  const metrics::Exposition exposition({}, meters);
  REQUIRE(exposition.snapshot() != nullptr);
  CHECK(exposition.snapshot()->spaces.empty());
  CHECK_NOTHROW(exposition::read(exposition.render(TextFormat::open_metrics), true));
}
