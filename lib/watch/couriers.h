// The couriers, one for each receiver and one for each address of an Alertmanager: they begin, change and end as the
// settings say, and ask the ledger for what to send.
//
// Owns: the couriers and their threads. Threads: made, changed and destroyed by one; `wake` by any.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/guarded.h"
#include "http/client.h"
#include "notify/courier.h"
#include "notify/standing.h"
#include "view/snapshot.h"
#include "watch/settings.h"

namespace runwatch::watch {

class Couriers {
 public:
  struct Deps {
    const core::Clock& clock;
    notify::CourierHooks hooks;
    // A client that trusts, and goes by, what the receiver says.
    std::function<std::unique_ptr<http::Client>(const std::string& ca_file, const std::string& proxy)> make_client;
    std::function<std::shared_ptr<const view::Snapshot>()> snapshot;
    std::function<void(const notify::Attempt&)> done;  // of what is not queued
    std::function<core::Duration()> paused;            // for how long the platform had us wait lately
  };

  explicit Couriers(Deps deps) : deps_(std::move(deps)) {}
  ~Couriers() { end(); }
  Couriers(const Couriers&) = delete;
  Couriers& operator=(const Couriers&) = delete;

  // Receivers that stay keep their courier; one whose type changed gets another.
  void reconfigure(const AlertSettings& settings);
  void wake(const std::set<std::string>& receivers);
  void wake_by_level();  // incidents changed
  void end();            // all of them; a request under way gets a moment

 private:
  struct Known {
    notify::ReceiverOptions options;
    std::unique_ptr<notify::Courier> courier;                                   // else
    std::vector<std::unique_ptr<notify::AlertmanagerCourier>> of_alertmanager;  // one for each of its addresses
  };
  notify::Line line_of(const ReceiverSettings& receiver) const;
  // Shared with who wakes them; joined where they end, so that nobody else waits for them.
  using All = std::map<std::string, std::shared_ptr<Known>>;
  std::shared_ptr<Known> start(const ReceiverSettings& receiver);
  std::vector<notify::Standing> standing(const std::string& receiver) const;
  static bool stays(const Known& known, const notify::ReceiverOptions& options);
  static void end(const All& ending);
  void beat(const std::optional<HeartbeatSettings>& settings);

  Deps deps_;
  core::Guarded<All> known_;
  std::unique_ptr<notify::Heartbeat> heartbeat_;
  std::optional<HeartbeatSettings> heartbeat_settings_;
};

}  // namespace runwatch::watch
