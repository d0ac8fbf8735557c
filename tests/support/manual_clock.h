// A clock that stands still until the test moves it.
#pragma once

#include <atomic>

#include "core/clock.h"

namespace runwatch::test {

class ManualClock final : public core::Clock {
 public:
  core::WallTime wall_now() const override { return core::WallTime(core::Duration(wall_ms_.load())); }
  core::SteadyTime steady_now() const override { return core::SteadyTime(core::Duration(steady_ms_.load())); }

  void advance(core::Duration d) {
    wall_ms_ += d.count();
    steady_ms_ += d.count();
  }
  void jump_wall(core::Duration d) { wall_ms_ += d.count(); }

 private:
  std::atomic<std::int64_t> wall_ms_{1'770'000'000'000};
  std::atomic<std::int64_t> steady_ms_{1'000'000};
};

}  // namespace runwatch::test
