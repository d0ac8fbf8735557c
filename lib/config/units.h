// Durations and sizes as people write them: `1h30m`, `32MiB`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/clock.h"

namespace runwatch::config {

// Whole numbers with the units d, h, m, s and ms, largest first, each at most once; 0 needs none. Nothing for any other
// text, nor for more than a century.
std::optional<core::Duration> parse_duration(std::string_view text);

// The same notation, shortest form; 0 is `0s`.
std::string format_duration(core::Duration duration);

// One whole number with one of B, KiB, MiB and GiB. Nothing for any other text, nor for more than 2^50 bytes.
std::optional<core::Bytes> parse_size(std::string_view text);

std::string format_size(core::Bytes size);

}  // namespace runwatch::config
