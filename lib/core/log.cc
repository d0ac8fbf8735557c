#include "core/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>
#include <unordered_map>

#include "core/guarded.h"
#include "core/log_line.h"
#include "core/timestamp.h"

namespace runwatch::core::log {
namespace {

struct Front {
  Front() {
    logger.set_pattern("%v");
    logger.set_level(spdlog::level::trace);  // the level is decided here, before anything is formatted
    logger.flush_on(spdlog::level::trace);
    logger.set_error_handler([](const std::string&) {});  // standard error is where it would be told
  }

  spdlog::logger logger{"runwatch", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  std::atomic<Level> level{Level::info};
  std::atomic<Format> format{Format::logfmt};
  std::array<std::atomic<std::uint64_t>, 4> counts{};
};

// Never destroyed: threads and static destructors may still log while the process ends.
Front& front() {
  static Front& instance = *new Front;
  return instance;
}

void write(Level level, std::string_view message, Fields fields) {
  Front& to = front();
  to.counts[static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
  if (level > to.level.load(std::memory_order_relaxed)) return;
  const WallTime now = SystemClock().wall_now();
  const std::string text = line(to.format.load(std::memory_order_relaxed), now, level, message, fields);
  to.logger.log(spdlog::level::info, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace

Field::Field(std::string_view k, Duration v) : key(k), value(number(seconds(v)) + 's') {}
Field::Field(std::string_view k, WallTime v) : key(k), value(format_timestamp(v)) {}

std::string Field::number(double v) { return fmt::format("{}", v); }
std::string Field::number(std::int64_t v) { return std::to_string(v); }
std::string Field::number(std::uint64_t v) { return std::to_string(v); }

void configure(Level level, Format format) {
  front().level = level;
  front().format = format;
}

void error(std::string_view message, Fields fields) { write(Level::error, message, fields); }
void warning(std::string_view message, Fields fields) { write(Level::warning, message, fields); }
void info(std::string_view message, Fields fields) { write(Level::info, message, fields); }
void debug(std::string_view message, Fields fields) { write(Level::debug, message, fields); }

std::array<std::uint64_t, 4> counts() {
  std::array<std::uint64_t, 4> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = front().counts[i].load(std::memory_order_relaxed);
  return out;
}

namespace {

constexpr std::size_t kMaxKeys = 1024;

struct Admission {
  SteadyTime admitted;
  std::int64_t suppressed = 0;
};
using Admissions = std::unordered_map<std::string, Admission>;

// Forgets keys whose period is over; if none is, all of them: a line too many is better than memory without a bound.
void make_room(Admissions& admissions, SteadyTime now, Duration period) {
  std::erase_if(admissions, [&](const auto& entry) { return now - entry.second.admitted >= period; });
  if (admissions.size() >= kMaxKeys) admissions.clear();
}

}  // namespace

struct RateLimit::State {
  Duration period;
  Guarded<Admissions> admissions;
};

RateLimit::RateLimit(Duration period) : state_(new State{period, {}}) {}
RateLimit::~RateLimit() { delete state_; }

std::int64_t RateLimit::admit(std::string_view key, SteadyTime now) {
  return state_->admissions.with([&](Admissions& admissions) -> std::int64_t {
    const auto found = admissions.find(std::string(key));
    if (found == admissions.end()) {
      if (admissions.size() >= kMaxKeys) make_room(admissions, now, state_->period);
      admissions.emplace(key, Admission{now, 0});
      return 0;
    }
    Admission& entry = found->second;
    if (now - entry.admitted < state_->period) return ++entry.suppressed, -1;
    const std::int64_t held_back = entry.suppressed;
    entry = {now, 0};
    return held_back;
  });
}

}  // namespace runwatch::core::log
