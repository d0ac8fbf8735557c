// Random numbers that depend on what is decided, not on when: each die is thrown for a seed, a subject and a purpose.
//
// So what becomes of a task is the same however time is sliced, whichever requests came before and whatever vanished.
#pragma once

#include <cstdint>

#include "core/clock.h"

namespace runwatch::sim {

// One step of SplitMix64 (Steele, Lea, Flood 2014): good enough to tell stories with, and the same everywhere.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

class Dice {
 public:
  constexpr Dice(std::uint64_t seed, std::uint64_t subject, std::uint64_t purpose = 0)
      : state_(mix(mix(mix(seed) ^ subject) ^ purpose)) {}

  constexpr std::uint64_t next() { return state_ = mix(state_); }
  constexpr double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }  // [0, 1)
  constexpr bool chance(double probability) { return unit() < probability; }
  // [0, bound); 0 for a bound of 0.
  constexpr std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  constexpr core::Duration between(core::Duration low, core::Duration high) {
    return low + core::Duration(static_cast<core::Duration::rep>(unit() * static_cast<double>((high - low).count())));
  }

 private:
  std::uint64_t state_;
};

}  // namespace runwatch::sim
