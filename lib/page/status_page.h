// The page for people: what is watched and how it stands, in HTML without scripts.
//
// Pure. Every text of a foreign origin is escaped; the only other resource is the style sheet.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "view/snapshot.h"

namespace runwatch::page {

// Of the runs of a space the newest `kRunsOnPage` are listed; the API has them all.
inline constexpr std::size_t kRunsOnPage = 200;

std::string status_page(const view::Snapshot& snapshot, std::string_view version, core::WallTime now);

std::string_view style_sheet();

// For text and for attribute values in double quotes; invalid UTF-8 becomes U+FFFD.
std::string escape_html(std::string_view text);

// Incidents and receivers; empty where there are none.
std::string alerts_section(const view::Alerts& alerts);

}  // namespace runwatch::page
