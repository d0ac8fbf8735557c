// Digests of strings, for identities that are compared and never read back.
//
// Both are FNV-1a (Fowler, Noll, Vo; the 64 and 128-bit parameters of RFC 9923): stable over releases and machines,
// because they are stored. They are no defence against an adversary and protect no secret.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/secret.h"

namespace runwatch::core {

std::array<std::uint8_t, 16> digest128(std::string_view text);  // big endian

// Never 0, so that 0 can mean "none" where it is kept.
std::uint64_t digest64(std::string_view text);

struct SpaceKeys {
  explicit SpaceKeys(const Secret& token) : current(digest128(token.reveal())) {}
  bool fit(const std::array<std::uint8_t, 16>& key) const { return key == current; }
  std::array<std::uint8_t, 16> current;
};

}  // namespace runwatch::core
