// A run's own page: how it stands and went, what failed, task by task, who was told and whether it arrived.
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "view/ledger_query.h"
#include "view/trouble.h"

namespace runwatch::page {

inline constexpr std::size_t kChangesOnPage = 30;
inline constexpr std::size_t kNoticesOnPage = 25;
inline constexpr auto kHoursOnPage = std::chrono::hours(24);

// What the ledger says of a run; what it cannot say is said to be so in its place.
struct RunLedger {
  core::Result<view::ChangesPage> changes;
  core::Result<std::vector<view::HourRow>> hours;
  core::Result<view::NoticesPage> notices;
  bool failures_only = true;  // of the changes
  std::int64_t before = 0;    // from which row on they are older; 0: the newest
};

// Asks it all for the run and what `query` says of the changes: `before`, and `changes=all`.
RunLedger ask_ledger(const view::LedgerQueries& ledger, const view::RunVerdict& verdict, std::string_view query,
                     core::WallTime now);

std::string run_page(const view::RunVerdict& verdict, const view::Snapshot& snapshot, const RunLedger& ledger,
                     std::string_view version, core::WallTime now);

// There is no such run, or not any more.
std::string no_run_page(std::string_view version, core::WallTime now);

}  // namespace runwatch::page
