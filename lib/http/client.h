// One HTTP exchange with a hard end: a deadline and a byte cap for the whole of it.
//
// `send` asks once: no redirect is followed, no retry is made, nothing is cached. An answer belongs to its question: a
// kept-alive connection on which the peer said anything unasked, or which it closed, is not used again. What comes back
// is a complete answer or a Failure that says which part of the exchange broke; then no connection is used again,
// either. Threads: a Client belongs to one thread; only the stop token may be triggered from another. The process
// ignores SIGPIPE: TLS writes to a closed connection raise it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/secret.h"

namespace runwatch::http {

enum class TransportError {
  dns,  // no address, or an earlier lookup of this name still hangs in the system's resolver
  connect,
  tls,
  timeout,    // the deadline passed in any phase
  truncated,  // the connection or the body ended before the answer, its length, last chunk or gzip stream did
  too_large,  // status line, headers or body over their caps, compressed or inflated
  bad_http,   // not an HTTP/1.x answer, or in a coding that was not asked for
  cancelled,  // the stop token was triggered
  other,      // a request that cannot be sent as it is, and the rest
};

enum class Method { get, post };

struct Header {
  std::string name;
  std::string value;

  bool operator==(const Header&) const = default;
};

struct Failure {
  TransportError reason;
  // For a log line: one printable sentence with the peer's host and port, but nothing else of its address, and no
  // token.
  std::string text;
  int status = 0;                    // of the answer whose status line had come; 0: none had
  std::vector<Header> headers = {};  // of that answer, as far as they had come
};

struct Request {
  std::string url;  // http or https, already percent-encoded
  Method method = Method::get;
  std::vector<Header> headers = {};  // of a POST its Content-Type, too; how long it is needs none
  core::Secret authorization = {};   // value of `Authorization`; empty: not sent
  core::Duration timeout{15000};
  core::Bytes max_response = core::mib(32);  // of the body; of a gzip one, received and inflated bytes together
  // Of a POST alone; may be empty. It is sent from here, whole and with its length, within `timeout`. A peer that
  // refuses before it has read all of it is heard; one that neither reads nor refuses is a timeout.
  std::string body = {};
  // Whether the peer may get it twice, because a kept-alive connection that died may have brought it there already.
  // What may not be repeated never goes over a kept-alive connection. Unset: a GET may, a POST may not.
  std::optional<bool> repeatable = {};
};

struct Response {
  int status = 0;
  std::vector<Header> headers;  // in order of arrival; names as received
  // Inflated if it came as gzip. Its capacity exceeds its size by at least kBodyPadding, so that a parser that reads
  // past the end needs no copy.
  std::string body;

  std::optional<std::string_view> header(std::string_view name) const;  // case-insensitive, the first one
};

// The value of `Retry-After` (RFC 9110 §10.2.3): seconds or an HTTP date in any of its three forms, counted from `now`.
// A wait beyond a year is a year. Nothing for a date in the past, a negative number and what cannot be read.
std::optional<core::Duration> parse_retry_after(std::string_view value, core::WallTime now);

// Of an answer that has the header; a date is counted from the answer's own, whatever our clock says. A wait that is
// over, or that cannot be read, is a wait all the same: zero.
std::optional<core::Duration> retry_after_of(const Response& response, core::WallTime now);

// How far the answer's `Date` is ahead of our clock; nothing without one.
std::optional<core::Duration> clock_ahead_of(const Response& response, core::WallTime now);

inline constexpr std::size_t kBodyPadding = 64;

class Client {
 public:
  virtual ~Client() = default;
  // Returns within the request's timeout plus 100 ms, and within 100 ms of a stop.
  virtual std::expected<Response, Failure> send(const Request& request, std::stop_token stop) = 0;

  // Hands a body's memory back for the next answer: pages are large and come one after the other.
  void reuse(std::string body) {
    if (body.capacity() <= kLargestSpare) spare_ = std::move(body);
  }

 protected:
  std::string take_spare() { return std::exchange(spare_, {}); }

 private:
  static constexpr std::size_t kLargestSpare = std::size_t{4} << 20;
  std::string spare_;
};

struct ClientOptions {
  std::string user_agent = "runwatch";
  std::string ca_file = {};  // PEM, trusted alone; empty: the system's
  static constexpr std::string_view kEnvironment = "environment";
  std::string proxy = {};                  // http://host:port; empty: none; kEnvironment: as its variables say
  core::Bytes max_header = core::kib(64);  // status lines, all headers and trailers together
  // After it a new connection is made, and the host looked up anew: a name that moved is followed.
  core::Duration max_connection_age{120'000};
};

// Speaks through libcurl, keeps connections alive, accepts gzip.
std::unique_ptr<Client> make_client(ClientOptions options = {});

// Percent-encodes everything but unreserved characters (RFC 3986 §2.3), for one path segment or query value.
std::string percent_encode(std::string_view text);

}  // namespace runwatch::http
