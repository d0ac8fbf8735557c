// Short ways to ask a scripted peer and to name what came back.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <expected>
#include <string>
#include <utility>

#include "http/client.h"
#include "support/scripted_peer.h"

namespace runwatch::http {

inline doctest::String toString(TransportError reason) {  // doctest's name for it
  constexpr const char* kNames[] = {"dns",       "connect",  "tls",       "timeout", "truncated",
                                    "too_large", "bad_http", "cancelled", "other"};
  return kNames[static_cast<int>(reason)];
}

}  // namespace runwatch::http

namespace runwatch::test {

using Answer = std::expected<http::Response, http::Failure>;

inline http::Request request_for(std::string url, core::Duration timeout = std::chrono::seconds(10)) {
  http::Request request;
  request.url = std::move(url);
  request.timeout = timeout;
  return request;
}

inline Answer ask(const std::string& url, core::Duration timeout = std::chrono::seconds(10)) {
  return http::make_client()->send(request_for(url, timeout), {});
}

// What a fresh client makes of a peer that reads the request and then follows `script`.
inline Answer answer_to(PeerScript script) {
  script.insert(script.begin(), read_request());
  const ScriptedPeer peer({std::move(script)});
  return ask(peer.url());
}

inline http::TransportError reason_of(const Answer& answer) {
  REQUIRE_FALSE(answer.has_value());
  const auto& text = answer.error().text;
  CHECK_FALSE(text.empty());
  CHECK(text.find("//") == std::string::npos);
  CHECK(text.find_first_of("\r\n") == std::string::npos);
  return answer.error().reason;
}

// Tells what ends from what hangs. 100 ms are promised; a sanitizer on a loaded machine gets far more.
inline constexpr std::chrono::milliseconds kSlack{5'000};

class Stopwatch {
 public:
  std::chrono::milliseconds elapsed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace runwatch::test
