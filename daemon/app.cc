#include "daemon/app.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include "config/address.h"
#include "config/show.h"
#include "core/log.h"
#include "core/text.h"
#include "daemon/answers.h"
#include "daemon/ledger_queries.h"
#include "daemon/settings.h"
#include "version.h"

namespace runwatch::daemon {
namespace {

constexpr core::Duration kServerSlack = std::chrono::seconds(30);

// Scrapers, and whoever else connects, never take the descriptors that the store and the fetchers need.
int connections_within_file_limit(std::size_t fetchers) {
  constexpr rlim_t kFetcher = 8;  // its connection, the pair that wakes it, and a lookup's
  constexpr rlim_t kOwn = 16;     // to come: the server's, the store's when it opens anew, files read again
  constexpr rlim_t kFewest = 4;
  const auto most = static_cast<rlim_t>(http::ServerOptions{}.max_connections);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return static_cast<int>(most);
  std::error_code ignored;
  const std::filesystem::directory_iterator open("/proc/self/fd", ignored);
  const auto taken = static_cast<rlim_t>(std::distance(begin(open), end(open))) + kOwn + kFetcher * fetchers;
  return static_cast<int>(std::clamp(limit.rlim_cur - std::min(limit.rlim_cur, taken), kFewest, most));
}

}  // namespace

core::Result<std::unique_ptr<App>> App::start(const config::Config& config,
                                              std::function<control::ReloadOutcome()> ask_reload) {
  std::unique_ptr<App> app(new App(config, std::move(ask_reload)));
  if (auto opened = app->open_store(); !opened) return std::unexpected(std::move(opened.error()));
  if (auto watching = app->start_watch(); !watching) return std::unexpected(std::move(watching.error()));
  if (auto serving = app->start_server(); !serving) return std::unexpected(std::move(serving.error()));
  app->watch_->run();
  // Without it everything goes on but `runwatch alerts` and `runwatch silence`: no reason to watch nothing.
  if (const auto controlled = app->start_control(); !controlled) {
    core::log::error("commands cannot ask this daemon", {{"error", controlled.error().text}});
  }
  app->meters_.config_reloaded(true, app->clock_.wall_now());
  app->watch_->note_reload({.at = app->clock_.wall_now()});
  return app;
}

App::App(const config::Config& config, std::function<control::ReloadOutcome()> ask_reload)
    : config_(config),
      ask_reload_(std::move(ask_reload)),
      meters_({.version = kVersion, .revision = kRevision, .compiler = kCompiler}),
      exposition_({.max_series = config.poll.max_series, .created_series = config.server.created_series}, meters_) {}

App::~App() { is_stopping_ = true; }

core::Result<void> App::open_store() {
  if (auto made = make_state_folder(config_.store); !made) return made;
  auto store = store::Store::open(config_.store.path);
  if (!store) return std::unexpected(std::move(store.error()));
  store_ = std::move(*store);
  return {};
}

core::Result<void> App::start_watch() {
  credentials_ = make_credentials(config_);
  watch_ = std::make_unique<watch::Watch>(
      watch_settings(config_), api_options(config_), watch_limits(config_),
      watch::Watch::Deps{
          .clock = clock_,
          .store = *store_,
          .meters = meters_,
          .exposition = exposition_,
          .credentials = *credentials_,
          .make_client = [api = config_.api] { return make_http_client(api); },
          .random = [this] { return std::uniform_real_distribution<double>(0, 1)(random_); },
          .make_courier_client = make_courier_client,
      });
  return watch_->load();
}

core::Result<void> App::start_server() {
  shown_config_.with([&](auto& text) { text = config::show_json(config_); });
  const auto& listen = config_.server.listen;
  auto hosts = config_.server.hosts;
  for (const auto& [host, port] : listen) hosts.push_back(host);
  site_ = std::make_unique<page::Site>(page::Site::Deps{
      .exposition = exposition_,
      .clock = clock_,
      .version = kVersion,
      .stuck_loop = [this] { return stuck_loop_.with([](const auto& loop) { return loop; }); },
      // What listens elsewhere too is no secret of this machine's.
      .loopback = std::ranges::all_of(listen, config::is_loopback, &config::Listen::host),
      .hosts = std::move(hosts),
      .ledger = ledger_queries(*watch_),
      .config = [this] { return shown_config_.with([](const auto& text) { return text; }); },
  });
  std::vector<http::Endpoint> also;
  for (const auto& [host, port] : std::span(listen).subspan(1)) also.push_back({host, port});
  auto server = http::serve({.host = listen.front().host,
                             .port = listen.front().port,
                             .also = std::move(also),
                             .access = access_settings(config_.server.web),
                             .route_prefix = config_.server.route_prefix,
                             .prompt = [](std::string_view path) { return page::Site::is_prompt(path); },
                             .max_connections = connections_within_file_limit(config_.api.concurrency)},
                            [this](const http::ServerRequest& request) { return site_->answer(request); });
  if (!server) return std::unexpected(std::move(server.error()));
  server_ = std::move(*server);
  return {};
}

core::Result<void> App::start_control() {
  rules_.with([&](auto& rules) { rules = config_.alerts; });
  const auto path = config::control_socket(config_);
  auto handler = answers(
      *watch_, [this] { return exposition_.snapshot(); },
      [this] { return rules_.with([](const auto& rules) { return rules; }); });
  answer_about_daemon(handler, *watch_,
                      {.snapshot = [this] { return exposition_.snapshot(); },
                       .stuck_loop = [this] { return stuck_loop_.with([](const auto& loop) { return loop; }); },
                       .reload = ask_reload_,
                       .is_stopping = [this] { return is_stopping_.load(); },
                       .database = config_.store.path});
  auto server = control::Server::listen(path, config_.store.path, std::move(handler));
  if (!server) return std::unexpected(std::move(server.error()));
  control_ = std::move(*server);
  return {};
}

std::optional<std::string> App::find_stuck_loop() const {
  if (clock_.steady_now() - server_->last_progress() > kServerSlack) return "server";
  return watch_->stuck_loop();
}

core::Result<void> App::tick() {
  if (auto failure = watch_->failure()) return std::unexpected(std::move(*failure));
  const auto age = std::chrono::duration_cast<core::Duration>(clock_.steady_now() - server_->last_progress());
  meters_.progress(metrics::Loop::server, clock_.wall_now() - age);
  watch_->report_progress();
  auto stuck = find_stuck_loop();
  stuck_loop_.with([&](auto& loop) { loop = std::move(stuck); });
  return {};
}

bool App::is_alive() const {
  return stuck_loop_.with([](const auto& loop) { return !loop.has_value(); });
}

core::Result<void> App::take_access(const config::Web& web) {
  if (web == config_.server.web) return {};
  if (auto replaced = server_->replace_access(access_settings(web)); !replaced) return replaced;
  config_.server.web = web;
  return {};
}

void App::take_token(const config::Config& before, const config::Config& now) {
  if (now.api.token == before.api.token && now.api.token_path == before.api.token_path) return;
  credentials_->replace(now.api.token, token_reader(now));
}

control::ReloadOutcome App::reload(const config::Config& config) {
  std::vector<std::string> changed = config::changed_keys(config_, config);
  const auto waiting =
      std::ranges::stable_partition(changed, [](const auto& key) { return !config::needs_restart(key); });
  if (!waiting.empty()) {
    core::log::warning("changes with a restart only", {{"keys", fmt::format("{}", fmt::join(waiting, ", "))}});
  }
  const std::vector<std::string> needs_restart(waiting.begin(), waiting.end());
  changed.erase(waiting.begin(), waiting.end());
  config::Config next = config;
  const auto before = config_;
  if (auto taken = take_access(next.server.web); !taken) return std::unexpected(std::move(taken.error()));
  next.server = config_.server;
  next.api.ca_file = config_.api.ca_file;
  next.api.proxy = config_.api.proxy;
  next.store.path = config_.store.path;
  next.poll.max_series = config_.poll.max_series;
  next.control = config_.control;
  take_token(config_, next);
  auto done = watch_->reconfigure(watch_settings(next), api_options(next), watch_limits(next));
  if (!done) {
    take_token(next, before);
    std::ignore = take_access(before.server.web);
    return std::unexpected(std::move(done.error()));
  }
  core::log::configure(next.log.level, next.log.format);
  config_ = std::move(next);
  rules_.with([&](auto& rules) { rules = config_.alerts; });
  shown_config_.with([&](auto& text) { text = config::show_json(config_); });
  meters_.config_reloaded(true, clock_.wall_now());
  watch_->note_reload({.at = clock_.wall_now(), .changed = changed, .needs_restart = needs_restart});
  return control::Reloaded{fmt::format("{}", fmt::join(changed, ", ")),
                           fmt::format("{}", fmt::join(needs_restart, ", ")), *done};
}

void App::reload_refused(const std::string& why) {
  meters_.config_reloaded(false, clock_.wall_now());
  watch_->note_reload({.at = clock_.wall_now(), .accepted = false, .problem = core::printable(why, 500)});
}

}  // namespace runwatch::daemon
