#include "task/task_key.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "core/ascii.h"
#include "core/digest.h"
#include "core/text.h"
#include "core/timestamp.h"

namespace runwatch::task {
namespace {

constexpr std::size_t kLongestId = 128;
// 100 ns steps from 1582-10-15, where version-1 UUIDs begin, to 1970-01-01.
constexpr std::int64_t kUuidEpoch = 0x01B21DD213814000;
constexpr std::int64_t kStepsPerMs = 10'000;

// 0xff for what is no hexadecimal digit.
constexpr std::array<std::uint8_t, 256> kHexValues = [] {
  std::array<std::uint8_t, 256> values{};
  for (std::size_t c = 0; c < 256; ++c) values[c] = static_cast<std::uint8_t>(core::hex_value(static_cast<char>(c)));
  return values;
}();

struct Uuid {
  TaskKey key;
  bool lower = true;  // the case of all letters
};

// A letter and 32 hex digits; without a branch a digit, as nobody can foresee them.
std::optional<Uuid> read_uuid(std::string_view id) {
  if (id.size() != 33) return std::nullopt;
  Uuid uuid;
  unsigned seen = 0;
  unsigned common = 0xff;
  for (std::size_t i = 0; i < uuid.key.bytes.size(); ++i) {
    const auto first = static_cast<unsigned char>(id[2 * i + 1]);
    const auto second = static_cast<unsigned char>(id[2 * i + 2]);
    const unsigned high = kHexValues[first];
    const unsigned low = kHexValues[second];
    seen |= high | low;
    common &= first & second;
    uuid.key.bytes[i] = static_cast<std::uint8_t>(high << 4 | (low & 0xf));
  }
  if (seen > 0xf) return std::nullopt;
  uuid.lower = (common & 0x20) != 0;  // of digits and of lower-case letters
  return uuid;
}

}  // namespace

TaskKey make_task_key(std::string_view id) {
  const auto uuid = id.starts_with('T') ? read_uuid(id) : std::nullopt;
  if (uuid && uuid->lower && is_usual(uuid->key)) return uuid->key;
  TaskKey key{core::digest128(id)};
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

core::WallTime time_of_id(std::string_view id) {
  const auto uuid = id.starts_with('R') || id.starts_with('T') ? read_uuid(id) : std::nullopt;
  if (!uuid) return kNoTime;
  if (!is_usual(uuid->key) || uuid->key.bytes[6] >> 4 != 1) return kNoTime;
  const std::uint64_t time = std::byteswap(std::bit_cast<std::array<std::uint64_t, 2>>(uuid->key)[0]);
  const std::uint64_t low = time >> 32;
  const std::uint64_t middle = (time >> 16) & 0xffff;
  const std::uint64_t high = time & 0xfff;
  const auto steps = static_cast<std::int64_t>((high << 48) | (middle << 32) | low) - kUuidEpoch;
  return steps < 0 ? kNoTime : core::timestamp_from_unix_ms(steps / kStepsPerMs).value_or(kNoTime);
}

}  // namespace runwatch::task
