// Logging front: one line an event, logfmt or JSON, to standard error.
//
// `info("run finished", {{"space", name}, {"tasks", n}})` prints
// `ts=2026-02-07T05:57:45.123Z level=info msg="run finished" space=sales tasks=12`. Values are escaped here, so foreign
// text cannot forge a line; an empty one is left out with its key; a Secret has no conversion to a value and does not
// compile.
// Threads: any. None waits for whoever reads standard error: a line that finds no room there is dropped and counted,
// and the next one that finds some is preceded by one that says how many were.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/clock.h"
#include "core/guarded.h"

namespace runwatch::core::log {

enum class Level { error, warning, info, debug };
enum class Format { logfmt, json };

inline constexpr std::array<std::string_view, 4> kLevelNames{"error", "warning", "info", "debug"};

struct Field {
  std::string_view key;
  std::string value;
  bool quoted = true;  // false for numbers and booleans, which JSON writes bare

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, std::same_as<bool> auto v) : key(k), value(v ? "true" : "false"), quoted(false) {}
  template <class N>
    requires(std::is_arithmetic_v<N> && !std::is_same_v<N, bool>)
  Field(std::string_view k, N v) : key(k), value(number(v)), quoted(false) {}
  Field(std::string_view k, Duration v);  // as `1.5s`
  Field(std::string_view k, WallTime v);  // as RFC 3339

 private:
  static std::string number(double v);
  static std::string number(std::integral auto v) { return std::to_string(v); }
};

using Fields = std::initializer_list<Field>;

// The text of one line without its newline, as a pure function. Control and deceptive characters become \n, \t, \r or
// \uXXXX, invalid UTF-8 becomes U+FFFD, so that one event is one line whatever the values hold; long ones are cut. JSON
// numbers that JSON cannot write (not a number, infinite) are strings there.
std::string line(Format format, WallTime time, Level level, std::string_view message, Fields fields);

// Before the first call lines go to standard error as logfmt from level info on.
void configure(Level level, Format format);

void error(std::string_view message, Fields fields = {});
void warning(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void debug(std::string_view message, Fields fields = {});

struct Counts {
  std::array<std::uint64_t, kLevelNames.size()> lines{};  // by level; one that is switched off counts all the same
  std::uint64_t dropped = 0;                              // for want of room
};
Counts counts();  // since the start

// Of a number of lines; left out when it is 0.
Field suppressed(std::uint64_t lines);

// Tells trouble that repeats itself once in a period, and loses no count of the lines that it holds back: each is in
// the number that goes with the next line of the same trouble, or with the one that tells its end. Threads: any.
class RateLimit {
 public:
  explicit RateLimit(Duration period) : period_(period) {}

  // Nothing: hold this line back. Else the number held back since the last one about the same.
  std::optional<std::uint64_t> admit(std::string_view subject, std::string_view what, SteadyTime now);
  // All trouble of the subject is over, as may be said as often as it is true. Nothing: there is nothing to tell, as
  // when the trouble itself was held back. Else the number held back since it was told.
  std::optional<std::uint64_t> ended(std::string_view subject, SteadyTime now);
  // Whether `ended` would have something to tell: to be asked first where it takes long to see that all is over.
  bool may_end(std::string_view subject, SteadyTime now) const;

 private:
  struct Trouble {
    SteadyTime admitted;  // its last line
    std::uint64_t held_back = 0;
    bool told = true;  // since it last ended
  };
  using Troubles = std::map<std::pair<std::string, std::string>, Trouble>;
  void make_room(Troubles& troubles, SteadyTime now) const;
  bool may_end(const Trouble& trouble, SteadyTime now) const {
    return trouble.told || (trouble.held_back > 0 && now - trouble.admitted >= period_);
  }

  const Duration period_;
  Guarded<Troubles> troubles_;
};

}  // namespace runwatch::core::log
