// `demo`: the daemon on an ordinary configuration and store, against a simulated platform in the same process.
#pragma once

#include <string>

namespace runwatch::daemon {

// Serves on `listen` until told to stop; returns the exit code. Leaves nothing behind.
int demo(const std::string& listen);

}  // namespace runwatch::daemon
