// The platform's counters and histograms of one space, as a flat row of numbers with one description.
//
// The store keeps each cell under its `cell_key`, metrics renders families from `families()`; both walk the same
// layout, so a family is added here and nowhere else. Histogram buckets are kept apart, not cumulative.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "task/call.h"
#include "task/observed.h"
#include "task/status.h"
#include "task/task_key.h"

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

struct Exemplar {
  TaskKey task;
  double value = 1;
  core::WallTime at{};

  bool operator==(const Exemplar&) const = default;
};

// What one poll adds.
struct CellIncrement {
  std::size_t cell;
  double amount;
  std::optional<Exemplar> exemplar;
};

class Tally {
 public:
  // `from` nothing: first sight; `to` nothing: gone. Equal ends are no transition.
  void transition(std::optional<Status> from, std::optional<Status> to);
  void failure(FailureReason reason, const Exemplar& exemplar);
  void retry() { add(Family::retries, 0); }
  void recovery() { add(Family::recoveries, 0); }
  void inferred() { add(Family::inferred, 0); }
  void unknown_status() { add(Family::unknown_status, 0); }
  void bad_field(Field field) { add(Family::bad_fields, static_cast<std::size_t>(field)); }
  void call(CallStatus status, CallType type);
  void duration(CallStatus status, double seconds, const Exemplar& exemplar);
  void cost(double amount);
  void wait(double seconds);
  void completion(Status finished, double seconds);
  void lag(double seconds);

  // Sorted by cell, each cell once, with the latest exemplar.
  const std::vector<CellIncrement>& increments() const { return increments_; }

 private:
  void add(Family family, std::size_t series);
  void add(std::size_t cell, double amount, const std::optional<Exemplar>& exemplar);
  void observe(Family family, std::size_t series, double value, std::optional<Exemplar> exemplar = {});

  std::vector<CellIncrement> increments_;
};

// The running totals of a space.
class Counters {
 public:
  Counters();
  void apply(const std::vector<CellIncrement>& increments);
  void restore(std::size_t cell, double value) { cells_[cell] = value; }
  double operator[](std::size_t cell) const { return cells_[cell]; }
  const Exemplar* exemplar(std::size_t cell) const;  // null: none

 private:
  std::vector<double> cells_;
  std::vector<std::pair<std::size_t, Exemplar>> exemplars_;  // sorted by cell
};

}  // namespace runwatch::task
