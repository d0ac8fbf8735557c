// Who is told, and how: [[alerts.receivers]] and [alerts.heartbeat] as values. Addresses and secrets are already read;
// where that was from a file, its path is kept, so that they can be read again without a reload.
// Fails: `invalid`, with the file and never with its content.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/secret.h"
#include "rule/rule.h"

namespace runwatch::config {

enum class ReceiverType : std::uint8_t { webhook, slack, pagerduty, alertmanager, custom };
inline constexpr std::array<std::string_view, 5> kReceiverTypeNames{"webhook", "slack", "pagerduty", "alertmanager",
                                                                    "custom"};

// What a receiver is addressed and signed with.
struct ReceiverSecrets {
  std::vector<core::Secret> urls;     // one; of pagerduty none for the usual one; of alertmanager one for each of it
  std::vector<core::Secret> secrets;  // all sign; of pagerduty one, the routing key
  core::Secret authorization;         // value of the header; empty: none
  bool operator==(const ReceiverSecrets&) const = default;
};

struct Receiver {
  std::string name;
  ReceiverType type = ReceiverType::webhook;
  ReceiverSecrets secrets;
  std::optional<std::filesystem::path> url_file;  // of alertmanager with one a line
  std::optional<std::filesystem::path> secrets_file;
  std::optional<std::filesystem::path> authorization_file;
  std::map<std::string, std::string> headers;
  std::array<bool, rule::kKindNames.size()> events = rule::Receiver{}.takes;  // by rule::Kind
  std::vector<std::string> include;  // paths of a task's own row that its task_finished events carry
  bool include_task = false;         // all of it; `include` is empty then
  core::Duration timeout = std::chrono::seconds(15);
  double rate_limit = 1.0;  // notices a second
  core::Bytes max_body = core::kib(20);
  std::string ca_file;      // trusted alone; empty: the system's
  std::string proxy;        // empty: none; kEnvironment: as the environment says
  std::string custom_body;  // template of a custom one, a JSON text; its places are not checked here

  bool includes() const { return include_task || !include.empty(); }
  // Whether an address, a secret or a header, which may be one, stands in the configuration itself.
  bool is_inline() const {
    return !(url_file || secrets.urls.empty()) || !(secrets_file || secrets.secrets.empty()) ||
           !(authorization_file || secrets.authorization.empty()) || !headers.empty();
  }
  rule::Receiver for_rules() const {
    return {name, std::string(kReceiverTypeNames[task::index(type)]), events, type == ReceiverType::alertmanager,
            includes()};
  }
  bool operator==(const Receiver&) const = default;
};

// A dead man's switch: a GET while all is well.
struct Heartbeat {
  core::Secret url;
  std::optional<std::filesystem::path> url_file;
  core::Duration interval = std::chrono::minutes(1);
  bool operator==(const Heartbeat&) const = default;
};

// What its files say now, and what stood in the configuration itself.
core::Result<ReceiverSecrets> read_receiver_secrets(const Receiver& receiver);
core::Result<core::Secret> read_heartbeat_url(const Heartbeat& heartbeat);

}  // namespace runwatch::config
