// One instant on both clocks: wall time for what is stored and shown, steady time for how long something lasted.
#pragma once

#include "core/clock.h"

namespace runwatch::watch {

struct Moment {
  core::WallTime wall{};
  core::SteadyTime steady{};

  static Moment now(const core::Clock& clock) { return {clock.wall_now(), clock.steady_now()}; }
};

}  // namespace runwatch::watch
