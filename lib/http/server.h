// An HTTP/1.1 server for GET and HEAD that stays responsive under silent, dripping and non-reading peers.
//
// An epoll front of our own holds the connections, with caps on their number, their header bytes and their time; two
// workers let cpp-httplib parse each fully buffered request, route it to the handler and form the answer.
// Owns: its listening socket and threads; the destructor waits for the handlers under way and for no peer.
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
#include "http/client.h"

namespace runwatch::http {

struct ServerRequest {
  std::string_view path;   // percent-decoded, without query
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

struct ServerOptions {
  std::string host = "127.0.0.1";  // name or address, IPv6 without brackets
  std::uint16_t port = 0;          // 0: any free one
  int workers = 2;
  int max_connections = 1024;  // beyond it the connection idle longest is closed
  std::size_t max_header_bytes = std::size_t{16} * 1024;
  core::Duration header_timeout{5000};  // from the first byte of a request to its last
  core::Duration idle_timeout{60000};   // between requests
  core::Duration write_timeout{10000};  // from the first byte of an answer to its last
};

class Server {
 public:
  virtual ~Server() = default;
  // `127.0.0.1:10321`, `[::1]:10321`: the port is the real one.
  virtual std::string address() const = 0;
  virtual std::uint16_t port() const = 0;
  // Steady time of the last turn of the front's loop; it turns at least once a second.
  virtual core::SteadyTime last_progress() const = 0;
};

// Listens before it returns. Fails: `busy` when the port is taken, `invalid` for an address that is not ours.
core::Result<std::unique_ptr<Server>> serve(const ServerOptions& options, Handler handler);

// `name;q=…` lists as in Accept and Accept-Encoding (RFC 9110 §12.5): the quality given to `name`, its type's `*`
// or `*`; -1 when it is not mentioned.
double quality(std::string_view list, std::string_view name);

}  // namespace runwatch::http
