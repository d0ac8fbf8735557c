#include <algorithm>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "metrics/registry.h"

namespace runwatch::metrics {
namespace {

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
