#include "daemon/settings.h"

#include <fmt/format.h>

#include "config/token.h"
#include "version.h"

namespace runwatch::daemon {
namespace {

watch::SpaceSettings space_settings(const config::Space& space) {
  watch::SpaceSettings out;
  out.token = space.token;
  out.name = space.name;
  out.run_ids = space.runs;
  for (const auto& mode : space.run_modes) out.modes.push_back(task::parse_run_mode(mode));
  out.max_age = space.max_age;
  out.max_runs = space.max_runs;
  return out;
}

// Every request waits for its turn.
unpod::Hooks paced(watch::Pace& pace) {
  return {.admit = [&pace](std::stop_token stop) { return pace.admit(std::move(stop), [] {}).has_value(); },
          .done = {},
          .answered = [&pace](core::SteadyTime sent) { pace.answered(sent); },
          // A command does not sit out a long pause: it tells of it and goes on.
          .throttled =
              [&pace](core::SteadyTime sent, std::optional<core::Duration> wait) {
                return wait > unpod::kPatience ? *wait : pace.throttled(sent, wait);
              }};
}

}  // namespace

watch::Settings watch_settings(const config::Config& config) {
  watch::Settings out;
  out.interval = config.poll.interval;
  out.idle_interval = config.poll.idle_interval;
  out.discovery_interval = config.poll.discovery_interval;
  out.retire_after = config.poll.retire_after;
  out.retention = config.store.retention;
  for (const auto& space : config.spaces) out.spaces.push_back(space_settings(space));
  out.every_space = space_settings(config.every_space);
  return out;
}

watch::Limits watch_limits(const config::Config& config) {
  return {config.api.rate_limit, static_cast<double>(config.api.burst), config.api.concurrency, config.poll.interval};
}

unpod::ApiOptions api_options(const config::Config& config) {
  const config::Api& api = config.api;
  return {
      .base_url = api.base_url,
      .org_handle = api.org_handle.value_or(""),
      .timeout = api.timeout,
      .page_size = api.page_size,
      .max_response = api.max_response,
  };
}

unpod::Credentials::Reader token_reader(const config::Config& config) {
  if (config.api.token_source != config::TokenSource::file) return {};
  return [path = *config.api.token_path] { return config::read_token(path); };
}

std::unique_ptr<unpod::Credentials> make_credentials(const config::Config& config) {
  return std::make_unique<unpod::Credentials>(config.api.token, token_reader(config));
}

std::unique_ptr<http::Client> make_http_client() {
  return http::make_client({.user_agent = fmt::format("runwatch/{}", kVersion), .max_header = core::kib(16)});
}

Asking::Asking(const config::Config& config)
    : client(make_http_client()),
      credentials(make_credentials(config)),
      pace(config.api.rate_limit, static_cast<double>(config.api.burst), clock),
      api(api_options(config), *client, *credentials, paced(pace), clock) {}

}  // namespace runwatch::daemon
