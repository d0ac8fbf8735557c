#include "metrics/registry.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ranges>
#include <utility>

#include "core/log.h"

namespace runwatch::metrics {
namespace {

using Bounds = prometheus::Histogram::BucketBoundaries;

const Bounds kPollSeconds{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
const Bounds kRequestSeconds{0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15};
const Bounds kCommitSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};

// The answers the platform is known to give: their series exist before the first such answer. Others come as they come.
constexpr std::array kKnownCodes{"none", "200", "206", "401", "403", "404", "429", "500", "502", "503", "504"};

prometheus::ClientMetric counted(std::uint64_t value, std::vector<prometheus::ClientMetric::Label> labels = {}) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = static_cast<double>(value);
  return metric;
}

// Of the log, which counts for itself.
void add_log_families(std::vector<prometheus::MetricFamily>& families) {
  constexpr auto kCounter = prometheus::MetricType::Counter;
  const auto [lines, dropped] = core::log::counts();
  auto& by_level =
      families.emplace_back("runwatch_log_messages_total", "Log lines since the start by level.", kCounter);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    by_level.metric.push_back(counted(lines[i], {{"level", std::string(core::log::kLevelNames[i])}}));
  }
  families.push_back({"runwatch_log_lines_dropped_total",
                      "Log lines that found no room because nobody read standard error.",
                      kCounter,
                      {counted(dropped)}});
}

MetricType type_of(const prometheus::MetricFamily& family) {
  switch (family.type) {
    case prometheus::MetricType::Counter:
      return MetricType::counter;
    case prometheus::MetricType::Histogram:
      return MetricType::histogram;
    default:
      return family.name.ends_with("_info") ? MetricType::info : MetricType::gauge;
  }
}

// prometheus-cpp hands labels out sorted by name; backwards ours read from the wide to the narrow: space before reason,
// endpoint before code.
std::string labels_of(const prometheus::ClientMetric& metric) {
  std::string labels;
  for (const auto& label : std::views::reverse(metric.label)) append_label(labels, label.name, label.value);
  return labels;
}

void append_histogram(std::string& out, std::string_view name, std::string_view labels,
                      const prometheus::ClientMetric::Histogram& histogram, TextFormat format) {
  for (const auto& bucket : histogram.bucket) {
    append_bucket(out, name, labels, bucket.upper_bound, static_cast<double>(bucket.cumulative_count), format);
  }
  append_sample(out, name, "_sum", labels, histogram.sample_sum);
  append_sample(out, name, "_count", labels, static_cast<double>(histogram.sample_count));
}

}  // namespace

Meters::Impl::Impl(const BuildInfo& build)
    : store_commit_duration(
          histograms("runwatch_store_commit_duration_seconds", "Time a commit took until it was durable.")
              .Add({}, kCommitSeconds)) {
  gauges("runwatch_build_info", "Version, revision and compiler of this build.")
      .Add({{"version", build.version}, {"revision", build.revision}, {"compiler", build.compiler}})
      .Set(1);
  auto& errors = counters("runwatch_store_errors_total", "Failed operations of the database by kind.");
  std::ranges::transform(kStoreErrorNames, store_errors.begin(),
                         [&](auto kind) { return &errors.Add({{"kind", std::string(kind)}}); });
  auto& durations =
      histograms("runwatch_api_request_duration_seconds", "Time of a whole exchange with the platform by endpoint.");
  auto& bytes = counters("runwatch_api_response_bytes_total", "Bytes of answers of the platform by endpoint.");
  std::ranges::transform(kEndpointNames, endpoints.begin(), [&](std::string_view name) {
    const prometheus::Labels labels{{"endpoint", std::string(name)}};
    const auto requests = [&](const char* code) {
      return &api_requests.Add({{"endpoint", std::string(name)}, {"code", code}});
    };
    for (const char* code : kKnownCodes) requests(code);
    return EndpointMeters{requests("200"), &durations.Add(labels, kRequestSeconds), &bytes.Add(labels)};
  });
}

SpaceMeters Meters::Impl::make_space(const std::string& space) {
  SpaceMeters meters;
  const prometheus::Labels labels{{"space", space}};
  meters.polls = &polls.Add(labels);
  for (std::size_t i = 0; i < meters.failures.size(); ++i) {
    meters.failures[i] = &poll_failures.Add({{"space", space}, {"reason", std::string(view::kPollReasonNames[i])}});
  }
  meters.duration = &poll_duration.Add(labels, kPollSeconds);
  meters.overruns = &poll_overruns.Add(labels);
  if (space == kOrganization) return meters;
  meters.pages = &poll_pages.Add(labels);
  meters.duplicate_rows = &poll_duplicate_rows.Add(labels);
  return meters;
}

void Meters::Impl::remove(const SpaceMeters& meters) {
  polls.Remove(meters.polls);
  for (auto* failures : meters.failures) poll_failures.Remove(failures);
  poll_duration.Remove(meters.duration);
  poll_overruns.Remove(meters.overruns);
  poll_pages.Remove(meters.pages);
  poll_duplicate_rows.Remove(meters.duplicate_rows);
}

std::vector<prometheus::MetricFamily> Meters::Impl::collect() const {
  auto families = registry.Collect();
  add_log_families(families);
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  return families;
}

void append_collected(std::string& out, const prometheus::MetricFamily& family, const Context& context) {
  if (family.metric.empty()) return;
  const Heading heading{family.name, type_of(family), family.help};
  append_heading(out, heading, context.format);
  std::vector<std::pair<std::string, const prometheus::ClientMetric*>> series;
  for (const auto& metric : family.metric) series.emplace_back(labels_of(metric), &metric);
  std::ranges::sort(series);
  for (const auto& [labels, metric] : series) {
    if (heading.type == MetricType::histogram) {
      append_histogram(out, heading.name, labels, metric->histogram, context.format);
    } else {
      const bool counter = heading.type == MetricType::counter;
      append_sample(out, heading.name, "", labels, counter ? metric->counter.value : metric->gauge.value);
    }
    append_created(out, heading, labels, context);
  }
}

}  // namespace runwatch::metrics
