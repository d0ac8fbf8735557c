// When each loop last came around: for the watchdog, for /-/healthy and for the metrics.
//
// Threads: any; each loop marks its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "core/clock.h"

namespace runwatch::watch {

class Progress {
 public:
  Progress(std::size_t loops, const core::Clock& clock) : clock_(clock), marks_(loops) {
    for (std::size_t i = 0; i < loops; ++i) mark(i);
  }

  void mark(std::size_t loop) { marks_[loop].store(clock_.steady_now().time_since_epoch().count()); }

  core::SteadyTime last(std::size_t loop) const {
    return core::SteadyTime(core::SteadyTime::duration(marks_[loop].load()));
  }

 private:
  const core::Clock& clock_;
  std::vector<std::atomic<core::SteadyTime::rep>> marks_;
};

}  // namespace runwatch::watch
