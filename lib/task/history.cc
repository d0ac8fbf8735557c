#include "task/history.h"

#include <algorithm>

namespace runwatch::task {
namespace {

core::WallTime whole_second(core::WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

void halve(History& history) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < history.points.size(); i += 2) history.points[kept++] = history.points[i];
  history.points.resize(kept);
  history.spacing *= 2;
}

void add(History& history, const HistoryPoint& point) {
  if (history.points.size() == kMostPoints) halve(history);
  history.points.push_back(point);
}

// A rest before `at` has a point at its begin, for what changed too soon after the newest one, and one at its end: or
// it would look like a slope.
void add_rest(History& history, core::WallTime at, const StatusCounts& before) {
  const auto is_long = [&] { return !history.points.empty() && at - history.points.back().at >= 2 * history.spacing; };
  if (!is_long()) return;
  const auto newest = history.points.back();
  if (newest.tasks != before) add(history, {newest.at + history.spacing, before});
  if (is_long()) add(history, {at - history.spacing, before});
}

// Seven bits a byte, the lowest first; the eighth says that more follow.
void put(std::vector<std::uint8_t>& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

std::optional<std::uint64_t> take(std::span<const std::uint8_t>& from) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const std::uint8_t byte = from.front();
    from = from.subspan(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// Small numbers of both signs become small ones.
std::uint64_t fold(std::uint64_t difference) { return (difference << 1) ^ (difference >> 63 != 0 ? ~0ULL : 0ULL); }
std::uint64_t unfold(std::uint64_t folded) { return (folded >> 1) ^ ((folded & 1) != 0 ? ~0ULL : 0ULL); }

std::uint64_t seconds_of(core::WallTime time) {
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
}

// False: there is no such point.
bool take_point(std::span<const std::uint8_t>& from, std::uint64_t& second, HistoryPoint& point) {
  constexpr std::uint64_t kLatest = 1ULL << 34;  // some 500 years after 1970
  const auto later = take(from);
  if (!later || *later > kLatest || second + *later > kLatest) return false;
  second += *later;
  point.at = core::WallTime(std::chrono::seconds(second));
  for (auto& count : point.tasks) {
    const auto difference = take(from);
    if (!difference) return false;
    count += unfold(*difference);
  }
  return true;
}

}  // namespace

std::optional<History> with_point(const History& history, core::WallTime at, const StatusCounts& before,
                                  const StatusCounts& after) {
  at = whole_second(at);
  History next = history;
  auto& points = next.points;
  const bool cut = std::erase_if(points, [&](const auto& point) { return point.at > at; }) > 0;
  const auto is_due = [&] { return points.empty() || at - points.back().at >= next.spacing; };
  if (!is_due() || (!points.empty() && points.back().tasks == after)) return cut ? std::optional(next) : std::nullopt;
  if (!cut) add_rest(next, at, before);
  if (is_due()) add(next, {at, after});
  return next;
}

std::vector<std::uint8_t> pack(const History& history) {
  std::vector<std::uint8_t> out;
  put(out, static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(history.spacing).count()));
  std::uint64_t second = 0;
  StatusCounts tasks{};
  for (const auto& point : history.points) {
    put(out, seconds_of(point.at) - second);
    second = seconds_of(point.at);
    for (std::size_t i = 0; i < kStatusCount; ++i) put(out, fold(point.tasks[i] - tasks[i]));
    tasks = point.tasks;
  }
  return out;
}

std::optional<History> unpack_history(std::span<const std::uint8_t> bytes) {
  constexpr std::uint64_t kLongest = 1ULL << 32;
  const auto spacing = take(bytes);
  if (!spacing || *spacing == 0 || *spacing > kLongest) return std::nullopt;
  History history{.spacing = std::chrono::seconds(*spacing), .points = {}};
  std::uint64_t second = 0;
  HistoryPoint point;
  while (!bytes.empty()) {
    if (history.points.size() == kMostPoints || !take_point(bytes, second, point)) return std::nullopt;
    history.points.push_back(point);
  }
  return history;
}

}  // namespace runwatch::task
