// The platform's counters and histograms of one space, as a flat row of numbers (`task/families.h` says which is
// which), and what one poll adds to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "task/families.h"
#include "task/observed.h"
#include "task/task_key.h"
#include "task/vocabulary.h"

namespace runwatch::task {

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
  void transition(std::optional<Status> from, std::optional<Status> to) {
    if (from != to) add(Family::transitions, transition_series(from, to));
  }
  void failure(FailureReason reason, const Exemplar& task) { add(info(Family::failures).cell(index(reason)), 1, task); }
  void retry() { add(Family::retries, 0); }
  void recovery() { add(Family::recoveries, 0); }
  void inferred() { add(Family::inferred, 0); }
  void unknown_status() { add(Family::unknown_status, 0); }
  void bad_field(Field field) { add(Family::bad_fields, static_cast<std::size_t>(field)); }
  void call(CallStatus status, CallType type) {
    add(Family::calls, index(status) * kCallTypeNames.size() + index(type));
  }
  void duration(CallStatus status, double seconds, const Exemplar& task) {
    observe(Family::duration, index(status), seconds, task);
  }
  void cost(double amount) { observe(Family::cost, 0, amount); }
  void wait(double seconds) { observe(Family::wait, 0, seconds); }
  void completion(Status finished, double seconds) {
    if (const auto series = completion_series(finished)) observe(Family::completion, *series, seconds);
  }
  void lag(double seconds) { observe(Family::lag, 0, seconds); }

  // Sorted by cell, each cell once, with the latest exemplar.
  const std::vector<CellIncrement>& increments() const { return increments_; }

 private:
  void add(Family family, std::size_t series) { add(info(family).cell(series), 1, std::nullopt); }
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
  std::uint64_t total(Family counter) const;         // of all its series
  const Exemplar* exemplar(std::size_t cell) const;  // null: none

 private:
  std::vector<double> cells_;
  std::vector<std::pair<std::size_t, Exemplar>> exemplars_;  // sorted by cell
};

}  // namespace runwatch::task
