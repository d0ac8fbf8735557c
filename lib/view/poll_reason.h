// Why a poll did not end complete: the closed set behind `runwatch_poll_failures_total{reason}`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace runwatch::view {

enum class PollReason : std::uint8_t {
  dns,
  connect,
  tls,
  timeout,
  auth,
  forbidden,
  not_found,
  rate_limited,
  server_error,
  business_error,
  redirect,
  truncated,
  too_large,
  bad_http,
  bad_json,
  bad_schema,
  inconsistent,
  shrunken,
  store,
  other
};

inline constexpr std::array<std::string_view, 20> kPollReasonNames{
    "dns",          "connect",        "tls",      "timeout",   "auth",      "forbidden", "not_found", "rate_limited",
    "server_error", "business_error", "redirect", "truncated", "too_large", "bad_http",  "bad_json",  "bad_schema",
    "inconsistent", "shrunken",       "store",    "other"};

constexpr std::string_view name(PollReason r) { return kPollReasonNames[static_cast<std::size_t>(r)]; }

// Of the token or of what it may do: asking again does not help, somebody is to mend it.
constexpr bool is_refusal(PollReason r) { return r == PollReason::auth || r == PollReason::forbidden; }

}  // namespace runwatch::view
