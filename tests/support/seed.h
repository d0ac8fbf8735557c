// The seed of a random test: RUNWATCH_SEED when it is set, so that a failing course can be repeated, else any.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

namespace runwatch::test {

inline std::uint32_t seed() {
  if (const char* given = std::getenv("RUNWATCH_SEED"))
    return static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10));
  return std::random_device{}();
}

}  // namespace runwatch::test
