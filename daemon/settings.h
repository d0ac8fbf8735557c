// The configuration, as each room needs it.
#pragma once

#include <memory>

#include "config/config.h"
#include "http/access.h"
#include "http/client.h"
#include "unpod/api.h"
#include "watch/settings.h"
#include "watch/watch.h"

namespace runwatch::daemon {

watch::Settings watch_settings(const config::Config& config);
watch::Limits watch_limits(const config::Config& config);
unpod::ApiOptions api_options(const config::Config& config);
// Reads the token's file again; empty where the token came from elsewhere.
unpod::Credentials::Reader token_reader(const config::Config& config);
std::unique_ptr<unpod::Credentials> make_credentials(const config::Config& config);
http::AccessSettings access_settings(const config::Web& web);
// With what `api` trusts and goes by.
http::ClientOptions client_options(const config::Api& api);
std::unique_ptr<http::Client> make_http_client(const config::Api& api);
std::unique_ptr<http::Client> make_courier_client(const std::string& ca_file, const std::string& proxy);

// Makes the state folder, mode 0700, where the configuration leaves the store's place to us and it is missing; says so.
// Fails: `unavailable`.
core::Result<void> make_state_folder(const config::Store& store);

// What a command needs that asks the platform itself, from one thread.
struct Asking {
  explicit Asking(const config::Config& config);

  core::SystemClock clock;
  std::unique_ptr<http::Client> client;
  std::unique_ptr<unpod::Credentials> credentials;
  watch::Pace pace;
  unpod::Api api;
};

}  // namespace runwatch::daemon
