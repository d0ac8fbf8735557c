#include "unpod/json.h"

#include <charconv>
#include <optional>

#include "core/ascii.h"
#include "core/text.h"
#include "core/timestamp.h"

namespace runwatch::unpod {
namespace {

constexpr std::size_t kLongestMarkup = 64 * 1024;  // an error page beyond it has said what it has to say

void append_utf8(char32_t c, std::string& out) {
  const auto byte = [&out](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xC0 | (c >> 6));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12));
    byte(0x80 | ((c >> 6) & 0x3F));
  } else {
    byte(0xF0 | (c >> 18));
    byte(0x80 | ((c >> 12) & 0x3F));
    byte(0x80 | ((c >> 6) & 0x3F));
  }
  byte(0x80 | (c & 0x3F));
}

// The code unit of `\uXXXX` at the front of `raw`.
std::optional<char32_t> code_unit(std::string_view raw) {
  if (raw.size() < 6 || raw[0] != '\\' || raw[1] != 'u') return std::nullopt;
  std::uint32_t unit = 0;
  const char* const end = raw.data() + 6;
  const auto [stop, error] = std::from_chars(raw.data() + 2, end, unit, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return unit;
}

constexpr bool is_high(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

struct Escape {
  std::size_t length;  // in the raw text
  std::optional<char32_t> value;
};

Escape read_unicode(std::string_view raw) {
  const auto unit = code_unit(raw);
  if (!unit) return {2, std::nullopt};
  if (is_low(*unit)) return {6, std::nullopt};
  if (!is_high(*unit)) return {6, unit};
  const auto low = code_unit(raw.substr(6));
  if (!low || !is_low(*low)) return {6, std::nullopt};
  return {12, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00)};
}

// `raw` begins with a backslash.
Escape read_escape(std::string_view raw) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
  if (raw.size() < 2) return {1, std::nullopt};
  if (raw[1] == 'u') return read_unicode(raw);
  const std::size_t at = kNames.find(raw[1]);
  if (at == std::string_view::npos) return {2, std::nullopt};
  return {2, static_cast<unsigned char>(kValues[at])};
}

// The length of a tag at the front of `text`, with all of the element when that is a script or a style.
std::size_t tag_length(std::string_view text) {
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"<script", "</script>"},
                                    std::pair<std::string_view, std::string_view>{"<style", "</style>"}}) {
    if (!text.starts_with(open)) continue;
    const std::size_t end = text.find(close);
    return end == std::string_view::npos ? text.size() : end + close.size();
  }
  const std::size_t end = text.find('>');
  return end == std::string_view::npos ? text.size() : end + 1;
}

bool opens_tag(std::string_view text) {
  if (text.size() < 2 || text[0] != '<') return false;
  return core::is_letter(text[1]) || text[1] == '/' || text[1] == '!';
}

}  // namespace

bool unescape(std::string_view raw, std::string& out) {
  bool good = true;
  while (!raw.empty()) {
    const std::size_t plain = std::min(raw.find('\\'), raw.size());
    out += raw.substr(0, plain);
    raw.remove_prefix(plain);
    if (raw.empty()) break;
    const auto [length, value] = read_escape(raw);
    if (value)
      append_utf8(*value, out);
    else
      out += core::kReplacement;
    good = good && value.has_value();
    raw.remove_prefix(length);
  }
  return good;
}

std::string without_markup(std::string_view text) {
  text = text.substr(0, kLongestMarkup);
  std::string out;
  while (!text.empty()) {
    const bool tag = opens_tag(text);
    const std::size_t length = tag ? tag_length(text) : std::min(text.find('<', 1), text.size());
    out += tag ? " " : text.substr(0, length);
    text.remove_prefix(length);
  }
  return std::string(core::trim(out));
}

namespace json {
namespace {

core::WallTime from_text(std::string_view token) {
  std::string scratch;
  return core::parse_timestamp(text_of(token, scratch)).value_or(task::kNoTime);
}

core::WallTime from_milliseconds(std::string_view digits) {
  const auto ms = core::parse_number<std::int64_t>(digits);
  return ms ? core::timestamp_from_unix_ms(*ms).value_or(task::kNoTime) : task::kNoTime;
}

// `{"$numberLong": "1769858258067"}`
error_code read_number_long(ondemand::value& value, core::WallTime& time) {
  return each_field(value, [&](std::string_view key, ondemand::value& inner) {
    const std::string_view token = token_of(inner);
    if (key == "$numberLong") time = from_milliseconds(raw_string(token).value_or(token));
    return simdjson::SUCCESS;
  });
}

// The value of `$date`: milliseconds, the same as a `$numberLong`, or a timestamp as text.
error_code read_date(ondemand::value& value, core::WallTime& time) {
  const std::string_view token = token_of(value);
  if (is_object(token)) return read_number_long(value, time);
  time = is_string(token) ? from_text(token) : from_milliseconds(token);
  return simdjson::SUCCESS;
}

}  // namespace

error_code read_time(ondemand::value& value, TimeRead& out) {
  const std::string_view token = token_of(value);
  out = {.given = !is_absent(token), .time = task::kNoTime};
  if (is_string(token)) out.time = from_text(token);
  if (!is_object(token)) return simdjson::SUCCESS;
  return each_field(value, [&](std::string_view key, ondemand::value& inner) {
    return key == "$date" ? read_date(inner, out.time) : simdjson::SUCCESS;
  });
}

}  // namespace json
}  // namespace runwatch::unpod
