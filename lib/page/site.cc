#include "page/site.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/ascii.h"
#include "http/gzip.h"
#include "page/api.h"
#include "page/assets.h"
#include "page/query.h"
#include "page/run_page.h"
#include "page/status_page.h"

namespace runwatch::page {
namespace {

constexpr std::string_view kOpenMetrics = "application/openmetrics-text";
constexpr std::string_view kMetricsPath = "/metrics";
constexpr std::size_t kLeastWorthPacking = 1024;

http::ServerResponse of_type(std::string_view content_type, std::string body) {
  http::ServerResponse response;
  response.content_type = content_type;
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

// For every answer.
void add_standing(http::ServerResponse& response) {
  const http::Header headers[] = {
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
       "form-action 'self'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Cache-Control", "no-store"},
      {"Vary", "Accept, Accept-Encoding"}};
  response.headers.insert(response.headers.end(), std::begin(headers), std::end(headers));
}

constexpr std::array<std::string_view, 5> kForPeople{"/", "/run", "/style.css", "/script.js", "/icon.svg"};
bool is_for_people(std::string_view path) { return std::ranges::find(kForPeople, path) != kForPeople.end(); }

void say_packed(http::ServerResponse& response) { response.headers.push_back({"Content-Encoding", "gzip"}); }

void pack(http::ServerResponse& response) {
  if (response.body->size() < kLeastWorthPacking) return;
  response.body = std::make_shared<const std::string>(http::gzip(*response.body));
  say_packed(response);
}

}  // namespace

std::string host_name(std::string_view host) {
  const bool bracketed = host.starts_with('[');
  const bool has_port = !bracketed && host.find(':') == host.rfind(':');  // an IPv6 address may come without brackets
  const auto end = std::min(bracketed ? host.find(']') : has_port ? host.find(':') : host.npos, host.size());
  const auto port = host.substr(std::min(end + (bracketed ? 1 : 0), host.size()));
  const bool good = (!bracketed || end < host.size()) &&
                    (port.empty() || (port.front() == ':' && std::ranges::all_of(port.substr(1), core::is_digit)));
  if (!good) return {};
  host = bracketed ? host.substr(1, end - 1) : host.substr(0, end);
  if (host.ends_with('.')) host.remove_suffix(1);
  return core::lower(host);
}

metrics::TextFormat negotiate(std::string_view accept) {
  const bool named = core::lower(accept).find(kOpenMetrics) != std::string::npos;
  const double open = http::quality(accept, kOpenMetrics);
  const bool wanted = named && open > 0 && open >= http::quality(accept, "text/plain");
  return wanted ? metrics::TextFormat::open_metrics : metrics::TextFormat::prometheus;
}

bool accepts_gzip(std::string_view accept_encoding) {
  const double gzip = http::quality(accept_encoding, "gzip");
  const bool identity_named = core::lower(accept_encoding).find("identity") != std::string::npos;
  return gzip > 0 && (!identity_named || gzip >= http::quality(accept_encoding, "identity"));
}

Site::Site(Deps deps) : deps_(std::move(deps)), own_hosts_{"localhost", "127.0.0.1", "::1"} {
  for (const auto& host : deps_.hosts) own_hosts_.push_back(host_name(host));
}

http::ServerResponse Site::answer(const http::ServerRequest& request) const {
  auto response = route(request);
  if (request.path != kMetricsPath && accepts_gzip(request.accept_encoding)) pack(response);
  add_standing(response);
  return response;
}

// The routes that answer to every Host.
http::ServerResponse Site::route_open(const http::ServerRequest& request) const {
  if (request.path == kMetricsPath) return metrics(request);
  if (request.path == "/-/healthy") return healthy();
  if (request.path == "/-/ready") return ready();
  return http::text_response(404, "There is no such page; / lists what there is.\n");
}

http::ServerResponse Site::route(const http::ServerRequest& request) const {
  const auto path = request.path;
  const bool is_api = path.starts_with("/api/");
  if (!is_api && !is_for_people(path)) return route_open(request);
  if (deps_.loopback && !is_ours(request.host)) {
    constexpr std::string_view kText = "This host name is not served. Use localhost, or add the name to server.hosts.";
    return is_api ? api_error(403, kText) : http::text_response(403, std::string(kText) + '\n');
  }
  const auto snapshot = deps_.exposition.snapshot();
  if (path == "/") {
    const auto configuration = deps_.config ? deps_.config() : std::string();
    return of_type("text/html; charset=utf-8", status_page(*snapshot, read_filter(request.query), deps_.version,
                                                           configuration, deps_.clock.wall_now()));
  }
  if (path == "/run") return run(*snapshot, request.query);
  if (path == "/style.css") return of_type("text/css; charset=utf-8", std::string(style_sheet()));
  if (path == "/script.js") return of_type("text/javascript; charset=utf-8", std::string(script()));
  if (path == "/icon.svg") return of_type("image/svg+xml", icon(request.query));
  return answer_api(request, {*snapshot, deps_.clock.wall_now(), deps_.version, deps_.ledger, deps_.config});
}

http::ServerResponse Site::run(const view::Snapshot& snapshot, std::string_view query) const {
  const Query asked(query);
  const auto now = deps_.clock.wall_now();
  const auto verdict = view::judge_run(snapshot, asked.text("space"), asked.text("run"), now);
  if (!verdict) {
    auto missing = of_type("text/html; charset=utf-8", no_run_page(deps_.version, now));
    missing.status = 404;
    return missing;
  }
  const auto ledger = ask_ledger(deps_.ledger, *verdict, query, now);
  return of_type("text/html; charset=utf-8", run_page(*verdict, snapshot, ledger, deps_.version, now));
}

http::ServerResponse Site::metrics(const http::ServerRequest& request) const {
  const auto format = negotiate(request.accept);
  const bool packed = accepts_gzip(request.accept_encoding);
  http::ServerResponse response;
  response.content_type = metrics::content_type(format);
  response.body = recent_.get(format, packed, deps_.exposition.snapshot(), deps_.clock.steady_now(), [&] {
    std::string text = deps_.exposition.render(format);
    return packed ? http::gzip(text) : text;
  });
  if (packed) say_packed(response);
  return response;
}

http::ServerResponse Site::healthy() const {
  const auto stuck = deps_.stuck_loop();
  if (!stuck) return http::text_response(200, "ok\n");
  return http::text_response(503, "The loop " + *stuck + " makes no progress.\n");
}

http::ServerResponse Site::ready() const {
  const auto snapshot = deps_.exposition.snapshot();
  if (snapshot->ready()) return http::text_response(200, "ready\n");
  return http::text_response(503, "not ready: " + snapshot->not_ready + '\n');
}

bool Site::is_ours(std::string_view host) const {
  const auto name = host_name(host);
  return !name.empty() && std::ranges::find(own_hosts_, name) != own_hosts_.end();
}

}  // namespace runwatch::page
