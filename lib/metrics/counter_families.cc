#include <limits>

#include "metrics/published.h"

namespace runwatch::metrics {
namespace {

using task::Family;

using Labels = std::array<std::string_view, 2>;

constexpr CounterFamily counter(Family family, std::string_view name, std::string_view help, Labels labels = {}) {
  return {family, {name, MetricType::counter, help}, labels};
}
constexpr CounterFamily histogram(Family family, std::string_view name, std::string_view help, Labels labels = {}) {
  return {family, {name, MetricType::histogram, help}, labels};
}

constexpr std::array kFamilies{
    counter(Family::transitions, "unpod_task_transitions_total",
            "Changes of the status of a task; from none is a first sight, to gone a task that left the platform.",
            {"from", "to"}),
    counter(Family::failures, "unpod_task_failures_total",
            "Failed attempts: entries of a task into the status failed, counted once per attempt, by the reason given.",
            {"reason"}),
    counter(Family::retries, "unpod_task_retries_total",
            "Finished tasks that were put back to work or that finished again with another call."),
    counter(Family::recoveries, "unpod_task_recoveries_total",
            "Tasks that entered completed while their latest finished status before was failed."),
    counter(Family::inferred, "unpod_task_transitions_inferred_total",
            "Attempts that began and ended between two polls, inferred from a new call id."),
    counter(Family::unknown_status, "unpod_task_unknown_status_total",
            "Entries of a task into a status that is missing or not in the documentation."),
    counter(Family::bad_fields, "unpod_task_bad_fields_total",
            "Fields of a task that were there and could not be read, once per attempt.", {"field"}),
    counter(Family::calls, "unpod_calls_total", "Finished call attempts by their outcome and type.",
            {"call_status", "call_type"}),
    histogram(Family::duration, "unpod_call_duration_seconds", "Length of finished calls by their outcome.",
              {"call_status"}),
    histogram(Family::cost, "unpod_call_cost", "Cost of finished calls in the billing currency of the platform."),
    histogram(Family::wait, "unpod_task_wait_seconds", "Time from the creation of a task to the start of its call."),
    histogram(Family::completion, "unpod_task_completion_seconds",
              "Time from the creation of a task to the end of its call, by the finished status.", {"status"}),
    histogram(Family::lag, "unpod_task_detection_lag_seconds",
              "Time from the end of a call to the commit of what was seen of it."),
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    if (static_cast<std::size_t>(kFamilies[i].family) != i) return false;
  }
  return kFamilies.size() == task::kFamilyCount;
}
static_assert(in_order(), "a line for each of task::Family, in its order");

const task::Exemplar* shown_exemplar(const task::Counters& counters, std::size_t cell, TextFormat format) {
  return format == TextFormat::open_metrics ? counters.exemplar(cell) : nullptr;
}

void append_histogram(std::string& out, std::string_view name, std::string_view labels, const task::FamilyInfo& layout,
                      std::size_t cell, const task::Counters& counters, TextFormat format) {
  const auto buckets = layout.bounds.size() + 1;
  double count = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    count += counters[cell + i];
    const double bound = i < layout.bounds.size() ? layout.bounds[i] : std::numeric_limits<double>::infinity();
    const auto* exemplar = shown_exemplar(counters, cell + i, format);
    append_bucket(out, name, labels, bound, count, format, exemplar);
  }
  append_sample(out, name, "_sum", labels, counters[cell + buckets]);
  append_sample(out, name, "_count", labels, count);
}

void append_series(std::string& out, const CounterFamily& family, std::size_t cell, std::string_view labels,
                   const task::Counters& counters, TextFormat format) {
  const auto& layout = task::info(family.family);
  const auto name = family.heading.name;
  if (layout.is_histogram()) return append_histogram(out, name, labels, layout, cell, counters, format);
  append_sample(out, name, "", labels, counters[cell], shown_exemplar(counters, cell, format));
}

void append_counters(std::string& out, const CounterFamily& family, std::string_view labels,
                     const task::Counters& counters, const Context& context) {
  const auto& layout = task::info(family.family);
  for (std::size_t i = 0; i < layout.series.size(); ++i) {
    std::string own(labels);
    for (std::size_t label = 0; label < layout.series[i].size(); ++label) {
      append_label(own, family.labels.at(label), layout.series[i][label]);
    }
    append_series(out, family, layout.cell(i), own, counters, context.format);
    append_created(out, family.heading, own, context);
  }
}

}  // namespace

std::span<const CounterFamily> counter_families() { return kFamilies; }

Pieces render(const task::Counters& counters, std::string_view labels, const Context& context) {
  return render_each(kFamilies,
                     [&](auto& out, const auto& family) { append_counters(out, family, labels, counters, context); });
}

}  // namespace runwatch::metrics
