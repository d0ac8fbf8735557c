// `once`: one poll of everything that is configured, printed, with nothing kept.
#pragma once

#include <string>

#include "config/config.h"

namespace runwatch::daemon {

// Prints to standard output as "table", "json" or "prometheus"; returns the exit code: incomplete polls and unknown
// runs are told on standard error.
int look_once(const config::Config& config, const std::string& format);

}  // namespace runwatch::daemon
