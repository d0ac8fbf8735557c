#include "daemon/doctor.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "config/small_file.h"
#include "core/certificates.h"
#include "core/clock.h"
#include "core/timestamp.h"
#include "daemon/settings.h"
#include "http/client.h"
#include "http/reach.h"
#include "notify/receiver.h"

namespace runwatch::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::uintmax_t kLeastFree = std::uintmax_t{256} << 20;
constexpr core::Duration kRenewBefore = 14 * 24h;
constexpr core::Duration kWrongClock = 30s;

// `holds`: a certificate, however it is named.
void look_at_end(const std::string& what, const std::string& holds, core::WallTime ends, Findings& findings) {
  const auto left = ends - core::SystemClock().wall_now();
  if (left <= left.zero())
    findings.bad(what, fmt::format("{} ended {} ago: have it renewed", holds, core::lasting(-left)), EX_UNAVAILABLE);
  else if (left < kRenewBefore)
    findings.bad(what, fmt::format("{} ends in {}: have it renewed", holds, core::lasting(left)), EX_UNAVAILABLE);
  else
    findings.good(what, fmt::format("{} holds for {}", holds, core::lasting(left)));
}

// Whether a connection can be made.
bool look_at_peer(const std::string& what, const std::string& url, const http::ClientOptions& options,
                  core::Duration timeout, Findings& findings) {
  const auto reached = http::reach(url, options, std::min(timeout, core::Duration(10s)));
  if (!reached) {
    findings.bad(what, reached.error().text, EX_UNAVAILABLE);
    return false;
  }
  const auto text = fmt::format("{} answers at {}", reached->peer, reached->address);
  if (!reached->certificate_ends) {
    findings.good(what, text + ", without TLS");
    return true;
  }
  look_at_end(what, text + "; its certificate", *reached->certificate_ends, findings);
  return true;
}

// By the `Date` of any answer, also of a refusal.
void look_at_clock(const config::Config& config, Findings& findings) {
  const core::SystemClock clock;
  const auto began = clock.wall_now();
  const auto answer =
      make_http_client(config.api)->send({.url = config.api.base_url + "/", .timeout = config.api.timeout}, {});
  if (!answer) return;  // that it answers is looked at elsewhere
  const auto now = clock.wall_now();
  const auto ahead = http::clock_ahead_of(*answer, began + (now - began) / 2);
  if (!ahead) return findings.good("clock", "the platform's answers have no date to compare with");
  const auto where = *ahead > ahead->zero() ? "behind" : "ahead of";
  if (std::chrono::abs(*ahead) < kWrongClock)
    return findings.good("clock", fmt::format("within {} of the platform's",
                                              core::lasting(std::max<core::Duration>(1s, std::chrono::abs(*ahead)))));
  findings.bad("clock",
               fmt::format("this machine's clock is {} {} the platform's: set it, best by NTP (timedatectl set-ntp "
                           "true); receivers may refuse signatures for it",
                           core::lasting(std::chrono::abs(*ahead)), where),
               EX_UNAVAILABLE);
}

// The server's own certificate, which scrapers and browsers refuse when it is over.
void look_at_server(const config::Config& config, Findings& findings) {
  if (!config.server.web.tls) return;
  const auto& file = config.server.web.tls->cert_file;
  const auto pem = config::read_small_file(file, core::mib(4));
  if (!pem) return findings.bad("server", file.string() + " " + pem.error().text, EX_NOINPUT);
  const auto known = core::read_certificates(*pem);
  if (!known) return findings.bad("server", file.string() + " " + known.error().text, EX_CONFIG);
  look_at_end("server", "its certificate in " + file.string(), known->ends, findings);
}

void look_at_receivers(const config::Config& config, Findings& findings) {
  for (const auto& [options, reread] : watch_settings(config).alerts.receivers) {
    const auto what = "receiver " + options.name;
    const http::ClientOptions client{.ca_file = options.ca_file, .proxy = options.proxy};
    for (const auto& url : options.credentials.urls)
      look_at_peer(what, std::string(url.reveal()), client, options.timeout, findings);
    const bool pages = options.type == notify::Type::pagerduty && options.credentials.url.empty();
    const auto url = pages ? notify::kPagerdutyUrl : options.credentials.url.reveal();
    if (!url.empty()) look_at_peer(what, std::string(url), client, options.timeout, findings);
  }
  if (config.heartbeat) look_at_peer("heartbeat", std::string(config.heartbeat->url.reveal()), {}, 10s, findings);
}

// Whether it can be opened, `check` says anyway.
void look_at_disk(const config::Config& config, Findings& findings) {
  auto folder = config.store.path.parent_path();
  std::error_code error;
  while (!std::filesystem::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  const auto space = std::filesystem::space(folder, error);
  const auto mib = static_cast<double>(space.available) / (1 << 20);
  if (error) return findings.bad("disk", fmt::format("{}: {}", folder.string(), error.message()), EX_TEMPFAIL);
  const auto text = mib < 10240 ? fmt::format("{:.0f} MiB free for {}", mib, config.store.path.string())
                                : fmt::format("{:.0f} GiB free for {}", mib / 1024, config.store.path.string());
  if (space.available >= kLeastFree) return findings.good("disk", text);
  findings.bad("disk", text + ": make room, or set store.path to another disk", EX_TEMPFAIL);
}

}  // namespace

bool look_at_surroundings(const config::Config& config, Findings& findings) {
  look_at_disk(config, findings);
  look_at_server(config, findings);
  const bool reached =
      look_at_peer("platform", config.api.base_url, client_options(config.api), config.api.timeout, findings);
  if (reached) look_at_clock(config, findings);
  look_at_receivers(config, findings);
  return reached;
}

}  // namespace runwatch::daemon
