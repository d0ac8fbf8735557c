// A number of bytes, as a type of its own.
#pragma once

#include <compare>
#include <cstdint>

namespace runwatch::core {

struct Bytes {
  std::uint64_t count = 0;

  auto operator<=>(const Bytes&) const = default;
};

inline constexpr Bytes kib(std::uint64_t n) { return {n << 10}; }
inline constexpr Bytes mib(std::uint64_t n) { return {n << 20}; }

}  // namespace runwatch::core
