#include "notify/verdict.h"

#include <algorithm>

#include "http/client.h"

namespace runwatch::notify {
namespace {

using namespace std::chrono_literals;

constexpr core::Duration kWaits[] = {5s, 30s, 2min, 10min, 30min, 1h};

// In the order of http::TransportError.
constexpr Reason kTransportReasons[] = {Reason::dns,     Reason::connect, Reason::tls,
                                        Reason::timeout, Reason::other,   Reason::too_large,
                                        Reason::other,   Reason::other,   Reason::other};

bool is_one_of(int status, std::initializer_list<int> some) { return std::ranges::find(some, status) != some.end(); }

Reason reason_of_status(int status) {
  if (is_one_of(status, {401, 403, 407})) return Reason::auth;
  if (status == 410) return Reason::gone;
  if (status == 413) return Reason::too_large;
  if (status == 429) return Reason::rate_limited;
  if (status >= 300 && status < 400) return Reason::redirect;
  if (status >= 400 && status < 500) return Reason::client_error;
  return status >= 500 && status < 600 ? Reason::server_error : Reason::other;
}

// The receiver is at fault, not the notice. A status line over its cap is an answer, and says nothing about the next
// notice's.
bool holds(const Exchange& exchange) {
  if (!exchange) return exchange.error().reason != http::TransportError::too_large;
  return exchange->status == 429 || (exchange->status >= 500 && exchange->status < 600);
}

core::Duration scaled(core::Duration wait, double random) {
  const double factor = 0.8 + 0.4 * std::clamp(random, 0.0, 1.0);
  return core::Duration(static_cast<core::Duration::rep>(static_cast<double>(wait.count()) * factor));
}

// As it asks, but neither sooner than we would come back, nor later than in an hour.
core::Duration wait_after(const Exchange& exchange, core::Duration base, core::WallTime now, core::Duration wait) {
  const auto asked = exchange ? http::retry_after_of(*exchange, now) : std::nullopt;
  return asked ? std::max(wait, std::clamp(*asked, base, core::Duration(1h))) : wait;
}

}  // namespace

std::optional<Reason> reason_of(const Exchange& exchange) {
  if (!exchange) return kTransportReasons[static_cast<std::size_t>(exchange.error().reason)];
  if (exchange->status >= 200 && exchange->status < 300) return std::nullopt;
  return reason_of_status(exchange->status);
}

core::Duration base_wait(std::uint32_t tries) {
  return kWaits[std::min<std::size_t>(tries == 0 ? 0 : tries - 1, std::size(kWaits) - 1)];
}

Verdict verdict(const Exchange& exchange, const Standpoint& before, core::WallTime now, double random) {
  Verdict verdict{
      .reason = reason_of(exchange), .tries = before.tries, .refusals = before.refusals, .aged = before.aged};
  if (!verdict.reason) {
    ++verdict.tries;
    return verdict;
  }
  if (*verdict.reason == Reason::gone) {
    verdict.fate = Fate::disabled;
    return verdict;
  }
  verdict.fate = Fate::retry;
  if (holds(exchange)) {
    verdict.holds = true;
    const auto base = std::min(base_wait(before.held + 1), kLongestProbe);
    verdict.wait = wait_after(exchange, base, now, std::min(scaled(base, random), kLongestProbe));
    return verdict;
  }
  ++verdict.tries;
  if (exchange && is_one_of(exchange->status, {400, 413, 415, 422})) ++verdict.refusals;
  const auto base = base_wait(verdict.tries);
  verdict.wait = wait_after(exchange, base, now, scaled(base, random));
  if (verdict.refusals >= kMostRefusals || before.aged >= kLongestAge) {
    verdict.fate = Fate::dead;
    verdict.wait = {};
  }
  verdict.aged += verdict.wait;
  return verdict;
}

}  // namespace runwatch::notify
