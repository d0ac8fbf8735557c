// One run as a row of a table: its trouble, its tasks, what failed and why, its pace, its last hours, and who knows.
//
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "page/frame.h"
#include "view/trouble.h"

namespace runwatch::page {

inline constexpr auto kPlotted = std::chrono::hours(6);  // before now, at most

struct RowContext {
  const view::Alerts& alerts;
  core::WallTime now;
};

std::string run_row(const view::RunVerdict& verdict, const RowContext& context);

// The table of such rows; empty where there are none.
std::string runs_table(std::string_view rows, std::string_view caption);

Level level_of(const view::RunVerdict& verdict);
std::string state_of(const view::RunVerdict& verdict);  // `failing`, `well`, `finished`, …

// Its history, and how it stands since the last change.
std::vector<view::HistoryPoint> points_of(const view::RunSnapshot& run);

}  // namespace runwatch::page
