// The text of one log line, without its newline: what `log` writes, as a pure function.
#pragma once

#include <string>
#include <string_view>

#include "core/log.h"

namespace runwatch::core::log {

// Control and deceptive characters become \n, \t, \r or \uXXXX, invalid UTF-8 becomes U+FFFD, so that one event is one
// line whatever the values hold; long ones are cut. JSON numbers that JSON cannot write (not a number, infinite) are
// strings there.
std::string line(Format format, WallTime time, Level level, std::string_view message, Fields fields);

}  // namespace runwatch::core::log
