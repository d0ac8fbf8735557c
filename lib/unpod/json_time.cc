#include <charconv>

#include "core/timestamp.h"
#include "unpod/json.h"

namespace runwatch::unpod::json {
namespace {

core::WallTime from_text(std::string_view token) {
  std::string scratch;
  return core::parse_timestamp(text_of(token, scratch)).value_or(task::kNoTime);
}

core::WallTime from_milliseconds(std::string_view digits) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), ms);
  if (error != std::errc() || end != digits.data() + digits.size()) return task::kNoTime;
  return core::timestamp_from_unix_ms(ms).value_or(task::kNoTime);
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

}  // namespace runwatch::unpod::json
