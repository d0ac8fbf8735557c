// Signals as events of the main loop: nothing runs in a handler.
//
// Threads: made by main before any other thread starts, so that all of them inherit the mask.
#pragma once

#include <optional>

#include "core/clock.h"
#include "core/fd.h"

namespace runwatch::daemon {

enum class Signal { stop, reload };

class Signals {
 public:
  // Blocks SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE for the whole process.
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The next signal within `patience`; `reload_fd` being readable is a reload, too. Any number of reloads that came
  // meanwhile is one; a stop goes before them.
  std::optional<Signal> wait(core::Duration patience, int reload_fd = -1);

 private:
  core::Fd fd_;
};

}  // namespace runwatch::daemon
