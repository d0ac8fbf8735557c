#include <time.h>

#include <algorithm>
#include <string>

#include "core/ascii.h"
#include "http/client.h"

namespace runwatch::http {
namespace {

constexpr core::Duration kLongest = std::chrono::hours(24 * 365);
constexpr std::string_view kBlanks = " \t";

core::Duration read_seconds(std::string_view digits) {
  constexpr auto kMost = std::chrono::duration_cast<std::chrono::seconds>(kLongest);
  return std::min(std::chrono::seconds(core::parse_number<std::int64_t>(digits).value_or(kMost.count())), kMost);
}

// An HTTP date in any of its three forms.
std::optional<core::WallTime> parse_http_date(std::string_view value) {
  const std::string text(core::trim(value, kBlanks));
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%a, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    tm parts{};
    const char* const end = strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return core::WallTime(std::chrono::seconds(timegm(&parts)));
  }
  return std::nullopt;
}

}  // namespace

std::optional<core::Duration> parse_retry_after(std::string_view value, core::WallTime now) {
  value = core::trim(value, kBlanks);
  if (!value.empty() && std::ranges::all_of(value, core::is_digit)) return read_seconds(value);
  const auto date = parse_http_date(value);
  if (!date || *date < now) return std::nullopt;
  return std::min(*date - now, kLongest);
}

std::optional<core::Duration> retry_after_of(const Response& response, core::WallTime now) {
  const auto wait = response.header("Retry-After");
  if (!wait) return std::nullopt;
  const auto date = parse_http_date(response.header("Date").value_or(""));
  return parse_retry_after(*wait, date.value_or(now)).value_or(core::Duration::zero());
}

std::optional<core::Duration> clock_ahead_of(const Response& response, core::WallTime now) {
  const auto date = parse_http_date(response.header("Date").value_or(""));
  return date ? std::optional(*date - now) : std::nullopt;
}

}  // namespace runwatch::http
