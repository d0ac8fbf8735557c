#include "task/families.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <unordered_map>
#include <utility>

namespace runwatch::task {
namespace {

using Labels = std::vector<std::string_view>;
using Names = std::span<const std::string_view>;
using Series = std::vector<std::vector<std::string_view>>;

constexpr std::array kFinished{Status::completed, Status::partially_completed, Status::failed};
const std::vector<double> kDayBounds{1, 5, 15, 30, 60, 300, 900, 1800, 3600, 14400, 86400};

Series one() { return {{}}; }

Series each(Names names) {
  Series series;
  for (const auto name : names) series.push_back({name});
  return series;
}

Series product(Names first, Names second) {
  Series series;
  for (const auto a : first) {
    for (const auto b : second) series.push_back({a, b});
  }
  return series;
}

// Every ordered pair of two different statuses, then `none` to each, then each to `gone`: `transition_series` counts on
// this order.
Series status_pairs() {
  Series series;
  for (const auto from : kStatusNames) {
    for (const auto to : kStatusNames) {
      if (from != to) series.push_back({from, to});
    }
  }
  for (const auto to : kStatusNames) series.push_back({"none", to});
  for (const auto from : kStatusNames) series.push_back({from, "gone"});
  return series;
}

Series finished_statuses() {
  Series series;
  for (const auto status : kFinished) series.push_back({name(status)});
  return series;
}

FamilyInfo counter(Family family, std::string_view name, std::string_view help, Labels labels = {},
                   Series series = one()) {
  return {family, name, "", help, std::move(labels), std::move(series), {}, 0};
}

FamilyInfo histogram(Family family, std::string_view name, std::string_view unit, std::string_view help,
                     std::vector<double> bounds, Labels labels = {}, Series series = one()) {
  return {family, name, unit, help, std::move(labels), std::move(series), std::move(bounds), 0};
}

std::vector<FamilyInfo> task_families() {
  return {
      counter(Family::transitions, "unpod_task_transitions_total",
              "Changes of the status of a task; from none is a first sight, to gone a task that left the platform.",
              {"from", "to"}, status_pairs()),
      counter(
          Family::failures, "unpod_task_failures_total",
          "Failed attempts: entries of a task into the status failed, counted once per attempt, by the reason given.",
          {"reason"}, each(kFailureReasonNames)),
      counter(Family::retries, "unpod_task_retries_total",
              "Finished tasks that were put back to work or that finished again with another call."),
      counter(Family::recoveries, "unpod_task_recoveries_total",
              "Tasks that entered completed while their latest finished status before was failed."),
      counter(Family::inferred, "unpod_task_transitions_inferred_total",
              "Attempts that began and ended between two polls, inferred from a new call id."),
      counter(Family::unknown_status, "unpod_task_unknown_status_total",
              "Entries of a task into a status that is missing or not in the documentation."),
      counter(Family::bad_fields, "unpod_task_bad_fields_total",
              "Fields of a task that were there and could not be read, once per attempt.", {"field"},
              each(kFieldNames)),
  };
}

std::vector<FamilyInfo> call_families() {
  return {
      counter(Family::calls, "unpod_calls_total", "Finished call attempts by their outcome and type.",
              {"call_status", "call_type"}, product(kCallStatusNames, kCallTypeNames)),
      histogram(Family::duration, "unpod_call_duration_seconds", "seconds",
                "Length of finished calls by their outcome.", {5, 15, 30, 60, 90, 120, 180, 300, 600, 900, 1800, 3600},
                {"call_status"}, each(kCallStatusNames)),
      histogram(Family::cost, "unpod_call_cost", "", "Cost of finished calls in the billing currency of the platform.",
                {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}),
      histogram(Family::wait, "unpod_task_wait_seconds", "seconds",
                "Time from the creation of a task to the start of its call.", kDayBounds),
      histogram(Family::completion, "unpod_task_completion_seconds", "seconds",
                "Time from the creation of a task to the end of its call, by the finished status.", kDayBounds,
                {"status"}, finished_statuses()),
      histogram(Family::lag, "unpod_task_detection_lag_seconds", "seconds",
                "Time from the end of a call to the commit of what was seen of it.",
                {1, 2, 5, 10, 15, 30, 60, 120, 300, 900, 3600}),
  };
}

std::vector<FamilyInfo> laid_out() {
  auto all = task_families();
  std::ranges::move(call_families(), std::back_inserter(all));
  std::size_t next = 0;
  for (auto& family : all) {
    family.first_cell = next;
    next = family.cell(family.series.size());
  }
  return all;
}

std::string series_key(const FamilyInfo& family, std::size_t series) {
  std::string key(family.name);
  for (std::size_t i = 0; i < family.labels.size(); ++i) {
    key += fmt::format("{}{}=\"{}\"", i == 0 ? '{' : ',', family.labels[i], family.series[series][i]);
  }
  return family.labels.empty() ? key : key + '}';
}

void append_keys(const FamilyInfo& family, std::size_t series, std::vector<std::string>& keys) {
  const auto key = series_key(family, series);
  if (!family.is_histogram()) {
    keys.push_back(key);
    return;
  }
  for (const auto bound : family.bounds) keys.push_back(fmt::format("{} le={}", key, bound));
  keys.push_back(key + " le=+Inf");
  keys.push_back(key + " sum");
}

std::vector<std::string> all_keys() {
  std::vector<std::string> keys;
  for (const auto& family : families()) {
    for (std::size_t series = 0; series < family.series.size(); ++series) append_keys(family, series, keys);
  }
  return keys;
}

const std::vector<std::string>& keys() {
  static const auto all = all_keys();
  return all;
}

std::unordered_map<std::string_view, std::size_t> cells_by_key() {
  std::unordered_map<std::string_view, std::size_t> cells;
  for (std::size_t cell = 0; cell < keys().size(); ++cell) cells.emplace(keys()[cell], cell);
  return cells;
}

}  // namespace

const std::vector<FamilyInfo>& families() {
  static const auto all = laid_out();
  return all;
}

const FamilyInfo& info(Family family) { return families()[static_cast<std::size_t>(family)]; }

std::size_t cell_count() {
  const auto& last = families().back();
  return last.cell(last.series.size());
}

const std::string& cell_key(std::size_t cell) { return keys().at(cell); }

std::optional<std::size_t> find_cell(std::string_view key) {
  static const auto cells = cells_by_key();
  const auto found = cells.find(key);
  return found == cells.end() ? std::nullopt : std::optional(found->second);
}

std::size_t transition_series(std::optional<Status> from, std::optional<Status> to) {
  constexpr std::size_t kPairs = kStatusCount * (kStatusCount - 1);
  if (!from) return kPairs + index(*to);
  if (!to) return kPairs + kStatusCount + index(*from);
  return index(*from) * (kStatusCount - 1) + index(*to) - (index(*to) > index(*from) ? 1 : 0);
}

std::optional<std::size_t> completion_series(Status finished) {
  const auto found = std::ranges::find(kFinished, finished);
  if (found == kFinished.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kFinished.begin());
}

}  // namespace runwatch::task
