// A receiver as it is configured, and what it is addressed and signed with.
//
// Addresses and secrets are read again before each request, so that another file, or another line in it, needs no
// reload; what cannot be read leaves the last ones in force.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/secret.h"
#include "http/client.h"

namespace runwatch::notify {

enum class Type : std::uint8_t { webhook, slack, pagerduty, alertmanager, custom };
inline constexpr std::array<std::string_view, 5> kTypeNames{"webhook", "slack", "pagerduty", "alertmanager", "custom"};
constexpr std::string_view name(Type type) { return kTypeNames[static_cast<std::size_t>(type)]; }

inline constexpr std::string_view kPagerdutyUrl = "https://events.pagerduty.com/v2/enqueue";

struct Credentials {
  core::Secret url;                   // of pagerduty empty: kPagerdutyUrl
  std::vector<core::Secret> urls;     // alertmanager: of each one without the path of its API
  std::vector<core::Secret> secrets;  // all sign; of pagerduty the first is the routing key
  core::Secret authorization;         // value of the header; empty: none

  bool operator==(const Credentials&) const = default;
};

using Reader = std::function<core::Result<Credentials>()>;

struct ReceiverOptions {
  std::string name;
  Type type = Type::webhook;
  Credentials credentials;
  std::vector<http::Header> headers;
  core::Duration timeout = std::chrono::seconds(15);
  double rate_limit = 1.0;  // notices a second
  core::Bytes max_body = core::kib(20);
  std::string ca_file;               // trusted alone; empty: the system's
  std::string proxy;                 // empty: none, whatever the environment says
  std::vector<std::string> include;  // paths of a task's own row that its task_finished events carry
  bool include_task = false;         // all of it
  std::string custom;                // template, a JSON text
  std::string external_url;          // for links, without trailing slash; may be empty

  bool operator==(const ReceiverOptions&) const = default;
};

}  // namespace runwatch::notify
