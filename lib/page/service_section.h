// runwatch itself: polls that failed, also those that went well again, pauses, the newest reload, version,
// configuration.
//
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "view/snapshot.h"

namespace runwatch::page {

inline constexpr std::size_t kPollsOnPage = 20;

std::string polls_section(const view::Snapshot& snapshot, core::WallTime now);

// `configuration`: as text, without secrets; empty: not known.
std::string service_section(const view::Snapshot& snapshot, std::string_view version, std::string_view configuration,
                            core::WallTime now);

}  // namespace runwatch::page
