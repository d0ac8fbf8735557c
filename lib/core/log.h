// Logging front: one line an event, logfmt or JSON, to standard error.
//
// `info("run finished", {{"space", name}, {"tasks", n}})` prints
// `ts=2026-02-07T05:57:45.123Z level=info msg="run finished" space=sales tasks=12`. Values are escaped here, so foreign
// text cannot forge a line; a Secret has no conversion to a value and does not compile.
// Threads: any. Lines are counted by level for `runwatch_log_messages_total`.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/clock.h"

namespace runwatch::core::log {

enum class Level { error, warning, info, debug };
enum class Format { logfmt, json };

inline constexpr std::array<std::string_view, 4> kLevelNames{"error", "warning", "info", "debug"};

struct Field {
  std::string_view key;
  std::string value;
  bool quoted = true;  // false for numbers and booleans, which JSON writes bare

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), quoted(false) {}
  template <class N>
    requires(std::is_arithmetic_v<N> && !std::is_same_v<N, bool>)
  Field(std::string_view k, N v) : key(k), value(number(v)), quoted(false) {}
  Field(std::string_view k, Duration v);  // as `1.5s`
  Field(std::string_view k, WallTime v);  // as RFC 3339

 private:
  static std::string number(double v);
  static std::string number(std::int64_t v);
  static std::string number(std::uint64_t v);
  template <class N>
  static std::string number(N v) {
    if constexpr (std::is_floating_point_v<N>)
      return number(static_cast<double>(v));
    else if constexpr (std::is_signed_v<N>)
      return number(static_cast<std::int64_t>(v));
    else
      return number(static_cast<std::uint64_t>(v));
  }
};

using Fields = std::initializer_list<Field>;

// Before the first call lines go to standard error as logfmt from level info on.
void configure(Level level, Format format);

void error(std::string_view message, Fields fields = {});
void warning(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void debug(std::string_view message, Fields fields = {});

// Lines written (and, for a level that is switched off, asked for) since the start, by level.
std::array<std::uint64_t, 4> counts();

// Lets one line through per key and period; the next one let through says how many were held back.
// Threads: any.
class RateLimit {
 public:
  explicit RateLimit(Duration period);
  ~RateLimit();
  RateLimit(const RateLimit&) = delete;
  RateLimit& operator=(const RateLimit&) = delete;
  // Number of lines suppressed since the last one let through, or -1 when this one is to be suppressed.
  std::int64_t admit(std::string_view key, SteadyTime now);

 private:
  struct State;
  State* state_;
};

}  // namespace runwatch::core::log
