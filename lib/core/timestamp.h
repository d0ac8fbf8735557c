// Timestamps in the forms the platform sends, RFC 3339 for what we write, and how long something lasted in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace runwatch::core {

// Reads `2026-02-07T05:57:45`, the same with a space, with 1 to 9 fraction digits, with `Z` or an offset `+05:30`,
// `+0530` or `-08`. Without a zone it is UTC. Nothing for any other text, for a date that is not in the calendar and
// for years outside 1970 to 2200.
std::optional<WallTime> parse_timestamp(std::string_view text);

// Milliseconds since 1970 as in `{"$date": 1769858258067}`; nothing outside the same years.
std::optional<WallTime> timestamp_from_unix_ms(std::int64_t ms);

// `2026-02-07T05:57:45Z`, with `.123` only when the milliseconds are not zero.
std::string format_timestamp(WallTime time);

// How long, for people: "45 s", "12 min", "3 h 5 min", "4 d 2 h". Never below nothing.
std::string lasting(Duration length);

}  // namespace runwatch::core
