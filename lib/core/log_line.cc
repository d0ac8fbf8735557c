#include "core/log_line.h"

#include <fmt/format.h>

#include <iterator>

#include "core/timestamp.h"
#include "core/utf8.h"

namespace runwatch::core::log {
namespace {

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
  while (!text.empty()) {
    const CodePoint c = next_code_point(text);
    if (!c.valid)
      out += kReplacement;
    else if (c.value == '"')
      out += "\\\"";
    else if (c.value == '\\')
      out += "\\\\";
    else if (c.value == '\n')
      out += "\\n";
    else if (c.value == '\r')
      out += "\\r";
    else if (c.value == '\t')
      out += "\\t";
    else if (is_control(c.value) || is_deceptive(c.value))
      append_unicode_escape(out, c.value);
    else
      out += text.substr(0, c.length);
    text.remove_prefix(c.length);
  }
  out += '"';
}

bool goes_bare(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value)
    if (c <= ' ' || c >= 0x7F || c == '"' || c == '=' || c == '\\') return false;
  return true;
}

void append_logfmt(std::string& out, std::string_view value) {
  if (goes_bare(value))
    out += value;
  else
    append_quoted(out, value);
}

bool is_json_literal(const Field& field) {
  return !field.quoted && field.value != "nan" && field.value != "inf" && field.value != "-inf";
}

std::string milliseconds_stamp(WallTime time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  std::string stamp = format_timestamp(second);
  stamp.pop_back();
  return fmt::format("{}.{:03}Z", stamp, (time - second).count());
}

std::string logfmt_line(std::string_view stamp, std::string_view level, std::string_view message, Fields fields) {
  std::string out = fmt::format("ts={} level={} msg=", stamp, level);
  append_logfmt(out, message);
  for (const Field& field : fields) {
    out += ' ';
    out += field.key;
    out += '=';
    append_logfmt(out, field.value);
  }
  return out;
}

std::string json_line(std::string_view stamp, std::string_view level, std::string_view message, Fields fields) {
  std::string out = fmt::format(R"({{"ts":"{}","level":"{}","msg":)", stamp, level);
  append_quoted(out, message);
  for (const Field& field : fields) {
    out += ',';
    append_quoted(out, field.key);
    out += ':';
    if (is_json_literal(field))
      out += field.value;
    else
      append_quoted(out, field.value);
  }
  return out + '}';
}

}  // namespace

std::string line(Format format, WallTime time, Level level, std::string_view message, Fields fields) {
  const std::string stamp = milliseconds_stamp(time);
  const std::string_view name = kLevelNames[static_cast<std::size_t>(level)];
  return format == Format::json ? json_line(stamp, name, message, fields) : logfmt_line(stamp, name, message, fields);
}

}  // namespace runwatch::core::log
