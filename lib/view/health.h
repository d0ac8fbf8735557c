// Whether runwatch does what it is for: what a dead man's switch asks.
#pragma once

#include "core/clock.h"
#include "view/snapshot.h"

namespace runwatch::view {

// Everything is read in time, and notices are on their way. `paused`: for how long the platform had us wait lately.
bool is_well(const Snapshot& snapshot, core::SteadyTime now, core::Duration paused);

}  // namespace runwatch::view
