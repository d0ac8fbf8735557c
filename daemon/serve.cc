#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "config/load.h"
#include "control/reload_requests.h"
#include "core/log.h"
#include "core/text.h"
#include "daemon/app.h"
#include "daemon/commands.h"
#include "daemon/signals.h"
#include "version.h"
#include "view/snapshot.h"

namespace runwatch::daemon {
namespace {

namespace log = core::log;

constexpr core::Duration kTurn = std::chrono::seconds(1);

// As often as the service manager's watchdog wants to hear of us, twice in its time (sd_watchdog_enabled(3)).
core::Duration turn() {
  std::uint64_t limit = 0;
  if (sd_watchdog_enabled(0, &limit) <= 0) return kTurn;
  return std::min(kTurn, std::chrono::duration_cast<core::Duration>(std::chrono::microseconds(limit / 2)));
}

// The server alone may hold a thousand connections; the store and the clients must never run out of descriptors.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 8192));
  setrlimit(RLIMIT_NOFILE, &limit);
}

// A page's body is some hundred kilobytes that live for a moment: given back to the system at once they cost less
// resident memory than in an arena for each thread: 22 MB instead of 25 while 20,000 tasks are watched.
void keep_memory_small() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, 64 * 1024);
  mallopt(M_TOP_PAD, 16 * 1024);
}

// To the service manager (sd_notify(3)); nothing happens where none listens.
void notify(const std::string& text) { sd_notify(0, text.c_str()); }

void notify_reloading() {
  const std::chrono::microseconds now =
      std::chrono::floor<std::chrono::microseconds>(core::SystemClock().steady_now().time_since_epoch());
  notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.count()));
}

void notify_status(std::string_view text) { notify("STATUS=" + core::printable(text, 500)); }

// The line that `systemctl status` shows.
class Status {
 public:
  void tell(const view::Snapshot& now) {
    auto text = view::summary(now);
    if (text == told_) return;
    notify_status(text);
    told_ = std::move(text);
  }

 private:
  std::string told_;
};

core::Error refused(std::string why) { return {core::ErrorKind::invalid, std::move(why)}; }

control::ReloadOutcome reload(App& app, const std::filesystem::path& path) {
  const auto loaded = config::load(path, config::process_environment());
  if (!loaded) {
    for (const auto& problem : loaded.error()) {
      log::error("configuration not taken over", {{"problem", config::format_problem(path, problem)}});
    }
    const auto more = loaded.error().size() - 1;
    return std::unexpected(refused(config::format_problem(path, loaded.error().front()) +
                                   (more == 0 ? "" : fmt::format("; and {} more, see the log", more))));
  }
  for (const auto& warning : loaded->warnings) {
    log::warning("in the configuration", {{"warning", config::format_problem(path, warning)}});
  }
  if (const auto fault = fault_in_receivers(loaded->config)) {
    log::error("configuration not taken over", {{"problem", *fault}});
    return std::unexpected(refused(*fault));
  }
  auto done = app.reload(loaded->config);
  if (!done) {
    log::error("configuration not taken over", {{"error", done.error().text}});
    return done;
  }
  log::info("configuration reloaded",
            {{"config", path.string()}, {"changed", done->changed.empty() ? "nothing" : done->changed}});
  return done;
}

core::Result<void> run_until_stopped(App& app, const std::filesystem::path& path, Signals& signals,
                                     control::ReloadRequests& requests) {
  const auto patience = turn();
  for (Status status;;) {
    status.tell(*app.status());
    const auto signal = signals.wait(patience, requests.fd());
    if (signal == Signal::stop) return {};
    if (signal == Signal::reload) {
      notify_reloading();
      auto asked = requests.take();
      const auto outcome = reload(app, path);
      if (!outcome) app.reload_refused(outcome.error().text);
      notify("READY=1");
      control::ReloadRequests::answer(std::move(asked), outcome);
    }
    if (auto ticked = app.tick(); !ticked) return ticked;
    if (app.is_alive()) notify("WATCHDOG=1");
  }
}

int failed(const core::Error& error) {
  log::error("cannot go on", {{"error", error.text}});
  notify_status(error.text);
  return exit_code(error.kind);
}

}  // namespace

int serve(const std::filesystem::path& path, const config::Config& config,
          const std::function<void(const std::string& address)>& announce) {
  Signals signals;
  raise_file_limit();
  keep_memory_small();
  log::configure(config.log.level, config.log.format);
  log::info("starting", {{"version", kVersion}, {"config", path.string()}});
  control::ReloadRequests requests;
  auto app = App::start(config, [&requests] { return requests.ask(); });
  if (!app) return failed(app.error());
  for (const auto& address : (*app)->addresses()) log::info("listening", {{"address", address}});
  if (announce) announce((*app)->addresses().front());
  notify("READY=1");
  const auto ended = run_until_stopped(**app, path, signals, requests);
  requests.end({core::ErrorKind::busy, "runwatch is stopping"});
  notify("STOPPING=1");
  if (!ended) return failed(ended.error());
  log::info("stopping");
  app->reset();
  log::info("stopped");
  return EX_OK;
}

}  // namespace runwatch::daemon
