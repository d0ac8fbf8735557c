// Where the daemon keeps its state and where it listens: looked at by `check`, made ready by `serve`.
#pragma once

#include "config/config.h"
#include "core/error.h"

namespace runwatch::daemon {

// Makes the state folder, mode 0700, where the configuration leaves the store's place to us and it is missing; says so.
// Fails: `unavailable`.
core::Result<void> make_state_folder(const config::Store& store);

// Tells what `serve` would stumble over if it began now, and what it would make; touches nothing. Returns the exit code
// that it would end with. A database and a port that a running daemon holds are told, and no fault.
int check_places(const config::Config& config);

}  // namespace runwatch::daemon
