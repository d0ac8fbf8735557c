#include "sim/id.h"

#include <array>
#include <string_view>

#include "core/ascii.h"
#include "sim/dice.h"

namespace runwatch::sim {
namespace {

// The lowest `digits` hex digits of `value`.
void append_hex(std::string& out, std::uint64_t value, unsigned digits) {
  std::array<char, 16> text{};
  for (unsigned i = digits; i-- > 0; value >>= 4) text[i] = core::hex_digit(static_cast<unsigned>(value));
  out.append(text.data(), digits);
}

}  // namespace

std::uint64_t uuid_ticks(core::WallTime time) {
  constexpr std::uint64_t kUnixEpoch = 0x01b21dd213814000;  // RFC 9562 §A.1
  return kUnixEpoch + static_cast<std::uint64_t>(time.time_since_epoch().count()) * 10'000;
}

void append_id(std::string& out, char letter, std::uint64_t ticks, std::uint64_t node) {
  out += letter;
  append_hex(out, ticks & 0xffffffff, 8);
  append_hex(out, ticks >> 32, 4);
  append_hex(out, 0x1000 | (ticks >> 48 & 0x0fff), 4);
  append_hex(out, 0x8000 | (node >> 48 & 0x3fff), 4);
  append_hex(out, node | 0x010000000000, 12);
}

std::string make_id(char letter, std::uint64_t ticks, std::uint64_t node) {
  std::string id;
  append_id(id, letter, ticks, node);
  return id;
}

void append_object_id(std::string& out, core::WallTime created, std::uint64_t node, std::uint32_t number) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(created).time_since_epoch().count();
  append_hex(out, static_cast<std::uint64_t>(seconds), 8);
  append_hex(out, node >> 20 & 0xff, 2);
  append_hex(out, number, 8);
  append_hex(out, node, 6);
}

void append_uuid(std::string& out, std::uint64_t high, std::uint64_t low) {
  append_hex(out, high >> 32, 8);
  out += '-';
  append_hex(out, high >> 16, 4);
  out += '-';
  append_hex(out, 0x4000 | (high & 0x0fff), 4);
  out += '-';
  append_hex(out, 0x8000 | (low >> 48 & 0x3fff), 4);
  out += '-';
  append_hex(out, low, 12);
}

std::string make_space_token(std::uint64_t seed, std::size_t position) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  Dice dice(seed, position, 0x70c3);
  std::string token;
  while (token.size() < 24) token += kLetters[dice.below(kLetters.size())];
  return token;
}

}  // namespace runwatch::sim
