// `check`: says what is wrong with a configuration file, and on demand with what it names.
#pragma once

#include <expected>
#include <filesystem>

#include "config/config.h"

namespace runwatch::daemon {

// Loads and tells every problem and warning on standard error; the error is the exit code.
std::expected<config::Config, int> load_config(const std::filesystem::path& path);

// Asks the platform for the organization, each space and each named run; prints a line for each. Returns the exit code.
int check_live(const config::Config& config);

}  // namespace runwatch::daemon
