// The runs on a page: what is in trouble or has incidents in full, what does well or is finished folded; or, where a
// query asks for some of them, those, a page at a time.
//
// Pure.
#pragma once

#include <string>

#include "page/listing.h"
#include "page/run_row.h"
#include "view/snapshot.h"

namespace runwatch::page {

// Rows on a page: whatever else there is, 10,000 runs and their plots take 300 kB at most.
inline constexpr std::size_t kInTrouble = 30;
inline constexpr std::size_t kFolded = 10;
inline constexpr std::size_t kListed = 50;

std::string runs_sections(const Listing& listing, const RowContext& context);

// What `filter` asks for; of a page beyond the last one that.
std::string filtered_section(const Listing& listing, Filter filter, const RowContext& context);

// To find a run among many.
std::string search_form(const view::Snapshot& snapshot, const Filter& filter);

}  // namespace runwatch::page
