// How the tasks of a run stood over time, for plots and pace: a bounded number of points, coarser as the run ages.
//
// Pure. A point is added when the counts change and the newest point is `spacing` old; when there are kMostPoints, every
// second one goes and the spacing doubles. A rest has a point at its begin and one at its end. Between two points the
// counts were somewhere between theirs, and from the newest on they are the run's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/clock.h"
#include "task/vocabulary.h"

namespace runwatch::task {

inline constexpr std::size_t kMostPoints = 128;
inline constexpr core::Duration kFinestSpacing = std::chrono::seconds(10);

struct HistoryPoint {
  core::WallTime at{};  // whole seconds
  StatusCounts tasks{};

  bool operator==(const HistoryPoint&) const = default;
};

struct History {
  core::Duration spacing = kFinestSpacing;
  std::vector<HistoryPoint> points;  // oldest first

  bool operator==(const History&) const = default;
};

// What becomes of it when counts that were `before` since the last change are `after` from `at` on. Nothing: no point
// is added. A time before that of points says that the clock was set: those that are of later go.
std::optional<History> with_point(const History& history, core::WallTime at, const StatusCounts& before,
                                  const StatusCounts& after);

// As the store keeps it: some 15 bytes a point, where counts grow by less than a million between two.
std::vector<std::uint8_t> pack(const History& history);
// Nothing: no history looks like this.
std::optional<History> unpack_history(std::span<const std::uint8_t> bytes);

}  // namespace runwatch::task
