// Whether a peer can be talked to: its name is looked up, a connection made and its certificate checked; no request is
// sent.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "core/clock.h"
#include "http/client.h"

namespace runwatch::http {

struct Reached {
  std::string peer;                                  // host:port, as the URL names it
  std::string address;                               // that it led to; a proxy's where there is one
  std::optional<core::WallTime> certificate_ends{};  // nothing without TLS
};

// Fails: as `Client::send`, and within `timeout` and 100 ms.
std::expected<Reached, Failure> reach(const std::string& url, const ClientOptions& options, core::Duration timeout);

}  // namespace runwatch::http
