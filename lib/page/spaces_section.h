// Whether the platform answers: the organization's list and each space, with its newest complete poll and what failed.
//
// Pure.
#pragma once

#include <cstddef>
#include <string>

#include "core/clock.h"
#include "view/snapshot.h"

namespace runwatch::page {

inline constexpr std::size_t kSpacesOnPage = 40;

// Those that fail come first.
std::string spaces_section(const view::Snapshot& snapshot, core::WallTime now);

// `auth: 401 Invalid token`
std::string error_html(const view::PollError& error);

}  // namespace runwatch::page
