// The page for people: which run is in trouble, why, and does anyone know? The verdict first, then what else is wrong,
// the runs, and all that the verdict rests on.
//
// Pure. It says everything without its script.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "page/listing.h"
#include "view/snapshot.h"

namespace runwatch::page {

// `configuration`: as text, without secrets; empty: not known.
std::string status_page(const view::Snapshot& snapshot, const Filter& filter, std::string_view version,
                        std::string_view configuration, core::WallTime now);

}  // namespace runwatch::page
