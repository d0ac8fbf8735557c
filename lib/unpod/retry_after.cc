#include "unpod/retry_after.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "core/ascii.h"

namespace runwatch::unpod {
namespace {

constexpr core::Duration kLongest = std::chrono::hours(24 * 365);
constexpr std::string_view kBlanks = " \t";

core::Duration read_seconds(std::string_view digits) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const std::chrono::seconds longest = std::chrono::duration_cast<std::chrono::seconds>(kLongest);
  return error == std::errc() ? std::min(std::chrono::seconds(count), longest) : longest;
}

}  // namespace

std::optional<core::WallTime> parse_http_date(std::string_view value) {
  const std::string text(core::trim(value, kBlanks));
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%a, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    tm parts{};
    const char* const end = strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return core::WallTime(std::chrono::seconds(timegm(&parts)));
  }
  return std::nullopt;
}

std::optional<core::Duration> parse_retry_after(std::string_view value, core::WallTime now) {
  value = core::trim(value, kBlanks);
  if (!value.empty() && std::ranges::all_of(value, core::is_digit)) return read_seconds(value);
  const auto date = parse_http_date(value);
  if (!date || *date < now) return std::nullopt;
  return std::min(*date - now, kLongest);
}

}  // namespace runwatch::unpod
