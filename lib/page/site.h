// What the server answers: /metrics, health, the status page and the JSON API, all out of the last published snapshot.
//
// No answer is older than the snapshot. On a loopback listener the page and the API answer only to names of this
// machine: a page of another origin that has its name point here (DNS rebinding) gets nothing. /metrics and /-/ answer
// to every name. Threads: `answer` from any, concurrently.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "http/server.h"
#include "metrics/exposition.h"
#include "page/recent.h"

namespace runwatch::page {

class Site {
 public:
  struct Deps {
    const metrics::Exposition& exposition;
    const core::Clock& clock;
    std::string version;
    std::function<std::optional<std::string>()> stuck_loop;  // names a loop that makes no progress
    bool loopback = true;                                    // the listener is reachable from this machine alone
    std::vector<std::string> hosts;                          // further values of Host, with or without a port
    std::string listen_host = {};                            // as configured
  };

  explicit Site(Deps deps);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  http::ServerResponse answer(const http::ServerRequest& request) const;

 private:
  http::ServerResponse route(const http::ServerRequest& request) const;
  http::ServerResponse route_open(const http::ServerRequest& request) const;
  http::ServerResponse metrics(const http::ServerRequest& request) const;
  http::ServerResponse healthy() const;
  http::ServerResponse ready() const;
  bool is_ours(std::string_view host) const;

  Deps deps_;
  mutable Recent recent_;
  std::vector<std::string> own_hosts_;  // as host_name gives them
};

// A value of Host without its port and trailing dot, in lower case; an IPv6 address without brackets.
std::string host_name(std::string_view host);

// OpenMetrics only when Accept names it, with a quality not below text/plain's.
metrics::TextFormat negotiate(std::string_view accept);

// Whether gzip is accepted, and at least as welcome as no coding.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace runwatch::page
