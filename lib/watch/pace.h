// The shared budget of requests: a token bucket over all fetchers, the pause that holds them all, and a pace slower
// than the configured one for as long as the platform refuses some of what it is asked.
//
// Each refusal doubles the time between two requests; those of requests that were in the air together are one. The
// doubled time is worked off by 2 % an answer; what came on top of it, as refusal followed refusal, by half.
// Threads: any.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <stop_token>

#include "core/clock.h"

namespace runwatch::watch {

class Pace {
 public:
  // `rate` requests a second after a `burst` at once; `shortest_pause` of those that the platform asks for.
  Pace(double rate, double burst, const core::Clock& clock, core::Duration shortest_pause = {});

  // Holds from now on, for those who wait, too. A pause goes on, and so does a slower pace.
  void set_rate(double rate, double burst, core::Duration shortest_pause);

  // Waits for a token and for the end of a pause, in the order of asking; how long it waited, or nothing when `stop`
  // came first. Calls `tick` at least once a second meanwhile.
  std::optional<core::Duration> admit(std::stop_token stop, const std::function<void()>& tick);
  // Returns when the pause is over, after `patience`, on `stop`, or sooner.
  void wait_while_paused(std::stop_token stop, core::Duration patience);

  // What became of a request that was sent at `sent`. Refused: everybody pauses for `retry_after`, held between the
  // shortest pause and 15 minutes; returns how long no request is let through from now.
  void answered(core::SteadyTime sent);
  core::Duration throttled(core::SteadyTime sent, std::optional<core::Duration> retry_after);

  // A pause is only ever prolonged by another one.
  void pause_for(core::Duration length);
  void resume();
  core::Duration pause_left() const;  // 0: none
  // How long the pause that is on, or that ended less than a quarter of an hour ago, has lasted; 0: there is none.
  core::Duration newest_pause() const;
  bool is_paused() const { return pause_left() > core::Duration(0); }

 private:
  using Nanoseconds = std::chrono::nanoseconds;

  Nanoseconds spacing() const { return std::max(per_request_, slow_); }
  bool is_slow() const { return slow_ > per_request_; }
  core::SteadyTime opening() const;  // when the next request may go
  void slow_down(core::SteadyTime now);
  void wait_until(std::unique_lock<std::mutex>& lock, std::stop_token stop, core::SteadyTime time);
  void change();  // wakes who waits: what they wait for may be another time

  const core::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t changes_ = 0;
  Nanoseconds per_request_{};
  Nanoseconds burst_{};
  core::Duration shortest_pause_{};
  std::set<std::uint64_t> waiting_;  // tickets, the next one first
  std::uint64_t last_ticket_ = 0;
  core::SteadyTime next_free_{};  // when the bucket will be full again (generic cell rate algorithm)
  core::SteadyTime paused_from_{};
  core::SteadyTime paused_until_{};
  Nanoseconds slow_{};     // between two requests, where that is more than configured
  Nanoseconds careful_{};  // `slow_` shrinks in small steps from here on
  bool answered_ = true;   // since the last refusal
  int refused_in_a_row_ = 0;
  core::SteadyTime slowed_at_{};
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace runwatch::watch
