#include "watch/pace.h"

#include <algorithm>
#include <utility>

namespace runwatch::watch {
namespace {

constexpr core::Duration kTick = std::chrono::seconds(1);

std::chrono::nanoseconds nanoseconds_for(double requests, double rate) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(requests / rate * 1e9));
}

}  // namespace

Pace::Pace(double rate, double burst, const core::Clock& clock)
    : clock_(clock), per_request_(nanoseconds_for(1, rate)), burst_(nanoseconds_for(std::max(burst, 1.0) - 1, rate)) {}

std::optional<core::Duration> Pace::admit(std::stop_token stop, const std::function<void()>& tick) {
  std::unique_lock lock(mutex_);
  const auto asked = clock_.steady_now();
  next_free_ = std::max(next_free_, asked) + per_request_;
  const auto mine = next_free_ - per_request_ - burst_;
  for (auto now = asked; now < std::max(mine, paused_until_); now = clock_.steady_now()) {
    tick();
    if (!wait_until(lock, stop, std::min(std::max(mine, paused_until_), now + kTick))) return std::nullopt;
  }
  if (stop.stop_requested()) return std::nullopt;
  return std::chrono::duration_cast<core::Duration>(clock_.steady_now() - asked);
}

void Pace::wait_while_paused(std::stop_token stop, core::Duration patience) {
  std::unique_lock lock(mutex_);
  wait_until(lock, std::move(stop), std::min(paused_until_, clock_.steady_now() + patience));
}

core::Duration Pace::pause_for(core::Duration length) {
  core::Duration left{};
  {
    std::lock_guard lock(mutex_);
    const auto now = clock_.steady_now();
    paused_until_ = std::max(paused_until_, now + length);
    left = std::chrono::ceil<core::Duration>(paused_until_ - now);
  }
  changed_.notify_all();
  return left;
}

void Pace::resume() {
  {
    std::lock_guard lock(mutex_);
    paused_until_ = {};
  }
  changed_.notify_all();
}

bool Pace::is_paused() const {
  std::lock_guard lock(mutex_);
  return clock_.steady_now() < paused_until_;
}

// Returns when `time` came or something changed; false on stop.
bool Pace::wait_until(std::unique_lock<std::mutex>& lock, std::stop_token stop, core::SteadyTime time) {
  const auto paused_until = paused_until_;
  changed_.wait_until(lock, stop, time, [&] { return paused_until_ != paused_until; });
  return !stop.stop_requested();
}

}  // namespace runwatch::watch
