// Where the daemon keeps its state: looked at by `check`, made ready by `serve`.
#pragma once

#include "config/config.h"
#include "core/error.h"

namespace runwatch::daemon {

// Makes the state folder, mode 0700, where the configuration leaves the store's place to us and it is missing; says so.
// Fails: `unavailable`.
core::Result<void> make_state_folder(const config::Store& store);

}  // namespace runwatch::daemon
