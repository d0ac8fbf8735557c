#include "watch/pace.h"

#include <algorithm>
#include <utility>

namespace runwatch::watch {
namespace {

using std::chrono::seconds;

constexpr core::Duration kTick = seconds(1);
constexpr core::Duration kLongestPause = std::chrono::minutes(15);
// So many refusals in a row are a platform that is down, or a window of time that is used up: it is asked this often.
constexpr int kRefusalsUntilDown = 4;
constexpr std::chrono::nanoseconds kSlowest = seconds(15);
// Refusals between answers may be those of one run or space: they slow the others to an eighth of the rate, and not
// beyond this.
constexpr std::chrono::nanoseconds kMostCareful = seconds(2);

std::chrono::nanoseconds nanoseconds_for(double requests, double rate) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(requests / rate * 1e9));
}

}  // namespace

Pace::Pace(double rate, double burst, const core::Clock& clock, core::Duration shortest_pause) : clock_(clock) {
  set_rate(rate, burst, shortest_pause);
}

void Pace::set_rate(double rate, double burst, core::Duration shortest_pause) {
  std::lock_guard lock(mutex_);
  per_request_ = nanoseconds_for(1, rate);
  burst_ = nanoseconds_for(std::max(burst, 1.0) - 1, rate);
  shortest_pause_ = std::min(shortest_pause, kLongestPause);
  next_free_ = std::min(next_free_, clock_.steady_now() + spacing() + burst_);
  change();
}

std::optional<core::Duration> Pace::admit(std::stop_token stop, const std::function<void()>& tick) {
  std::unique_lock lock(mutex_);
  const auto asked = clock_.steady_now();
  const auto ticket = waiting_.insert(++last_ticket_).first;
  auto now = asked;
  for (; !stop.stop_requested(); now = clock_.steady_now()) {
    const bool first = ticket == waiting_.begin();
    if (first && now >= opening()) break;
    tick();
    wait_until(lock, stop, first ? std::min(opening(), now + kTick) : now + kTick);
  }
  waiting_.erase(ticket);
  change();
  if (stop.stop_requested()) return std::nullopt;
  next_free_ = std::max(next_free_, now) + spacing();
  return std::chrono::duration_cast<core::Duration>(now - asked);
}

void Pace::wait_while_paused(std::stop_token stop, core::Duration patience) {
  std::unique_lock lock(mutex_);
  wait_until(lock, std::move(stop), std::min(paused_until_, clock_.steady_now() + patience));
}

void Pace::answered(core::SteadyTime sent) {
  std::lock_guard lock(mutex_);
  if (!is_slow() || sent <= slowed_at_) return;
  answered_ = true;
  slow_ = slow_ > careful_ ? std::max(careful_, slow_ / 2) : slow_ - slow_ / 50;
  // Back at the configured rate, with an empty bucket: a burst would be the next thing to be refused.
  if (!is_slow()) next_free_ = std::max(next_free_, clock_.steady_now() + burst_);
}

core::Duration Pace::throttled(core::SteadyTime sent, std::optional<core::Duration> retry_after) {
  std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  if (sent > slowed_at_) slow_down(now);
  if (retry_after) {
    if (paused_until_ <= now) paused_from_ = now;
    paused_until_ = std::max(paused_until_, now + std::clamp(*retry_after, shortest_pause_, kLongestPause));
  }
  change();
  return std::max(std::chrono::ceil<core::Duration>(opening() - now), core::Duration(0));
}

// Several of us may have been refused: jitter keeps us from asking in step with each other.
void Pace::slow_down(core::SteadyTime now) {
  refused_in_a_row_ = answered_ ? 1 : refused_in_a_row_ + 1;
  const bool down = refused_in_a_row_ >= kRefusalsUntilDown;
  const Nanoseconds careful = std::max(per_request_, std::min(per_request_ * 8, kMostCareful));
  const Nanoseconds doubled = spacing() * 2;
  if (answered_) careful_ = std::min(doubled, careful);
  slow_ = std::min(doubled, down ? kSlowest : std::max(slow_, careful));
  answered_ = false;
  slowed_at_ = now;
  next_free_ = now + spacing() + Nanoseconds(std::uniform_int_distribution(0L, spacing().count() / 4)(random_));
}

void Pace::pause_for(core::Duration length) {
  std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  paused_from_ = std::max(paused_from_, now + length);  // no pause of the platform's: it is not made allowance for
  paused_until_ = std::max(paused_until_, now + length);
  change();
}

void Pace::resume() {
  std::lock_guard lock(mutex_);
  paused_until_ = {};
  change();
}

core::Duration Pace::pause_left() const {
  std::lock_guard lock(mutex_);
  return std::max(std::chrono::ceil<core::Duration>(paused_until_ - clock_.steady_now()), core::Duration(0));
}

core::Duration Pace::newest_pause() const {
  std::lock_guard lock(mutex_);
  const auto now = clock_.steady_now();
  if (now > paused_until_ + kLongestPause) return core::Duration(0);
  return std::chrono::ceil<core::Duration>(std::max(std::min(now, paused_until_) - paused_from_, Nanoseconds(0)));
}

core::SteadyTime Pace::opening() const {
  return std::max(paused_until_, next_free_ - (is_slow() ? Nanoseconds(0) : burst_));
}

// Returns when `time` came, something changed or on stop.
void Pace::wait_until(std::unique_lock<std::mutex>& lock, std::stop_token stop, core::SteadyTime time) {
  changed_.wait_until(lock, std::move(stop), time, [&, seen = changes_] { return changes_ != seen; });
}

void Pace::change() {
  ++changes_;
  changed_.notify_all();
}

}  // namespace runwatch::watch
