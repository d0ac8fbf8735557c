// The running daemon: owns every part, built in order and taken down in reverse.
//
// State is loaded before the server answers, and the server answers before the first poll.
// Threads: made, asked and destroyed by main alone.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "config/config.h"
#include "control/reload_requests.h"
#include "control/server.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/guarded.h"
#include "http/server.h"
#include "metrics/exposition.h"
#include "metrics/meters.h"
#include "page/site.h"
#include "store/store.h"
#include "unpod/api.h"
#include "watch/watch.h"

namespace runwatch::daemon {

class App {
 public:
  // Fails: `busy` for a port or database in use, `corrupt` and `unavailable` for the store, `invalid` for an address.
  // `ask_reload` is what the command `reload` asks, from any thread.
  static core::Result<std::unique_ptr<App>> start(const config::Config& config,
                                                  std::function<control::ReloadOutcome()> ask_reload);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  std::vector<std::string> addresses() const { return server_->addresses(); }
  std::shared_ptr<const view::Snapshot> status() const { return exposition_.snapshot(); }
  // Once a second: meters. Fails: with the store.
  core::Result<void> tick();
  // Whether every loop was alive at the last tick.
  bool is_alive() const;
  // Watches as `config` says from now on; what cannot change while running stays as it is and is told. Fails: what is
  // not taken over stays as it was.
  control::ReloadOutcome reload(const config::Config& config);
  void reload_refused(const std::string& why);  // the file was bad: everything goes on as before

 private:
  App(const config::Config& config, std::function<control::ReloadOutcome()> ask_reload);
  core::Result<void> open_store();
  core::Result<void> start_watch();
  core::Result<void> start_server();
  core::Result<void> start_control();
  std::optional<std::string> find_stuck_loop() const;
  // Fails: nothing changes.
  core::Result<void> take_access(const config::Web& web);
  void take_token(const config::Config& before, const config::Config& now);

  config::Config config_;
  const std::function<control::ReloadOutcome()> ask_reload_;
  core::SystemClock clock_;
  std::mt19937_64 random_{std::random_device{}()};
  core::Guarded<std::optional<std::string>> stuck_loop_;  // as of the last tick; the server's threads read it
  metrics::Meters meters_;
  metrics::Exposition exposition_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<unpod::Credentials> credentials_;
  std::unique_ptr<watch::Watch> watch_;
  core::Guarded<std::string> shown_config_;  // in force, as the API shows it; the server's threads read it
  std::unique_ptr<page::Site> site_;
  std::unique_ptr<http::Server> server_;
  std::atomic<bool> is_stopping_ = false;
  core::Guarded<rule::Settings> rules_;       // as in force; the control socket's threads read them
  std::unique_ptr<control::Server> control_;  // null: it could not be made
};

}  // namespace runwatch::daemon
