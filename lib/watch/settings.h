// What to watch and how often: the configuration as the watch room needs it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/secret.h"
#include "notify/receiver.h"
#include "rule/rule.h"
#include "task/vocabulary.h"

namespace runwatch::watch {

struct SpaceSettings {
  core::Secret token;
  std::optional<std::string> name;   // the label; nothing: the platform's slug
  std::vector<std::string> run_ids;  // empty: all runs of the list
  std::vector<task::RunMode> modes;  // empty: all
  core::Duration max_age = std::chrono::hours(24 * 7);
  std::uint64_t max_runs = 50;

  bool names_runs() const { return !run_ids.empty(); }
  bool operator==(const SpaceSettings&) const = default;
};

// A receiver with all that it takes to reach it. The reader is no part of what makes two alike.
struct ReceiverSettings {
  notify::ReceiverOptions options;
  notify::Reader reread{};

  bool operator==(const ReceiverSettings& other) const { return options == other.options; }
};

struct HeartbeatSettings {
  core::Duration interval{};
  core::Secret address;
  std::function<core::Result<core::Secret>()> url{};  // read anew each time

  bool operator==(const HeartbeatSettings& other) const {
    return interval == other.interval && address == other.address;
  }
};

struct AlertSettings {
  rule::Settings rules;
  std::vector<ReceiverSettings> receivers;  // the same as in `rules`
  core::Bytes outbox_max = core::mib(256);
  std::optional<HeartbeatSettings> heartbeat{};

  bool operator==(const AlertSettings&) const = default;
};

struct Settings {
  core::Duration interval = std::chrono::seconds(30);
  core::Duration idle_interval = std::chrono::minutes(10);
  core::Duration discovery_interval = std::chrono::minutes(1);
  core::Duration retire_after = std::chrono::hours(24);
  core::Duration retention = std::chrono::hours(24 * 30);
  std::vector<SpaceSettings> spaces;  // empty: every space of the organization, each as `every_space`
  SpaceSettings every_space;
  AlertSettings alerts;

  bool operator==(const Settings&) const = default;
};

}  // namespace runwatch::watch
