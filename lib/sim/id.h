// The platform's ids, made from unique ticks of a version-1 UUID clock.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"

namespace runwatch::sim {

// 100 ns since 15 October 1582.
std::uint64_t uuid_ticks(core::WallTime time);

// `letter` and 32 hex digits, as `T8ff2ccdffe9a11f0878d43cd8a99e069`. `node` tells platforms apart.
std::string make_id(char letter, std::uint64_t ticks, std::uint64_t node);

// 24 hex digits that ascend with creation.
std::string make_object_id(core::WallTime created, std::uint64_t node, std::uint32_t number);

// A random UUID with its dashes, for calls.
std::string make_uuid(std::uint64_t high, std::uint64_t low);

// 24 characters A-Z and 0-9.
std::string make_space_token(std::uint64_t seed, std::size_t position);

}  // namespace runwatch::sim
