// What a Platform guards. Private to this room.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
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
  // False beyond `limit` answers in one second.
  bool admits(std::uint64_t limit, core::WallTime now) {
    const auto this_second = std::chrono::floor<std::chrono::seconds>(now);
    if (std::exchange(second, this_second) != this_second) admitted = 0;
    return admitted < limit && ++admitted > 0;
  }

  World world;
  std::vector<Fault> faults;
  Dice dice;
  std::uint64_t served = 0;
  std::chrono::sys_seconds second{};  // in which so many were admitted under a limit
  std::uint64_t admitted = 0;
  bool frozen = false;
  core::Duration ahead{0};  // of the clock, by /_sim/advance
};

}  // namespace runwatch::sim
