// What a Platform guards. Private to this room.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/dice.h"
#include "sim/platform.h"
#include "sim/world.h"

namespace runwatch::sim {

struct Platform::State {
  State(const Options& options, core::WallTime start)
      : world(options, start), faults(options.faults), dice(options.seed, 0, 0xfa17) {}

  void move_to(core::WallTime now) {
    if (!frozen) world.advance(now + ahead);
  }

  World world;
  std::vector<Fault> faults;
  Dice dice;
  std::uint64_t served = 0;
  bool frozen = false;
  core::Duration ahead{0};  // of the clock, by /_sim/advance
};

}  // namespace runwatch::sim
