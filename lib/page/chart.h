// Small drawings as inline SVG: tasks by status as one stacked bar, and their counts over time as a stacked plot.
//
// Pure. Colours are classes of the style sheet, the same for a status wherever it is shown, and the worst comes first:
// on the left of a bar, at the bottom of a plot. What a drawing says is said by its label, too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "view/history.h"

namespace runwatch::page {

// Statuses in the order in which they are drawn.
inline constexpr std::array<task::Status, task::kStatusCount> kDrawn{
    task::Status::failed,     task::Status::partially_completed, task::Status::completed, task::Status::in_progress,
    task::Status::processing, task::Status::scheduled,           task::Status::pending,   task::Status::hold,
    task::Status::unknown};

std::uint64_t sum(const task::StatusCounts& counts);

// `152 failed, 120 completed, 20 in progress`: what is there, in the order of a bar; `no tasks`.
std::string counts_text(const task::StatusCounts& counts);

std::string stacked_bar(const task::StatusCounts& counts);

// What the colours of the statuses that `counts` has stand for: one line above what is drawn.
std::string legend(const task::StatusCounts& counts);

struct PlotSize {
  int width, height;
  std::size_t points;     // at most; fewer are drawn of a longer history
  std::string_view kind;  // a class of the style sheet
};
inline constexpr PlotSize kSmallPlot{150, 40, 48, "plot small"};
inline constexpr PlotSize kLargePlot{960, 200, 128, "plot large"};

// From `since` to `now`, the last point held until then; empty where fewer than two points are known.
std::string plot(std::span<const view::HistoryPoint> history, core::WallTime since, core::WallTime now,
                 const PlotSize& size);

}  // namespace runwatch::page
