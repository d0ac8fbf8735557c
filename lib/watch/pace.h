// The shared budget of requests: a token bucket over all fetchers, and the pause that holds them all.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "core/clock.h"

namespace runwatch::watch {

class Pace {
 public:
  // `rate` requests a second after a `burst` at once.
  Pace(double rate, double burst, const core::Clock& clock);

  // Waits for a token and for the end of a pause; how long it waited, or nothing when `stop` came first. Calls `tick`
  // at least once a second meanwhile.
  std::optional<core::Duration> admit(std::stop_token stop, const std::function<void()>& tick);
  // Returns when the pause is over, after `patience` or on `stop`.
  void wait_while_paused(std::stop_token stop, core::Duration patience);

  // A pause is only ever prolonged by another one.
  // Returns how long the pause in force lasts from now.
  core::Duration pause_for(core::Duration length);
  void resume();
  bool is_paused() const;

 private:
  bool wait_until(std::unique_lock<std::mutex>& lock, std::stop_token stop, core::SteadyTime time);

  const core::Clock& clock_;
  const std::chrono::nanoseconds per_request_;
  const std::chrono::nanoseconds burst_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  core::SteadyTime next_free_{};  // when the bucket will be full again (generic cell rate algorithm)
  core::SteadyTime paused_until_{};
};

}  // namespace runwatch::watch
