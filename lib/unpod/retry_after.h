// How long a platform that is overloaded asks to be left alone.
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace runwatch::unpod {

// The value of `Retry-After` (RFC 9110 §10.2.3): seconds or an HTTP date in any of its three forms, counted from `now`.
// A wait beyond a year is a year. Nothing for a date in the past, a negative number and what cannot be read.
std::optional<core::Duration> parse_retry_after(std::string_view value, core::WallTime now);

// An HTTP date in any of its three forms, and nothing else.
std::optional<core::WallTime> parse_http_date(std::string_view value);

}  // namespace runwatch::unpod
