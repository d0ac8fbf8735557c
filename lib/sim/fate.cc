#include "sim/fate.h"

#include "sim/dice.h"

namespace runwatch::sim {
namespace {

using namespace std::chrono_literals;

enum Purpose : std::uint64_t { kAttempt = 1, kHold = 1000, kVanish, kOdd, kStyle };

std::uint8_t choose_outcome(Dice& dice, bool failed) {
  double total = 0;
  for (const auto& outcome : kOutcomes) total += (outcome.state == State::failed) == failed ? outcome.weight : 0;
  double left = dice.unit() * total;
  std::size_t last = 0;
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    if ((kOutcomes[i].state == State::failed) != failed) continue;
    last = i;
    left -= kOutcomes[i].weight;
    if (left < 0) break;
  }
  return static_cast<std::uint8_t>(last);
}

Requeue choose_requeue(Dice& dice, const Options& options) {
  const bool scheduled = dice.chance(0.4);
  const auto delay = scheduled ? options.retry_delay : options.retry_delay / 10;
  return {.state = scheduled ? State::scheduled : State::pending,
          .after = scaled(dice.between(delay * 9 / 10, delay * 11 / 10), options),
          .keeps_output = dice.chance(0.3)};
}

}  // namespace

core::Duration scaled(core::Duration duration, const Options& options) {
  return core::Duration(static_cast<core::Duration::rep>(static_cast<double>(duration.count()) / options.speed));
}

Fate fate(const Options& options, std::uint64_t subject, unsigned attempt) {
  Dice dice(options.seed, subject, kAttempt + attempt);
  Fate f;
  f.wait = scaled(dice.between(1s, 12s), options);
  f.ring = scaled(dice.between(2s, 14s), options);
  f.outcome = choose_outcome(dice, dice.chance(options.failure_rate));
  const auto& outcome = kOutcomes[f.outcome];
  f.talk = scaled(dice.between(outcome.shortest * 1s, outcome.longest * 1s), options);
  f.processing_first = dice.chance(0.5);
  f.shows_running = dice.chance(0.2);
  f.output_delay = dice.chance(0.6) ? 0ms : scaled(dice.between(0ms, options.output_delay), options);
  f.stuck = dice.chance(options.stuck_rate) && attempt < kMaxAttempts;
  const bool again = options.retries && attempt < kMaxAttempts && dice.chance(0.75);
  if (f.stuck) {
    f.requeue = Requeue{.state = State::pending, .after = scaled(15min, options), .keeps_output = false};
  } else if (outcome.state == State::failed && again) {
    f.requeue = choose_requeue(dice, options);
  }
  return f;
}

std::optional<Hold> hold(const Options& options, std::uint64_t subject) {
  Dice dice(options.seed, subject, kHold);
  if (!dice.chance(options.hold_rate)) return std::nullopt;
  return Hold{.after = scaled(dice.between(1s, 10s), options), .span = scaled(dice.between(30s, 180s), options)};
}

std::optional<core::Duration> vanishing(const Options& options, std::uint64_t subject) {
  Dice dice(options.seed, subject, kVanish);
  if (!dice.chance(options.vanish_rate)) return std::nullopt;
  return scaled(dice.between(1s, 10min), options);
}

bool is_odd(const Options& options, std::uint64_t subject) {
  return Dice(options.seed, subject, kOdd).chance(options.odd_rate);
}

Style style(const Options& options, std::uint64_t subject) {
  Dice dice(options.seed, subject, kStyle);
  Style s;
  s.older_shape = dice.chance(0.25);
  s.time_form = static_cast<std::uint8_t>(dice.below(6));
  s.mode = static_cast<std::uint8_t>(dice.chance(0.8) ? 0 : 1 + dice.below(4));
  s.kind = dice.chance(0.9) || options.fixed ? Kind::call : Kind::email;
  s.queued = dice.chance(0.3) ? State::scheduled : State::pending;
  s.extended = dice.chance(0.2);
  return s;
}

}  // namespace runwatch::sim
