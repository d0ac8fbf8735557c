// An HTTP/1.1 server for GET and HEAD that stays responsive under silent, dripping and non-reading peers.
//
// One thread holds the connections (Boost.Asio; a complete head is parsed by Boost.Beast) and never waits: handlers run
// on workers, TLS shakes hands on a thread of its own, and so are passwords checked that are not known to be right.
// What `ServerOptions::prompt` does not name runs on workers of its own too, so that no number of slow requests keeps a
// prompt one waiting. Every phase of a connection but the handler's has a deadline.
// Owns: its listening sockets and threads; the destructor waits for the handlers under way and for no peer. The process
// ignores SIGPIPE: TLS writes to a closed connection raise it.
// Threads: the handler is called from the workers, concurrently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "http/access.h"
#include "http/client.h"

namespace runwatch::http {

struct ServerRequest {
  std::string_view path;   // percent-decoded, without query and route_prefix
  std::string_view query;  // as received
  std::string_view host;   // the Host header
  std::string_view accept;
  std::string_view accept_encoding;
  bool head = false;  // HEAD: form the answer as for GET; the server leaves the body out
};

struct ServerResponse {
  int status = 200;  // 200 to 599
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<Header> headers;              // the framing (Content-Length, Connection, …) and Date are the server's own
  std::shared_ptr<const std::string> body;  // null: empty
};

ServerResponse text_response(int status, std::string text);

using Handler = std::function<ServerResponse(const ServerRequest&)>;

struct Endpoint {
  std::string host;        // name or address, IPv6 without brackets; `*`: every address of both families
  std::uint16_t port = 0;  // 0: any free one
};

struct ServerOptions {
  std::string host = "127.0.0.1";  // as Endpoint has it
  std::uint16_t port = 0;
  std::vector<Endpoint> also = {};  // further addresses
  AccessSettings access = {};
  std::string route_prefix = {};  // as `/runwatch`: all that is served stands below it; empty: at the root
  // Whether a path is answered without waiting for anything. Called from any thread; empty: all are.
  std::function<bool(std::string_view path)> prompt = {};
  int workers = 2;             // for prompt requests; and as many for the others, where there are any
  int max_connections = 1024;  // beyond it the connection idle longest is closed
  std::size_t max_header_bytes = std::size_t{16} * 1024;
  core::Duration header_timeout{5000};  // from the first byte of a request to its last, and for a TLS handshake
  core::Duration idle_timeout{60000};   // between requests
  // From the first byte of an answer to its last; up to a minute for who says so by
  // X-Prometheus-Scrape-Timeout-Seconds.
  core::Duration write_timeout{10000};
};

class Server {
 public:
  virtual ~Server() = default;
  // `127.0.0.1:10321`, `[::1]:10321`, in the order of the options: the ports are the real ones.
  virtual std::vector<std::string> addresses() const = 0;
  virtual std::uint16_t port() const = 0;  // of the first
  std::string address() const { return addresses().front(); }
  // Steady time of the last turn of the loop; it turns at least once a second.
  virtual core::SteadyTime last_progress() const = 0;
  // For connections and requests to come; kept connections end with their next answer. Fails: as `check_access`, and
  // nothing changes.
  virtual core::Result<void> replace_access(const AccessSettings& settings) = 0;
};

// Listens before it returns. Fails: `busy` when a port is taken, `invalid` for an address that is not ours, or files of
// `access` that cannot be used.
core::Result<std::unique_ptr<Server>> serve(const ServerOptions& options, Handler handler);

// `name;q=…` lists as in Accept and Accept-Encoding (RFC 9110 §12.5): the quality given to `name`, its type's `*`
// or `*`; -1 when it is not mentioned.
double quality(std::string_view list, std::string_view name);

}  // namespace runwatch::http
