#include "core/timestamp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "core/ascii.h"

namespace runwatch::core {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kEnd = std::chrono::sys_days(2201y / 1 / 1);  // exclusive

// Reads fixed-width numbers and single characters from the front of a text; one mismatch makes it fail for good.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return ok_ && at_ == text_.size(); }
  bool ok() const { return ok_; }
  bool next_is_digit() const { return at_ < text_.size() && is_digit(text_[at_]); }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) { ok_ = take(c) && ok_; }

  unsigned digits(std::size_t width) {
    unsigned value = 0;
    for (; width > 0; --width) {
      ok_ = ok_ && next_is_digit();
      if (ok_) value = value * 10 + static_cast<unsigned>(text_[at_++] - '0');
    }
    return value;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// 1 to 9 digits after the point, cut to milliseconds.
std::int64_t scan_fraction_ms(Scanner& scan) {
  unsigned ms = scan.digits(1) * 100;
  unsigned weight = 10;
  for (int place = 2; place <= 9 && scan.next_is_digit(); ++place, weight /= 10) ms += scan.digits(1) * weight;
  return ms;
}

// What is to be subtracted to get UTC; nothing for an impossible offset.
std::optional<std::int64_t> scan_zone_ms(Scanner& scan) {
  if (scan.done() || scan.take('Z')) return 0;
  const bool east = scan.take('+');
  if (!east) scan.expect('-');
  const unsigned hours = scan.digits(2);
  unsigned minutes = 0;
  if (scan.take(':') || scan.next_is_digit()) minutes = scan.digits(2);
  if (!scan.ok() || hours > 23 || minutes > 59) return std::nullopt;
  const std::int64_t ms = std::int64_t{hours * 60 + minutes} * 60'000;
  return east ? ms : -ms;
}

}  // namespace

std::optional<WallTime> parse_timestamp(std::string_view text) {
  Scanner scan(text);
  const std::chrono::year year(static_cast<int>(scan.digits(4)));
  scan.expect('-');
  const std::chrono::month month(scan.digits(2));
  scan.expect('-');
  const std::chrono::year_month_day date(year, month, std::chrono::day(scan.digits(2)));
  if (!scan.take('T')) scan.expect(' ');
  const unsigned hour = scan.digits(2);
  scan.expect(':');
  const unsigned minute = scan.digits(2);
  scan.expect(':');
  const unsigned second = scan.digits(2);
  const std::int64_t fraction = scan.take('.') ? scan_fraction_ms(scan) : 0;
  const auto zone = scan_zone_ms(scan);
  if (!zone || !scan.done() || hour > 23 || minute > 59 || second > 59 || !date.ok()) return std::nullopt;
  const WallTime midnight = std::chrono::sys_days(date);
  const std::int64_t of_day = (std::int64_t{hour} * 60 + minute) * 60 + second;
  return timestamp_from_unix_ms(midnight.time_since_epoch().count() + of_day * 1000 + fraction - *zone);
}

std::optional<WallTime> timestamp_from_unix_ms(std::int64_t ms) {
  if (ms < 0 || ms >= kEnd.time_since_epoch().count()) return std::nullopt;
  return WallTime(Duration(ms));
}

std::string format_timestamp(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()), unsigned(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) out += fmt::format(".{:03}", clock.subseconds().count());
  return out + 'Z';
}

std::string lasting(Duration length) {
  const auto seconds = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(length).count());
  if (seconds < 120) return fmt::format("{} s", seconds);
  const auto minutes = seconds / 60;
  if (minutes < 120) return fmt::format("{} min", minutes);
  const auto hours = minutes / 60;
  if (hours < 48) return fmt::format("{} h {} min", hours, minutes % 60);
  return fmt::format("{} d {} h", hours / 24, hours % 24);
}

}  // namespace runwatch::core
