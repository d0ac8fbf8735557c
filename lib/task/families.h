// The families of the platform's counters and histograms, and where their numbers stand in the flat row of a space.
//
// The store keeps each cell under its `cell_key`, metrics renders families from `families()`; both walk the same
// layout, so a family is added here and nowhere else. Histogram buckets are kept apart, not cumulative.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "task/call.h"
#include "task/observed.h"
#include "task/status.h"

namespace runwatch::task {

enum class Family : std::uint8_t {
  transitions,
  failures,
  retries,
  recoveries,
  inferred,
  unknown_status,
  bad_fields,
  calls,
  duration,
  cost,
  wait,
  completion,
  lag
};

struct FamilyInfo {
  Family family;
  std::string_view name;  // with `_total` for counters
  std::string_view unit;  // OpenMetrics `# UNIT`, empty: none
  std::string_view help;
  std::vector<std::string_view> labels;
  // One entry a series: its label values, in the order of `labels`, which leave out `space`.
  std::vector<std::vector<std::string_view>> series;
  std::vector<double> bounds;  // upper bounds of a histogram; empty: a counter
  std::size_t first_cell;      // of its first series

  bool is_histogram() const { return !bounds.empty(); }
  // A counter series is one cell; a histogram series is bounds + 1 buckets and then the sum.
  std::size_t cells_per_series() const { return is_histogram() ? bounds.size() + 2 : 1; }
  std::size_t cell(std::size_t series_index) const { return first_cell + series_index * cells_per_series(); }
};

const std::vector<FamilyInfo>& families();
const FamilyInfo& info(Family family);
std::size_t cell_count();

// `unpod_calls_total{call_status="busy",call_type="outbound"}`, for a histogram's cells followed by ` le=30`, `
// le=+Inf` or ` sum`. Stored: never changes.
const std::string& cell_key(std::size_t cell);
std::optional<std::size_t> find_cell(std::string_view key);

// The series of a transition; at least one end is a status, and they differ.
std::size_t transition_series(std::optional<Status> from, std::optional<Status> to);
// That of a finished status in `completion`; nothing for the others.
std::optional<std::size_t> completion_series(Status finished);

}  // namespace runwatch::task
