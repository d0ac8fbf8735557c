// What is wrong beside the runs, a line each: spaces that refuse, receivers that cannot be told, a reload that was
// refused, a pause, what is not ready.
//
// Pure.
#pragma once

#include <cstddef>
#include <string>

#include "core/clock.h"
#include "view/snapshot.h"

namespace runwatch::page {

inline constexpr std::size_t kNotes = 6;  // the sections below have all of them

std::string notes(const view::Snapshot& snapshot, core::WallTime now);

}  // namespace runwatch::page
