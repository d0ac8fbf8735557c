// What a reload changes, by the keys that an operator wrote.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace runwatch::config {

// Keys whose values differ, as `poll.interval`, `spaces.sales.runs`, or `spaces[2].runs` for the second space when it
// has no name; a space that came or went as `spaces.sales`. A space is the same one when its token is, else its name.
// Never a value.
std::vector<std::string> changed_keys(const Config& before, const Config& after);

// Whether the change of a key, as `changed_keys` names it, counts after a restart only.
bool needs_restart(std::string_view key);

}  // namespace runwatch::config
