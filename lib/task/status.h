// The nine statuses of a task (and of a run) and how the platform's spellings are read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace runwatch::task {

enum class Status : std::uint8_t {
  pending,
  scheduled,
  processing,
  in_progress,
  hold,
  completed,
  partially_completed,
  failed,
  unknown,
};

inline constexpr std::size_t kStatusCount = 9;
inline constexpr std::array<std::string_view, kStatusCount> kStatusNames{
    "pending",   "scheduled",           "processing", "in_progress", "hold",
    "completed", "partially_completed", "failed",     "unknown"};

constexpr std::size_t index(Status s) { return static_cast<std::size_t>(s); }
constexpr std::string_view name(Status s) { return kStatusNames[index(s)]; }
constexpr bool is_finished(Status s) {
  return s == Status::completed || s == Status::partially_completed || s == Status::failed;
}

// Trims, lowers the case, reads '-' and ' ' as '_', `inprogress` and `running` as in_progress; anything else is
// unknown.
Status parse_status(std::string_view text);

// A number of something by status.
using StatusCounts = std::array<std::uint64_t, kStatusCount>;

}  // namespace runwatch::task
