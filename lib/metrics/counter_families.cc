#include "metrics/counter_families.h"

#include <limits>

namespace runwatch::metrics {
namespace {

bool shows_exemplars(const task::FamilyInfo& family, TextFormat format) {
  const bool has_them = family.family == task::Family::failures || family.family == task::Family::duration;
  return has_them && format == TextFormat::open_metrics;
}

void append_created(std::string& out, std::string_view name, std::string_view labels, const CounterContext& context) {
  if (context.format != TextFormat::open_metrics || context.created == task::kNoTime) return;
  append_sample(out, name, "_created", labels, core::unix_seconds(context.created));
}

void append_counter(std::string& out, const task::FamilyInfo& family, std::size_t cell, std::string_view labels,
                    const task::Counters& counters, const CounterContext& context) {
  const auto* exemplar = shows_exemplars(family, context.format) ? counters.exemplar(cell) : nullptr;
  append_sample(out, family.name, "", labels, counters[cell], exemplar);
  append_created(out, base_name(heading_of(family)), labels, context);
}

void append_histogram(std::string& out, const task::FamilyInfo& family, std::size_t cell, std::string_view labels,
                      const task::Counters& counters, const CounterContext& context) {
  const bool exemplars = shows_exemplars(family, context.format);
  const auto buckets = family.bounds.size() + 1;
  double count = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    count += counters[cell + i];
    const double bound = i < family.bounds.size() ? family.bounds[i] : std::numeric_limits<double>::infinity();
    const auto* exemplar = exemplars ? counters.exemplar(cell + i) : nullptr;
    append_bucket(out, family.name, labels, bound, count, context.format, exemplar);
  }
  append_sample(out, family.name, "_sum", labels, counters[cell + buckets]);
  append_sample(out, family.name, "_count", labels, count);
  append_created(out, family.name, labels, context);
}

}  // namespace

Heading heading_of(const task::FamilyInfo& family) {
  return {family.name, family.is_histogram() ? MetricType::histogram : MetricType::counter, family.help};
}

void append_counters(std::string& out, const task::FamilyInfo& family, std::string_view labels,
                     const task::Counters& counters, const CounterContext& context) {
  const auto append = family.is_histogram() ? append_histogram : append_counter;
  for (std::size_t i = 0; i < family.series.size(); ++i) {
    std::string own(labels);
    for (std::size_t label = 0; label < family.labels.size(); ++label) {
      append_label(own, family.labels[label], family.series[i][label]);
    }
    append(out, family, family.cell(i), own, counters, context);
  }
}

}  // namespace runwatch::metrics
