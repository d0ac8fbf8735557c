// TOML text to toml++'s tables, kept away from what would overflow its stack. Private to this room.
#pragma once

#include <toml++/toml.h>

#include <expected>
#include <string>
#include <string_view>

#include "config/findings.h"

namespace runwatch::config {

// Fails: with the first syntax error, described without quoting values.
std::expected<toml::table, Located<std::string>> parse_toml(std::string_view text);

}  // namespace runwatch::config
