#include <fmt/format.h>

#include <iterator>

#include "core/log.h"
#include "core/text.h"
#include "core/timestamp.h"

namespace runwatch::core::log {
namespace {

// A line of several such values still goes into a pipe as a whole (PIPE_BUF is 4,096).
constexpr std::size_t kLongestValue = 1000;
constexpr std::string_view kCut = "…";
constexpr std::string_view kNamed = "\"\\\n\r\t";  // what has a short escape
constexpr std::string_view kNames = "\"\\nrt";

void append_unicode_escape(std::string& out, char32_t c) {
  auto to = std::back_inserter(out);
  const auto value = static_cast<unsigned>(c);
  if (value < 0x10000) {
    fmt::format_to(to, "\\u{:04x}", value);
    return;
  }
  const unsigned rest = value - 0x10000;  // a UTF-16 pair, the only way JSON has
  fmt::format_to(to, "\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const auto begin = out.size(); !text.empty();) {
    if (out.size() - begin > kLongestValue) {
      out += kCut;
      break;
    }
    const CodePoint c = next_code_point(text);
    if (!c.valid)
      out += kReplacement;
    else if (const auto at = kNamed.find(text.front()); at != kNamed.npos)
      out.append({'\\', kNames[at]});
    else if (is_control(c.value) || is_deceptive(c.value))
      append_unicode_escape(out, c.value);
    else
      out += text.substr(0, c.length);
    text.remove_prefix(c.length);
  }
  out += '"';
}

bool goes_bare(std::string_view value) {
  if (value.empty() || value.size() > kLongestValue) return false;
  for (const char c : value)
    if (c <= ' ' || c >= 0x7F || c == '"' || c == '=' || c == '\\') return false;
  return true;
}

// "nan" and "inf" are no numbers in JSON.
void append_value(std::string& out, Format format, std::string_view value, bool quoted) {
  const bool bare = format == Format::json ? !quoted && value.find('n') == value.npos : goes_bare(value);
  if (bare)
    out += value;
  else
    append_quoted(out, value);
}

std::string milliseconds_stamp(WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  std::string stamp = format_timestamp(second);
  stamp.pop_back();
  return fmt::format("{}.{:03}Z", stamp, (time - second).count());
}

}  // namespace

std::string line(Format format, WallTime time, Level level, std::string_view message, Fields fields) {
  const bool json = format == Format::json;
  const std::string stamp = milliseconds_stamp(time);
  const std::string_view name = kLevelNames[static_cast<std::size_t>(level)];
  std::string out = json ? fmt::format(R"({{"ts":"{}","level":"{}","msg":)", stamp, name)
                         : fmt::format("ts={} level={} msg=", stamp, name);
  append_value(out, format, message, true);
  for (const Field& field : fields) {
    if (field.value.empty()) continue;
    out += json ? fmt::format(R"(,"{}":)", field.key) : fmt::format(" {}=", field.key);
    append_value(out, format, field.value, field.quoted);
  }
  if (json) out += '}';
  return out;
}

}  // namespace runwatch::core::log
