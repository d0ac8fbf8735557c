#include "core/log.h"

#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <iterator>
#include <mutex>

#include "core/log_sink.h"
#include "core/text.h"
#include "core/timestamp.h"

namespace runwatch::core::log {
namespace {

constexpr std::array kSeverities{LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};  // of each level
constexpr std::size_t kMaxTroubles = 1024;

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

struct Front {
  std::atomic<Level> level{Level::info};
  std::atomic<Format> format{Format::logfmt};
  std::array<std::atomic<std::uint64_t>, kLevelNames.size()> counts{};
  std::atomic<std::uint64_t> dropped = 0;
  std::mutex mutex;  // of what follows; held while bytes are written, which takes no time, since Sink never waits
  Sink sink{STDERR_FILENO};
  std::uint64_t untold = 0;  // of those dropped
};

// Never destroyed: threads and static destructors may still log while the process ends.
Front& front() {
  static Front& instance = *new Front;
  return instance;
}

std::size_t index(Level level) { return static_cast<std::size_t>(level); }

bool put(Front& to, Level level, std::string_view message, Fields fields) {
  return to.sink.write(kSeverities[index(level)], line(to.format, SystemClock().wall_now(), level, message, fields));
}

void write(Level level, std::string_view message, Fields fields) {
  Front& to = front();
  to.counts[index(level)].fetch_add(1, std::memory_order_relaxed);
  if (level > to.level.load(std::memory_order_relaxed)) return;
  std::lock_guard lock(to.mutex);
  if (to.untold > 0 && put(to, Level::warning, "log lines found no room and were dropped", {{"dropped", to.untold}})) {
    ++to.counts[index(Level::warning)];
    to.untold = 0;
  }
  if (put(to, level, message, fields)) return;
  ++to.untold;
  ++to.dropped;
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

Field::Field(std::string_view k, Duration v) : key(k), value(number(seconds(v)) + 's') {}
Field::Field(std::string_view k, WallTime v) : key(k), value(format_timestamp(v)) {}

std::string Field::number(double v) { return fmt::format("{}", v); }

void configure(Level level, Format format) {
  front().level = level;
  front().format = format;
}

void error(std::string_view message, Fields fields) { write(Level::error, message, fields); }
void warning(std::string_view message, Fields fields) { write(Level::warning, message, fields); }
void info(std::string_view message, Fields fields) { write(Level::info, message, fields); }
void debug(std::string_view message, Fields fields) { write(Level::debug, message, fields); }

Counts counts() {
  Counts out;
  for (std::size_t i = 0; i < out.lines.size(); ++i) out.lines[i] = front().counts[i].load(std::memory_order_relaxed);
  out.dropped = front().dropped;
  return out;
}

Field suppressed(std::uint64_t lines) { return lines == 0 ? Field("suppressed", "") : Field("suppressed", lines); }

std::optional<std::uint64_t> RateLimit::admit(std::string_view subject, std::string_view what, SteadyTime now) {
  return troubles_.with([&](Troubles& troubles) -> std::optional<std::uint64_t> {
    if (troubles.size() >= kMaxTroubles) make_room(troubles, now);
    const auto [entry, is_new] = troubles.try_emplace({std::string(subject), std::string(what)}, Trouble{now});
    Trouble& trouble = entry->second;
    if (is_new) return 0;
    if (now - trouble.admitted < period_) return ++trouble.held_back, std::nullopt;
    return std::exchange(trouble, Trouble{now}).held_back;
  });
}

std::optional<std::uint64_t> RateLimit::ended(std::string_view subject, SteadyTime now) {
  return troubles_.with([&](Troubles& troubles) {
    std::optional<std::uint64_t> held_back;
    for (auto it = troubles.lower_bound({std::string(subject), ""}); it != troubles.end() && it->first.first == subject;
         ++it) {
      Trouble& trouble = it->second;
      if (!may_end(trouble, now)) continue;
      held_back = held_back.value_or(0) + std::exchange(trouble.held_back, 0);
      trouble.told = false;
    }
    return held_back;
  });
}

bool RateLimit::may_end(std::string_view subject, SteadyTime now) const {
  return troubles_.with([&](const Troubles& troubles) {
    auto it = troubles.lower_bound({std::string(subject), ""});
    while (it != troubles.end() && it->first.first == subject && !may_end(it->second, now)) ++it;
    return it != troubles.end() && it->first.first == subject;
  });
}

// Forgets what is over and counted; if nothing is, everything: a line too many is better than memory without a bound.
void RateLimit::make_room(Troubles& troubles, SteadyTime now) const {
  std::erase_if(troubles, [&](const auto& entry) {
    return now - entry.second.admitted >= period_ && entry.second.held_back == 0;
  });
  if (troubles.size() >= kMaxTroubles) troubles.clear();
}

}  // namespace runwatch::core::log
