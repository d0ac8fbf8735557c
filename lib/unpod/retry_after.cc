#include "unpod/retry_after.h"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace runwatch::unpod {
namespace {

constexpr core::Duration kLongest = std::chrono::hours(24 * 365);

std::string_view trim(std::string_view text) {
  const std::size_t start = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(start, text.find_last_not_of(" \t") + 1 - start);
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

core::Duration read_seconds(std::string_view digits) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  const std::chrono::seconds longest = std::chrono::duration_cast<std::chrono::seconds>(kLongest);
  return error == std::errc() ? std::min(std::chrono::seconds(count), longest) : longest;
}

std::optional<core::WallTime> read_date(const std::string& text) {
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%a, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    tm parts{};
    const char* const end = strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return core::WallTime(std::chrono::seconds(timegm(&parts)));
  }
  return std::nullopt;
}

}  // namespace

std::optional<core::Duration> parse_retry_after(std::string_view value, core::WallTime now) {
  value = trim(value);
  if (all_digits(value)) return read_seconds(value);
  const auto date = read_date(std::string(value));
  if (!date || *date < now) return std::nullopt;
  return std::min(*date - now, kLongest);
}

}  // namespace runwatch::unpod
