#include "task/observed.h"

#include <charconv>

#include "core/timestamp.h"

namespace runwatch::task {
namespace {

// 100 ns steps from 1582-10-15, where version-1 UUIDs begin, to 1970-01-01.
constexpr std::int64_t kUuidEpoch = 0x01B21DD213814000;
constexpr std::int64_t kStepsPerMs = 10'000;

// Nothing when a character is no hex digit.
std::optional<std::uint64_t> hex(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

core::WallTime time_of_id(std::string_view id) {
  if (id.size() != 33 || (id[0] != 'R' && id[0] != 'T')) return kNoTime;
  const auto time = hex(id.substr(1, 16));
  const auto node = hex(id.substr(17));
  if (!time || !node || ((*time >> 12) & 0xf) != 1 || (*node >> 62) != 2) return kNoTime;
  const std::uint64_t low = *time >> 32;
  const std::uint64_t middle = (*time >> 16) & 0xffff;
  const std::uint64_t high = *time & 0xfff;
  const auto steps = static_cast<std::int64_t>((high << 48) | (middle << 32) | low) - kUuidEpoch;
  return steps < 0 ? kNoTime : core::timestamp_from_unix_ms(steps / kStepsPerMs).value_or(kNoTime);
}

}  // namespace runwatch::task
