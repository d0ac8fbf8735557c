#include "core/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>

#include "core/ascii.h"

namespace runwatch::core {
namespace {

__extension__ using U128 = unsigned __int128;

constexpr U128 u128(std::uint64_t high, std::uint64_t low) { return (U128{high} << 64) | low; }

constexpr U128 kBasis128 = u128(0x6c62272e07bb0142, 0x62b821756295c58d);
constexpr U128 kPrime128 = u128(0x0000000001000000, 0x000000000000013b);
constexpr std::uint64_t kBasis64 = 0xcbf29ce484222325;
constexpr std::uint64_t kPrime64 = 0x00000100000001b3;

}  // namespace

std::array<std::uint8_t, 16> digest128(std::string_view text) {
  U128 hash = kBasis128;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime128;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = bytes.size(); i-- > 0; hash >>= 8) bytes[i] = static_cast<std::uint8_t>(hash & 0xff);
  return bytes;
}

std::uint64_t digest64(std::string_view text) {
  std::uint64_t hash = kBasis64;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime64;
  return hash == 0 ? 1 : hash;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const auto byte : bytes) text += {hex_digit(byte >> 4U), hex_digit(byte & 0xfU)};
  return text;
}

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  std::array<std::uint8_t, 32> bytes{};
  if (EVP_Digest(text.data(), text.size(), bytes.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL has no SHA-256");
  }
  return bytes;
}

SpaceKeys::SpaceKeys(const Secret& token) {
  const std::string_view text = token.reveal();
  current = sha256(text);
  std::ranges::copy(digest128(text), former.begin());
}

}  // namespace runwatch::core
