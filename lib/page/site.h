// What the server answers: /metrics, health, the status page and the JSON API, all out of the last published snapshot.
//
// No answer is older than the snapshot. On a loopback listener the page and the API answer only to names of this
// machine: a page of another origin that has its name point here (DNS rebinding) gets nothing. /metrics and /-/ answer
// to every name. Threads: `answer` from any, concurrently.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/guarded.h"
#include "http/server.h"
#include "metrics/exposition.h"
#include "metrics/text.h"
#include "view/ledger_query.h"
#include "view/snapshot.h"

namespace runwatch::page {

// The last bytes of each form of /metrics, for all who ask at nearly the same time: hundreds of requests at once cost
// one rendering, and whoever does not read holds the same bytes as the others. What is handed out is never older than
// the snapshot, and the meters in it are at most `kSharedFor` old. Threads: any, concurrently.
class Recent {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  using Snapshot = std::shared_ptr<const view::Snapshot>;

  static constexpr auto kSharedFor = std::chrono::milliseconds(50);

  // Those made of this snapshot not long before `now`, else what `make()` returns.
  template <class Make>
  Bytes get(metrics::TextFormat format, bool packed, const Snapshot& snapshot, core::SteadyTime now, Make&& make) {
    const auto form = 2 * static_cast<std::size_t>(format) + (packed ? 1 : 0);
    auto last = forms_.with([form](const auto& forms) { return forms.at(form); });
    if (last.bytes && last.of == snapshot && now - last.made < kSharedFor) return last.bytes;
    Form fresh{snapshot, now, std::make_shared<const std::string>(make())};
    forms_.with([&](auto& forms) { forms.at(form) = fresh; });
    return fresh.bytes;
  }

 private:
  struct Form {
    Snapshot of;
    core::SteadyTime made{};
    Bytes bytes;
  };
  core::Guarded<std::array<Form, 4>> forms_;
};

class Site {
 public:
  struct Deps {
    const metrics::Exposition& exposition;
    const core::Clock& clock;
    std::string version;
    std::function<std::optional<std::string>()> stuck_loop;  // names a loop that makes no progress
    bool loopback = true;                                    // the listener is reachable from this machine alone
    std::vector<std::string> hosts;                          // further values of Host, with or without a port
    view::LedgerQueries ledger{};                            // each may be empty: then it is answered 503
    std::function<std::string()> config{};                   // what is in force, JSON, secrets masked; as those
  };

  explicit Site(Deps deps);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  http::ServerResponse answer(const http::ServerRequest& request) const;
  // What is answered from bytes at hand: nothing slow may keep it waiting.
  static bool is_prompt(std::string_view path) { return path == "/metrics" || path.starts_with("/-/"); }

 private:
  http::ServerResponse route(const http::ServerRequest& request) const;
  http::ServerResponse route_open(const http::ServerRequest& request) const;
  http::ServerResponse metrics(const http::ServerRequest& request) const;
  http::ServerResponse run(const view::Snapshot& snapshot, std::string_view query) const;
  http::ServerResponse healthy() const;
  http::ServerResponse ready() const;
  bool is_ours(std::string_view host) const;

  Deps deps_;
  mutable Recent recent_;
  std::vector<std::string> own_hosts_;  // as host_name gives them
};

// A value of Host without its port and trailing dot, in lower case; an IPv6 address without brackets. Empty for what is
// none.
std::string host_name(std::string_view host);

// OpenMetrics only when Accept names it, with a quality not below text/plain's.
metrics::TextFormat negotiate(std::string_view accept);

// Whether gzip is accepted, and at least as welcome as no coding.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace runwatch::page
