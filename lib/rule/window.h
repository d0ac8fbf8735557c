// How the attempts of a run that ended within the last so many minutes ended, to a sixtieth of the window.
#pragma once

#include <array>
#include <cstdint>
#include <deque>

#include "core/clock.h"
#include "task/diff.h"
#include "task/run.h"

namespace runwatch::rule {

class Window {
 public:
  explicit Window(core::Duration length) : length_(length) {}

  // A change as it was committed; `at`, as `now` of what follows, is lived and does not go back. Baseline changes count
  // nothing.
  void add(core::WallTime at, const task::TaskChange& change);
  // What ended within the window before `now`.
  task::RunSums sums(core::WallTime now) const;
  // When the oldest of it leaves; kNoTime: there is nothing in it.
  core::WallTime next_change(core::WallTime now) const;

 private:
  struct Slot {
    core::WallTime start;
    task::RunSums sums;
  };
  core::Duration length_;
  std::deque<Slot> slots_;
};

}  // namespace runwatch::rule
