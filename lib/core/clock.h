// Two clocks, two types: wall time for what is stored and shown, steady time for every wait and deadline.
//
// Threads: both clocks may be read from any thread.
#pragma once

#include <chrono>

namespace runwatch::core {

using Duration = std::chrono::milliseconds;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall_now() const = 0;
  virtual SteadyTime steady_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall_now() const override { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

// Seconds with fraction, the unit of every metric.
inline double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
inline double unix_seconds(WallTime t) { return seconds(t.time_since_epoch()); }

}  // namespace runwatch::core
