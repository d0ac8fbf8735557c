#include "page/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/ascii.h"
#include "core/text.h"
#include "core/timestamp.h"

namespace runwatch::page {
namespace {

std::string time_html(core::WallTime time, std::string_view shown) {
  if (time == task::kNoTime) return std::string(kUnknown);
  const auto exact = core::format_timestamp(std::chrono::floor<std::chrono::seconds>(time));
  return fmt::format(R"(<time datetime="{0}" title="{0}">{1}</time>)", exact, shown);
}

}  // namespace

std::string escape_html(std::string_view text) {
  constexpr std::string_view kSpecial = "&<>\"'";
  constexpr std::array kEntities{"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const auto point = core::next_code_point(text);
    const auto bytes = text.substr(0, point.length);
    const auto special = kSpecial.find(bytes);
    const bool is_blank = bytes == "\n" || bytes == "\t";
    if (special != kSpecial.npos) {
      escaped.append(kEntities.at(special));
    } else if (!point.valid || (core::is_control(point.value) && !is_blank) || core::is_deceptive(point.value)) {
      escaped.append(core::kReplacement);
    } else {
      escaped.append(bytes);
    }
    text.remove_prefix(point.length);
  }
  return escaped;
}

std::string name_html(std::string_view name) { return fmt::format("<bdi>{}</bdi>", escape_html(name)); }

std::string escape_query(std::string_view text) {
  constexpr std::string_view kPlain = "-._~";
  std::string out;
  for (const char c : text) {
    if (core::is_letter(c) || core::is_digit(c) || kPlain.find(c) != kPlain.npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string span_text(core::Duration span) {
  const auto seconds = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(span).count());
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 90 * 60) return fmt::format("{} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} days", seconds / 86400);
}

std::string age_text(core::WallTime then, core::WallTime now) {
  if (then == task::kNoTime) return "never";
  constexpr auto kSkew = std::chrono::seconds(2);  // between what was committed and the clock that is read now
  return then > now + kSkew ? "in " + span_text(then - now) : span_text(now - then) + " ago";
}

std::string clock_seconds(core::WallTime time) {
  auto text = core::format_timestamp(std::chrono::floor<std::chrono::seconds>(time));
  text.replace(10, 1, " ");
  text.pop_back();
  return text;
}

std::string clock_text(core::WallTime time, core::WallTime now) {
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (time == task::kNoTime) return "never";
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const auto minutes = std::chrono::floor<std::chrono::minutes>(time - day).count();
  auto text = fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
  if (day == std::chrono::floor<std::chrono::days>(now)) return text;
  const std::chrono::year_month_day date(day);
  return fmt::format("{} {}, {}", kMonths.at(unsigned{date.month()} - 1), unsigned{date.day()}, text);
}

std::string ago_html(core::WallTime time, core::WallTime now) { return time_html(time, age_text(time, now)); }

std::string clock_html(core::WallTime time, core::WallTime now) { return time_html(time, clock_text(time, now)); }

std::string both_html(core::WallTime time, core::WallTime now) {
  return time_html(time, fmt::format("{} ({})", clock_text(time, now), age_text(time, now)));
}

std::string number_text(std::uint64_t n) {
  auto digits = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(digits.begin() + at, ',');
  return digits;
}

std::string count_text(std::uint64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", number_text(n), noun, n == 1 ? "" : "s");
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "–";
  const double percent = 100 * static_cast<double>(part) / static_cast<double>(whole);
  if (part > 0 && percent < 1) return "&lt; 1 %";
  return fmt::format("{} %", part < whole ? std::min(99.0, std::round(percent)) : 100);
}

}  // namespace runwatch::page
