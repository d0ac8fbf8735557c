// What becomes of a notice after an attempt to deliver it. Pure.
//
// 2xx delivers. 410 disables the receiver. 400, 413, 415 and 422 say that the notice itself is at fault: dead after
// three of them. No answer, 5xx and 429 say that the receiver is: it is held back whole and probed at least every ten
// minutes, or when an answer asked to be tried again, and its notices neither age nor use up tries. Anything else is
// tried again, and dead after three days of its own age. Where a status came it counts, whatever became of the rest.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "http/client.h"

namespace runwatch::notify {

enum class Reason : std::uint8_t {
  dns,
  connect,
  tls,
  timeout,
  redirect,
  client_error,
  auth,
  gone,
  rate_limited,
  server_error,
  too_large,
  other
};
inline constexpr std::array<std::string_view, 12> kReasonNames{"dns",          "connect",      "tls",       "timeout",
                                                               "redirect",     "client_error", "auth",      "gone",
                                                               "rate_limited", "server_error", "too_large", "other"};
constexpr std::string_view name(Reason reason) { return kReasonNames[static_cast<std::size_t>(reason)]; }

using Exchange = std::expected<http::Response, http::Failure>;

// Nothing for a 2xx.
std::optional<Reason> reason_of(const Exchange& exchange);

enum class Fate : std::uint8_t { delivered, retry, dead, disabled };

// Before the attempt.
struct Standpoint {
  std::uint32_t tries = 0;     // of the notice that counted
  std::uint32_t refusals = 0;  // those among them that said the notice is at fault
  core::Duration aged{};       // its own age
  std::uint32_t held = 0;      // attempts in a row after which the receiver was held back
};

struct Verdict {
  Fate fate = Fate::delivered;
  std::optional<Reason> reason{};
  core::Duration wait{};       // retry: until the next attempt
  bool holds = false;          // and of any other notice of the receiver
  std::uint32_t tries = 0;     // afterwards
  std::uint32_t refusals = 0;  // afterwards
  core::Duration aged{};       // afterwards

  bool operator==(const Verdict&) const = default;
};

inline constexpr std::uint32_t kMostRefusals = 3;
inline constexpr core::Duration kLongestAge = std::chrono::days(3);
inline constexpr core::Duration kLongestProbe = std::chrono::minutes(10);

// 5 s, 30 s, 2 m, 10 m, 30 m, then hourly. `tries` from 1.
core::Duration base_wait(std::uint32_t tries);

// `random` 0 … 1 makes ±20 % of the wait; `now` by which a date in Retry-After is read, where the answer has no date.
Verdict verdict(const Exchange& exchange, const Standpoint& before, core::WallTime now, double random);

}  // namespace runwatch::notify
