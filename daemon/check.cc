#include <fcntl.h>
#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>

#include "config/load.h"
#include "core/log.h"
#include "core/log_sink.h"
#include "daemon/commands.h"
#include "daemon/settings.h"
#include "http/access.h"
#include "http/listen.h"
#include "notify/canonical.h"
#include "notify/format.h"
#include "store/store.h"

namespace runwatch::daemon {
namespace {

namespace fs = std::filesystem;

bool lacks_folder(const config::Store& store) {
  std::error_code ignored;
  return store.in_state_folder && !fs::exists(store.path.parent_path(), ignored);
}

core::Error cannot_make(const fs::path& folder, const std::string& reason) {
  return {core::ErrorKind::unavailable,
          fmt::format("cannot make the state folder {}: {}; make it for the user that runwatch runs as, or set "
                      "store.path",
                      folder.string(), reason)};
}

core::Result<void> could_make(const fs::path& folder) {
  fs::path above = folder;
  std::error_code ignored;
  while (!fs::exists(above, ignored)) above = above.parent_path();
  if (::faccessat(AT_FDCWD, (above / ".").c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return std::unexpected(cannot_make(folder, std::generic_category().message(errno)));
}

// A notice of the rule that says no more than each one does.
rule::Notice shortest_notice(const rule::Rule& rule) {
  rule::Notice notice;
  notice.id = notice.incident = std::string(32, '0');
  notice.space_key = std::string(64, '0');
  notice.space = std::string(32, 's');
  notice.run_id = std::string(33, 'R');
  notice.when = rule.when;
  notice.rule = rule.name;
  notice.severity = rule.severity;
  notice.labels = rule.labels;
  notice.runbook = rule.runbook;
  notice.why = std::string(100, 'w');
  return notice;
}

// What no notice can do without has to fit, or each of them would be given up.
std::optional<std::string> fault_in_size(const notify::ReceiverOptions& options, const rule::Rule& rule) {
  const bool is_told =
      rule.receivers.empty() || std::ranges::find(rule.receivers, options.name) != rule.receivers.end();
  if (!is_told) return std::nullopt;
  auto unbounded = options;
  unbounded.max_body = core::mib(64);
  const auto canonical = notify::canonical(
      shortest_notice(rule),
      {.external_url = options.external_url, .max_body = unbounded.max_body, .odd_id = {}, .included = {}});
  const auto text = notify::body(unbounded, canonical);
  const auto size = std::max(canonical.size(), text ? text->size() : 0);
  if (size <= options.max_body.count) return std::nullopt;
  return fmt::format(
      "alerts.receivers.{}: max_body is {} bytes, and a notice of the rule {} takes {} without any task: "
      "raise it, or shorten the rule's labels and runbook, or the template",
      options.name, options.max_body.count, rule.name, size);
}

// Where `serve` would find no place for its control socket, it goes on without one.
std::optional<std::string> fault_in_control(const config::Config& config) {
  if (config.control.empty()) return std::nullopt;  // beside the database, or where systemd makes the folder
  const auto folder = fs::absolute(config.control).parent_path();
  if (::faccessat(AT_FDCWD, (folder / ".").c_str(), W_OK | X_OK, AT_EACCESS) == 0) return std::nullopt;
  return fmt::format(
      "no control socket can be made in {}: {}; make the folder for the user that runwatch runs as, or "
      "set `control` to another path: without it `runwatch alerts` and `silence` find no daemon",
      folder.string(), std::generic_category().message(errno));
}

}  // namespace

std::optional<std::string> fault_in_receivers(const config::Config& config) {
  const auto settings = watch_settings(config).alerts;
  for (const auto& [options, reread] : settings.receivers) {
    if (options.type == notify::Type::custom) {
      const auto good = notify::check_template(options.custom);
      if (!good) return fmt::format("alerts.receivers.{}: {}", options.name, good.error().text);
    }
    if (options.type == notify::Type::alertmanager) continue;
    for (const auto& rule : settings.rules.rules) {
      if (auto fault = fault_in_size(options, rule)) return fault;
    }
  }
  return std::nullopt;
}

std::expected<config::Config, int> load_config(const std::filesystem::path& path) {
  auto loaded = config::load(path, config::process_environment());
  core::log::Sink out(STDERR_FILENO);  // which tells the journal their severity
  if (!loaded) {
    for (const auto& problem : loaded.error()) {
      const auto text = config::format_problem(path, problem);
      if (!out.write(LOG_ERR, text)) fmt::print(stderr, "{}\n", text);  // nothing runs that would wait with it
    }
    return std::unexpected(EX_CONFIG);
  }
  for (const auto& warning : loaded->warnings) {
    out.write(LOG_WARNING, "warning: " + config::format_problem(path, warning));
  }
  if (const auto fault = fault_in_receivers(loaded->config)) {
    out.write(LOG_ERR, path.string() + ": " + *fault);
    return std::unexpected(EX_CONFIG);
  }
  return std::move(loaded->config);
}

core::Result<void> make_state_folder(const config::Store& store) {
  if (!lacks_folder(store)) return {};
  const auto folder = store.path.parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return std::unexpected(cannot_make(folder, error.message()));
  core::log::info("made the state folder", {{"path", folder.string()}});
  return {};
}

int check_places(const config::Config& config) {
  const auto folder = config.store.path.parent_path();
  const bool makes_folder = lacks_folder(config.store);
  const auto store = makes_folder ? could_make(folder) : store::examine(config.store.path);
  const bool running = !store && store.error().kind == core::ErrorKind::busy;

  int code = EX_OK;
  const auto tell = [&code](const core::Result<void>& found, bool fault) {
    if (found) return;
    fmt::print(stderr, "{}: {}\n", fault ? "error" : "note", found.error().text);
    if (fault && code == EX_OK) code = exit_code(found.error().kind);
  };
  if (makes_folder && store) fmt::print(stderr, "note: `serve` will make the state folder {}\n", folder.string());
  tell(store, !running);
  if (const auto fault = fault_in_control(config)) fmt::print(stderr, "note: {}\n", *fault);
  tell(http::check_access(access_settings(config.server.web)), true);
  for (const auto& [host, port] : config.server.listen) {
    const auto listener = http::could_listen_on(host, port);
    if (running && !listener && listener.error().kind == core::ErrorKind::busy)
      fmt::print(stderr, "note: port {} is in use, as it is while that process serves\n", port);
    else
      tell(listener, true);
  }
  return code;
}

}  // namespace runwatch::daemon
