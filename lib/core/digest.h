// Digests of strings, for identities that are compared and never read back.
//
// `digest64` and `digest128` are FNV-1a (Fowler, Noll, Vo; the parameters of RFC 9923): stable over releases and
// machines, because they are stored. They are no defence against an adversary and protect no secret; a token's digest
// is a SpaceKey.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/secret.h"

namespace runwatch::core {

std::array<std::uint8_t, 16> digest128(std::string_view text);  // big endian

// Never 0, so that 0 can mean "none" where it is kept.
std::uint64_t digest64(std::string_view text);

// Fails: throws where OpenSSL has no SHA-256.
std::array<std::uint8_t, 32> sha256(std::string_view text);

std::string hex(std::span<const std::uint8_t> bytes);  // lower case

// By what a space is known again: SHA-256 of its token.
using SpaceKey = std::array<std::uint8_t, 32>;

// The keys that a token's space may have.
struct SpaceKeys {
  // Fails: throws where OpenSSL has no SHA-256.
  explicit SpaceKeys(const Secret& token);

  bool fit(const SpaceKey& key) const { return key == current || key == former; }

  SpaceKey current;
  SpaceKey former{};  // of databases of format 1: digest128, and 16 zeros
};

}  // namespace runwatch::core
