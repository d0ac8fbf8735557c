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

notify::Credentials to_credentials(config::ReceiverType type, config::ReceiverSecrets secrets) {
  notify::Credentials out;
  if (type == config::ReceiverType::alertmanager) {
    out.urls = std::move(secrets.urls);
  } else if (!secrets.urls.empty()) {
    out.url = std::move(secrets.urls.front());
  }
  out.secrets = std::move(secrets.secrets);
  out.authorization = std::move(secrets.authorization);
  return out;
}

watch::ReceiverSettings receiver_settings(const config::Receiver& receiver, const std::string& external_url) {
  static_assert(config::kReceiverTypeNames == notify::kTypeNames);
  watch::ReceiverSettings out;
  auto& options = out.options;
  options.name = receiver.name;
  options.type = static_cast<notify::Type>(receiver.type);  // the same types in the same order
  options.credentials = to_credentials(receiver.type, receiver.secrets);
  for (const auto& [name, value] : receiver.headers) options.headers.push_back({name, value});
  options.timeout = receiver.timeout;
  options.rate_limit = receiver.rate_limit;
  options.max_body = receiver.max_body;
  options.ca_file = receiver.ca_file;
  options.proxy = receiver.proxy;
  options.include = receiver.include;
  options.include_task = receiver.include_task;
  options.custom = receiver.custom_body;
  options.external_url = external_url;
  if (receiver.url_file || receiver.secrets_file || receiver.authorization_file) {
    out.reread = [receiver]() -> core::Result<notify::Credentials> {
      auto secrets = config::read_receiver_secrets(receiver);
      if (!secrets) return std::unexpected(std::move(secrets.error()));
      return to_credentials(receiver.type, std::move(*secrets));
    };
  }
  return out;
}

watch::AlertSettings alert_settings(const config::Config& config) {
  watch::AlertSettings out;
  out.rules = config.alerts;
  for (const auto& receiver : config.receivers) {
    out.receivers.push_back(receiver_settings(receiver, config.alerts.external_url));
  }
  out.outbox_max = config.outbox_max;
  if (config.heartbeat) {
    out.heartbeat = {config.heartbeat->interval, config.heartbeat->url,
                     [heartbeat = *config.heartbeat] { return config::read_heartbeat_url(heartbeat); }};
  }
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
  out.alerts = alert_settings(config);
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

http::AccessSettings access_settings(const config::Web& web) {
  http::AccessSettings out;
  out.users = web.users;
  for (const auto& [name, value] : web.headers) out.headers.push_back({name, value});
  if (!web.tls) return out;
  // The same words in the same order.
  static_assert(static_cast<int>(config::ClientAuth::checked) == static_cast<int>(http::ClientCertificate::checked));
  static_assert(static_cast<int>(config::TlsVersion::tls13) == static_cast<int>(http::TlsVersion::tls13));
  out.tls = {.cert_file = web.tls->cert_file,
             .key_file = web.tls->key_file,
             .client = static_cast<http::ClientCertificate>(web.tls->client_auth),
             .client_ca_file = web.tls->client_ca_file,
             .client_names = web.tls->client_allowed_sans,
             .oldest = static_cast<http::TlsVersion>(web.tls->min_version),
             .newest = static_cast<http::TlsVersion>(web.tls->max_version),
             .cipher_suites = web.tls->cipher_suites,
             .curves = web.tls->curve_preferences,
             .prefer_own_ciphers = web.tls->prefer_server_cipher_suites};
  return out;
}

http::ClientOptions client_options(const config::Api& api) {
  return {.user_agent = fmt::format("runwatch/{}", kVersion),
          .ca_file = api.ca_file,
          .proxy = api.proxy,
          .max_header = core::kib(16)};
}

std::unique_ptr<http::Client> make_http_client(const config::Api& api) {
  return http::make_client(client_options(api));
}

std::unique_ptr<http::Client> make_courier_client(const std::string& ca_file, const std::string& proxy) {
  return http::make_client({.user_agent = fmt::format("runwatch/{}", kVersion),
                            .ca_file = ca_file,
                            .proxy = proxy,
                            .max_header = core::kib(16)});
}

Asking::Asking(const config::Config& config)
    : client(make_http_client(config.api)),
      credentials(make_credentials(config)),
      pace(config.api.rate_limit, static_cast<double>(config.api.burst), clock),
      api(api_options(config), *client, *credentials, paced(pace), clock) {}

}  // namespace runwatch::daemon
