#include "core/log.h"

#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include "core/log_sink.h"
#include "core/timestamp.h"

namespace runwatch::core::log {
namespace {

constexpr std::array kSeverities{LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};  // of each level
constexpr std::size_t kMaxTroubles = 1024;

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
      const bool quiet = trouble.held_back == 0 || now - trouble.admitted < period_;
      if (!trouble.told && quiet) continue;
      held_back = held_back.value_or(0) + std::exchange(trouble.held_back, 0);
      trouble.told = false;
    }
    return held_back;
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
