#include "task/families.h"

#include <fmt/format.h>

#include <span>
#include <unordered_map>
#include <utility>

namespace runwatch::task {
namespace {

using Dimensions = std::vector<std::string_view>;
using Names = std::span<const std::string_view>;
using Series = std::vector<std::vector<std::string_view>>;

constexpr std::size_t kFirstFinished = index(Status::completed);
constexpr Names kFinishedNames = Names(kStatusNames).subspan(kFirstFinished, 3);
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

FamilyInfo counter(Family family, std::string_view key, Dimensions dimensions = {}, Series series = one()) {
  return {family, key, std::move(dimensions), std::move(series), {}, 0};
}

FamilyInfo histogram(Family family, std::string_view key, std::vector<double> bounds, Dimensions dimensions = {},
                     Series series = one()) {
  return {family, key, std::move(dimensions), std::move(series), std::move(bounds), 0};
}

std::vector<FamilyInfo> in_order() {
  return {
      counter(Family::transitions, "unpod_task_transitions_total", {"from", "to"}, status_pairs()),
      counter(Family::failures, "unpod_task_failures_total", {"reason"}, each(kFailureReasonNames)),
      counter(Family::retries, "unpod_task_retries_total"),
      counter(Family::recoveries, "unpod_task_recoveries_total"),
      counter(Family::inferred, "unpod_task_transitions_inferred_total"),
      counter(Family::unknown_status, "unpod_task_unknown_status_total"),
      counter(Family::bad_fields, "unpod_task_bad_fields_total", {"field"}, each(kFieldNames)),
      counter(Family::calls, "unpod_calls_total", {"call_status", "call_type"},
              product(kCallStatusNames, kCallTypeNames)),
      histogram(Family::duration, "unpod_call_duration_seconds",
                {5, 15, 30, 60, 90, 120, 180, 300, 600, 900, 1800, 3600}, {"call_status"}, each(kCallStatusNames)),
      histogram(Family::cost, "unpod_call_cost", {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}),
      histogram(Family::wait, "unpod_task_wait_seconds", kDayBounds),
      histogram(Family::completion, "unpod_task_completion_seconds", kDayBounds, {"status"}, each(kFinishedNames)),
      histogram(Family::lag, "unpod_task_detection_lag_seconds", {1, 2, 5, 10, 15, 30, 60, 120, 300, 900, 3600}),
  };
}

std::string series_key(const FamilyInfo& family, std::size_t series) {
  std::string key(family.key);
  for (std::size_t i = 0; i < family.dimensions.size(); ++i) {
    key += fmt::format("{}{}=\"{}\"", i == 0 ? '{' : ',', family.dimensions[i], family.series[series][i]);
  }
  return family.dimensions.empty() ? key : key + '}';
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

const std::vector<std::string>& keys() {
  static const auto all = [] {
    std::vector<std::string> made;
    for (const auto& family : families()) {
      for (std::size_t series = 0; series < family.series.size(); ++series) append_keys(family, series, made);
    }
    return made;
  }();
  return all;
}

}  // namespace

const std::vector<FamilyInfo>& families() {
  static const auto all = [] {
    auto made = in_order();
    std::size_t next = 0;
    for (auto& family : made) {
      family.first_cell = next;
      next = family.cell(family.series.size());
    }
    return made;
  }();
  return all;
}

const FamilyInfo& info(Family family) { return families()[static_cast<std::size_t>(family)]; }

std::size_t cell_count() {
  const auto& last = families().back();
  return last.cell(last.series.size());
}

const std::string& cell_key(std::size_t cell) { return keys().at(cell); }

std::optional<std::size_t> find_cell(std::string_view key) {
  static const auto cells = [] {
    std::unordered_map<std::string_view, std::size_t> made;
    for (std::size_t cell = 0; cell < keys().size(); ++cell) made.emplace(keys()[cell], cell);
    return made;
  }();
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
  return is_finished(finished) ? std::optional(index(finished) - kFirstFinished) : std::nullopt;
}

}  // namespace runwatch::task
