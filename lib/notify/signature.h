// Standard Webhooks 1.0: who sent a body, and when, so that its receiver need not believe anybody.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/secret.h"
#include "http/client.h"

namespace runwatch::notify {

// `whsec_` and base64 of 24 to 64 bytes; the prefix may be missing. Fails: `invalid`, with a text that says what is
// wrong and nothing of the secret.
core::Result<void> check_secret(const core::Secret& secret);

// The headers `webhook-id`, `webhook-timestamp` and, where there are secrets, `webhook-signature` with one signature of
// each. Secrets are sound ones.
std::vector<http::Header> sign(std::string_view id, core::WallTime now, std::string_view body,
                               std::span<const core::Secret> secrets);

struct Signed {
  std::string_view id;
  std::string_view timestamp;
  std::string_view signatures;
  std::string_view body;
};

inline constexpr core::Duration kSignatureTolerance = std::chrono::minutes(5);

// Whether one of the signatures is of one of the secrets, and the timestamp within the tolerance; in constant time as
// far as secrets are concerned. Fails: `invalid`, with the reason.
core::Result<void> verify(const Signed& message, std::span<const core::Secret> secrets, core::WallTime now);

}  // namespace runwatch::notify
