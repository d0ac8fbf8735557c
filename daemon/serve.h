// `serve`: the daemon itself, until it is told to stop.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "config/config.h"

namespace runwatch::daemon {

// Returns the exit code. `path` is read again on SIGHUP. `announce` is called once with the address that is served.
int serve(const std::filesystem::path& path, const config::Config& config,
          const std::function<void(const std::string& address)>& announce = {});

}  // namespace runwatch::daemon
