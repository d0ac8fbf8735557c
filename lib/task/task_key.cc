#include "task/task_key.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/digest.h"
#include "core/text.h"

namespace runwatch::task {
namespace {

constexpr std::size_t kUsualLength = 33;
constexpr std::size_t kLongestId = 128;
constexpr std::uint8_t kNoHex = 0xff;

constexpr std::array<std::uint8_t, 256> kHexValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoHex);
  for (std::uint8_t i = 0; i < 10; ++i) values[static_cast<std::size_t>('0') + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) values[static_cast<std::size_t>('a') + i] = static_cast<std::uint8_t>(10 + i);
  return values;
}();

constexpr std::uint8_t hex_value(char c) { return kHexValues[static_cast<unsigned char>(c)]; }

// False when a character is no lower-case hex digit.
bool read_hex(std::string_view digits, TaskKey& key) {
  std::uint8_t seen = 0;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) {
    const std::uint8_t high = hex_value(digits[2 * i]);
    const std::uint8_t low = hex_value(digits[2 * i + 1]);
    seen = static_cast<std::uint8_t>(seen | high | low);
    key.bytes[i] = static_cast<std::uint8_t>((high << 4) | (low & 0xf));
  }
  return (seen & 0xf0) == 0;
}

}  // namespace

TaskKey make_task_key(std::string_view id) {
  TaskKey key;
  if (id.size() == kUsualLength && id[0] == 'T' && read_hex(id.substr(1), key) && is_usual(key)) return key;
  key.bytes = core::digest128(id);
  key.bytes[8] |= 0xc0;  // a variant no UUID of RFC 9562 has
  return key;
}

bool is_usual(const TaskKey& key) {
  const int version = key.bytes[6] >> 4;
  return (key.bytes[8] & 0xc0) == 0x80 && version >= 1 && version <= 8;
}

std::string usual_task_id(const TaskKey& key) {
  std::string id = "T";
  for (const std::uint8_t byte : key.bytes) {
    id += core::hex_digit(byte >> 4U);
    id += core::hex_digit(byte);
  }
  return id;
}

bool is_acceptable_id(std::string_view id) {
  if (id.empty() || id.size() > kLongestId) return false;
  const auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '/'; };
  if (std::all_of(id.begin(), id.end(), plain)) return true;
  while (!id.empty()) {
    const core::CodePoint c = core::next_code_point(id);
    if (!c.valid || core::is_control(c.value) || c.value == '/') return false;
    id.remove_prefix(c.length);
  }
  return true;
}

}  // namespace runwatch::task
