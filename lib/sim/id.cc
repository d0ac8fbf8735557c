#include "sim/id.h"

#include <fmt/format.h>

#include <string_view>

#include "sim/dice.h"

namespace runwatch::sim {

std::uint64_t uuid_ticks(core::WallTime time) {
  constexpr std::uint64_t kUnixEpoch = 0x01b21dd213814000;  // RFC 9562 §A.1
  return kUnixEpoch + static_cast<std::uint64_t>(time.time_since_epoch().count()) * 10'000;
}

std::string make_id(char letter, std::uint64_t ticks, std::uint64_t node) {
  return fmt::format("{}{:08x}{:04x}{:04x}{:04x}{:012x}", letter, ticks & 0xffffffff, ticks >> 32 & 0xffff,
                     0x1000 | (ticks >> 48 & 0x0fff), 0x8000 | (node >> 48 & 0x3fff),
                     0x010000000000 | (node & 0xffffffffffff));
}

std::string make_object_id(core::WallTime created, std::uint64_t node, std::uint32_t number) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(created).time_since_epoch().count();
  return fmt::format("{:08x}{:02x}{:08x}{:06x}", seconds & 0xffffffff, node >> 20 & 0xff, number, node & 0xffffff);
}

std::string make_uuid(std::uint64_t high, std::uint64_t low) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff, 0x4000 | (high & 0x0fff),
                     0x8000 | (low >> 48 & 0x3fff), low & 0xffffffffffff);
}

std::string make_space_token(std::uint64_t seed, std::size_t position) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  Dice dice(seed, position, 0x70c3);
  std::string token;
  while (token.size() < 24) token += kLetters[dice.below(kLetters.size())];
  return token;
}

}  // namespace runwatch::sim
