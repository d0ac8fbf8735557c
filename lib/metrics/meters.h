// What runwatch counts about itself: every `runwatch_` family that is not a function of the snapshot, and `process_`.
//
// Built on prometheus-cpp's registry. Counters whose labels are known in advance exist from the start with 0, a gauge
// from its first value on. Lines logged and the state of the process are read when a scrape collects.
// Owns: the registry. Threads: every method may be called from any thread; a scrape collects without waiting for them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "view/poll_reason.h"

namespace runwatch::metrics {

// What is measured here is often shorter than the millisecond of core::Duration, which converts to it.
using Seconds = std::chrono::duration<double>;

enum class Endpoint : std::uint8_t { tasks, runs, spaces, space, organizations };
enum class Loop : std::uint8_t { fetch, ledger, courier, server };
enum class StoreError : std::uint8_t { full, io, corrupt, readonly, locked, other };

// Why a request to a receiver delivered nothing, and why something was not told.
inline constexpr std::array<std::string_view, 12> kDeliveryReasonNames{
    "dns",  "connect", "tls",          "timeout",      "redirect",  "client_error",
    "auth", "gone",    "rate_limited", "server_error", "too_large", "other"};
inline constexpr std::array<std::string_view, 4> kSuppressionNames{"baseline", "healed", "silenced", "muted"};

struct BuildInfo {
  std::string version;
  std::string revision;
  std::string compiler;
};

// The organization's list of spaces is polled like a space: under this name, where no spaces are configured. It has no
// pages and no rows that shift, and so no series for them.
inline const std::string kOrganization;

class Meters {
 public:
  explicit Meters(const BuildInfo& build);
  ~Meters();
  Meters(const Meters&) = delete;
  Meters& operator=(const Meters&) = delete;

  // Creates the space's series with 0, as any other call does that names a space not added before.
  void add_space(const std::string& space);
  void rename_space(const std::string& from, const std::string& to);  // values go along
  // Removes the series of every other space, as after a change of the configuration.
  void keep_only(const std::vector<std::string>& spaces);

  void poll_ended(const std::string& space, Seconds took, std::uint64_t pages, std::uint64_t duplicate_rows);
  void poll_failed(const std::string& space, view::PollReason reason);
  void poll_overrun(const std::string& space);

  // Of the organization's spaces, whether the newest reading was complete; nothing: they are not read.
  void space_list(std::optional<bool> complete);

  // `code`: the HTTP status, 0: none came.
  void api_request(Endpoint endpoint, int code, Seconds took, std::uint64_t response_bytes);
  void api_throttled(Seconds waited);
  void api_paused_until(core::WallTime time);  // the epoch: not paused

  void store_committed(Seconds took);
  void store_error(StoreError kind);
  void store_size(std::uint64_t database, std::uint64_t wal);

  // Alerts, by the names of rules and receivers. The counters of rules and of what was not told go on after a restart:
  // what the store has of them is added at the start.
  void keep_only_alerts(const std::vector<std::string>& rules, const std::vector<std::string>& receivers);
  void incidents_open(const std::string& rule, std::uint64_t open);
  void incidents_opened(const std::string& rule, double more);
  void incidents_resolved(const std::string& rule, double more);
  void notices_suppressed(std::size_t reason, double more);  // of kSuppressionNames
  void outbox(const std::string& receiver, std::uint64_t pending, std::uint64_t dead,
              std::optional<core::WallTime> oldest);
  // `reason`: of kDeliveryReasonNames, any other is `other`; nothing: it was delivered, `latency` after its commit,
  // where it was a notice.
  void delivery_attempted(const std::string& receiver, Seconds took, std::optional<std::string_view> reason,
                          std::optional<Seconds> latency);

  void config_reloaded(bool successful, core::WallTime now);
  void progress(Loop loop, std::optional<core::WallTime> at);  // none: there is no such loop

 private:
  friend class Exposition;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace runwatch::metrics
