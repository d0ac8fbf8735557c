// `once`: one poll of everything that is configured, printed, with nothing kept.
#pragma once

#include <string>

#include "config/config.h"

namespace runwatch::daemon {

enum class LookFormat { table, json, prometheus };

// Prints to standard output; returns the exit code: incomplete polls are told on standard error.
int look_once(const config::Config& config, LookFormat format);

}  // namespace runwatch::daemon
