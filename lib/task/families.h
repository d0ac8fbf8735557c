// The platform's counters and histograms as the cells of one flat row of numbers for each space: which there are, where
// they stand and what they are stored under. What they are called when shown, and said to be, is `metrics`' own: its
// table does not compile without a line for each family of this one.
//
// Bounds stand here because a histogram's cells are its buckets: a value is sorted into one when it is counted, and the
// bound is part of what the cell is stored under. Buckets are kept apart, not cumulative.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "task/observed.h"
#include "task/vocabulary.h"

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
inline constexpr std::size_t kFamilyCount = static_cast<std::size_t>(Family::lag) + 1;

struct FamilyInfo {
  Family family;
  std::string_view key;                      // stored, as what follows: never changes
  std::vector<std::string_view> dimensions;  // beside the space
  // One entry a series: its value in each dimension.
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
