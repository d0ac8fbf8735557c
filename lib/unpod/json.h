// Small readers over simdjson on demand, for the .cc files of this room alone.
//
// A value is looked at through its token, which does not move the parser: what is not descended into is skipped when
// the next field is asked for, so an unexpected type costs nothing and breaks nothing.
#pragma once

#include <simdjson.h>

#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "task/observed.h"
#include "unpod/decode.h"

namespace runwatch::unpod::json {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

// Up to the next structural character, so white space may follow; for an array or object its bracket.
inline std::string_view token_of(ondemand::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

inline bool is_object(std::string_view token) { return token.starts_with('{'); }
inline bool is_array(std::string_view token) { return token.starts_with('['); }
inline bool is_string(std::string_view token) { return token.size() >= 2 && token[0] == '"' && token.back() == '"'; }
// Missing and null are the same to every rule of this room.
inline bool is_absent(std::string_view token) { return token.empty() || token == "null"; }

// What stands between the quotes, escapes and all; nothing for what is not a string.
inline std::optional<std::string_view> raw_string(std::string_view token) {
  if (!is_string(token)) return std::nullopt;
  return token.substr(1, token.size() - 2);
}

// The text of a string token; `scratch` holds it where escapes had to be resolved, bad ones as U+FFFD.
inline std::string_view text_of(std::string_view token, std::string& scratch) {
  const std::string_view raw = raw_string(token).value_or("");
  if (raw.find('\\') == std::string_view::npos) return raw;
  scratch.clear();
  unescape(raw, scratch);
  return scratch;
}

// What `parse` makes of a string; `none` where the value is missing or null, `other` where it is of another type.
template <class T>
T parsed(std::string_view token, T (*parse)(std::string_view), T none, T other) {
  std::string scratch;
  if (is_string(token)) return parse(text_of(token, scratch));
  return is_absent(token) ? none : other;
}

inline std::optional<double> number(ondemand::value& value) {
  double out = 0;
  if (value.get_double().get(out) != simdjson::SUCCESS) return std::nullopt;
  return out;
}

// A whole number from 0 to 2^53, also when it is written 9.0.
inline std::optional<std::uint64_t> whole_number(ondemand::value& value) {
  const auto read = number(value);
  if (!read || !(*read >= 0 && *read <= 9007199254740992.0)) return std::nullopt;
  const auto whole = static_cast<std::uint64_t>(*read);
  if (static_cast<double>(whole) != *read) return std::nullopt;
  return whole;
}

// Where the next quote or backslash is, eight bytes at a time: keys are short and their lengths not to be foreseen, so
// a loop over bytes costs a mispredicted branch a key. Two things make that safe for a key of a document that simdjson
// iterates over, and for nothing else: there is a quote to be found, as it refuses a document with an open string
// before the first field is seen; and the up to seven bytes that are read beyond it are in the body's padding at the
// latest.
inline const char* quote_or_escape(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto zeros = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  for (;; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const std::uint64_t found = zeros(word ^ (kOnes * '"')) | zeros(word ^ (kOnes * '\\'));
    if (found != 0) return at + std::countr_zero(found) / 8;
  }
}
static_assert(std::endian::native == std::endian::little && simdjson::SIMDJSON_PADDING >= 8);

inline std::string_view key_of(ondemand::field& field, std::string& scratch) {
  const char* const start = field.key().raw();
  const char* end = quote_or_escape(start);
  const bool escaped = *end == '\\';
  while (*end == '\\') end = quote_or_escape(end + 2);
  const std::string_view raw(start, static_cast<std::size_t>(end - start));
  if (!escaped) return raw;
  scratch.clear();
  unescape(raw, scratch);
  return scratch;
}

// Calls `visit(key, value)` for each field in the document's order; ends at the first error of either.
template <class Visit>
error_code each_field(ondemand::object& object, Visit&& visit) {
  std::string scratch;
  for (auto result : object) {
    if (const auto broken = result.error()) return broken;
    // Bound, not copied: a copy of the iterator inside stalls on store forwarding, once a field.
    ondemand::field&& field = std::move(result).value_unsafe();
    const std::string_view key = key_of(field, scratch);
    if (const error_code broken = visit(key, field.value())) return broken;
  }
  return simdjson::SUCCESS;
}

template <class Visit>
error_code each_field(ondemand::value& value, Visit&& visit) {
  ondemand::object object;
  if (const auto broken = value.get_object().get(object)) return broken;
  return each_field(object, std::forward<Visit>(visit));
}

struct TimeRead {
  bool given = false;  // there, and not null
  core::WallTime time = task::kNoTime;

  bool bad() const { return given && time == task::kNoTime; }
};

// Every form of a timestamp that the platform sends.
error_code read_time(ondemand::value& value, TimeRead& out);

}  // namespace runwatch::unpod::json
