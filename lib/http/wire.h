// One libcurl handle with the connection it keeps alive, and one exchange at a time over it.
//
// The wire holds the deadline itself, so that a name lookup that outlives it stays observable: libcurl's own timeouts
// would drop every trace of it. After any failure the wire is to be thrown away, and its connection with it.
//
// A kept-alive connection is asked again only while it is young and quiet: what comes on it between two questions, or
// behind an answer, would be taken for the next answer by libcurl 7.88.
// Owns: the libcurl handles and whatever their callbacks touch.
// Threads: one at a time; a stop is requested from any.
#pragma once

#include <curl/curl.h>

#include <array>
#include <expected>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "http/client.h"
#include "http/receiver.h"

namespace runwatch::http {

// Whether an idle connection may be asked again: nobody said anything on it since its last answer, or closed it. False
// for a `socket` below 0. `session` is the connection's OpenSSL `SSL*`; null for a connection without TLS. What TLS 1.3
// sends whenever it likes (session tickets, new keys) is read here: it is no reason to give a connection up.
bool is_quiet(int socket, void* session);

// What libcurl says of a failed exchange, in our terms. `detail` is libcurl's error buffer, shown for TLS only, where
// nothing else tells what to mend. `system_error` is an errno or 0. The text does not name the peer.
Failure explain(CURLcode code, std::string_view detail, int system_error);

// Host and port of an http or https URL.
std::string peer_of(std::string_view url);

void start_libcurl();  // before anything else of it; from any thread

// What every connection of ours keeps to: HTTP/1.1, no redirect, no proxy but the named one, TLS 1.2 and newer, whom it
// trusts.
void configure(CURL* easy, const ClientOptions& options);

// "cannot connect to api.example.org:443: Connection refused": for a log, which may tell of several peers.
std::string name_peer(const Failure& failure, std::string_view peer);

class Wire {
 public:
  explicit Wire(const ClientOptions& options);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // The body of the answer takes the memory of `spare`.
  std::expected<Response, Failure> exchange(const Request& request, core::SteadyTime deadline, std::string spare,
                                            const std::stop_token& stop);

  // True from an exchange that ended within its name lookup until the system's resolver has answered.
  bool lookup_hangs() const;

 private:
  enum class End { done, late, stopped };
  template <auto function>
  struct Free {
    void operator()(auto* handle) const { function(handle); }
  };
  using Easy = std::unique_ptr<CURL, Free<curl_easy_cleanup>>;
  using Multi = std::unique_ptr<CURLM, Free<curl_multi_cleanup>>;
  using Url = std::unique_ptr<CURLU, Free<curl_url_cleanup>>;
  using List = std::unique_ptr<curl_slist, Free<curl_slist_free_all>>;

  void listen();
  template <class T>
  T info(CURLINFO what) const {
    T value{};
    (curl_easy_getinfo)(easy_.get(), what, &value);
    return value;
  }
  bool set_request(const Request& request);
  bool set_url(const std::string& url);
  void set_headers(const Request& request);
  static void add_header(List& list, const std::string& line);
  End run(core::SteadyTime deadline, const std::stop_token& stop);
  std::expected<Response, Failure> conclude(End end, const Request& request);
  bool may_ask();
  bool kept_alive() const;  // what this exchange goes over
  bool in_lookup() const;
  std::string phase(const Request& request) const;

  std::size_t max_header_;
  core::Duration max_age_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  Receiver receiver_;
  bool can_wake_ = false;   // libcurl has the pair of descriptors through which a stop ends its waiting
  bool looked_up_ = false;  // this exchange asked the resolver
  bool ended_ = true;       // libcurl says that the newest exchange is over: a lookup that failed hangs no more
  bool reused_ = false;     // this exchange's request went out over a kept-alive connection
  bool unfit_ = false;      // this exchange found a connection that may not be asked again
  bool excess_ = false;     // bytes came behind the last answer
  curl_socket_t socket_ = CURL_SOCKET_BAD;  // of the connection that is kept
  core::SteadyTime connected_;              // when it was made
  // As libcurl has them: most requests differ from the one before in their query alone.
  std::string url_base_;
  std::vector<Header> named_headers_;
  core::Secret authorization_;
  List headers_;
  Url url_;
  Easy easy_;
  Multi multi_;
};

}  // namespace runwatch::http
