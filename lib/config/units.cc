#include "config/units.h"

#include <array>
#include <charconv>
#include <cstdint>

namespace runwatch::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 5> kDurationUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizeUnits{{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}};
constexpr std::int64_t kLongest = std::int64_t{36'525} * 86'400'000;
constexpr std::int64_t kLargest = std::int64_t{1} << 50;

// Takes digits from the front; nothing when there are none or their value is above `limit`.
std::optional<std::int64_t> take_number(std::string_view& text, std::int64_t limit) {
  std::int64_t value = 0;
  if (text.empty() || text.front() == '-') return std::nullopt;
  const char* const begin = text.data();
  const auto [stop, error] = std::from_chars(begin, begin + text.size(), value);
  if (error != std::errc() || value > limit) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - begin));
  return value;
}

}  // namespace

std::optional<core::Duration> parse_duration(std::string_view text) {
  if (text == "0") return core::Duration(0);
  std::int64_t total = 0;
  auto unit = kDurationUnits.begin();
  do {
    const auto number = take_number(text, kLongest);
    if (!number) return std::nullopt;
    const std::string_view name = text.substr(0, text.find_first_of("0123456789"));
    text.remove_prefix(name.size());
    while (unit != kDurationUnits.end() && unit->name != name) ++unit;
    if (unit == kDurationUnits.end() || *number > (kLongest - total) / unit->factor) return std::nullopt;
    total += *number * unit->factor;
    ++unit;
  } while (!text.empty());
  return core::Duration(total);
}

std::string format_duration(core::Duration duration) {
  std::string out;
  std::int64_t rest = duration.count();
  for (const Unit& unit : kDurationUnits) {
    if (rest < unit.factor) continue;
    out += std::to_string(rest / unit.factor);
    out += unit.name;
    rest %= unit.factor;
  }
  return out.empty() ? "0s" : out;
}

std::optional<core::Bytes> parse_size(std::string_view text) {
  const auto number = take_number(text, kLargest);
  if (!number) return std::nullopt;
  for (const Unit& unit : kSizeUnits)
    if (text == unit.name && *number <= kLargest / unit.factor)
      return core::Bytes{static_cast<std::uint64_t>(*number * unit.factor)};
  return std::nullopt;
}

std::string format_size(core::Bytes size) {
  for (const Unit& unit : kSizeUnits) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (size.count >= factor && size.count % factor == 0)
      return std::to_string(size.count / factor) + std::string(unit.name);
  }
  return "0B";
}

}  // namespace runwatch::config
