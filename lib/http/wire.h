// One libcurl handle with the connections it keeps alive, and one exchange at a time over them.
//
// The wire holds the deadline itself, so that a name lookup that outlives it stays observable: libcurl's own timeouts
// would drop every trace of it. After any failure the wire is to be thrown away, and its connections with it.
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

class Wire {
 public:
  explicit Wire(const ClientOptions& options);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // The body of the answer takes the memory of `spare`.
  std::expected<Response, Failure> exchange(const Request& request, core::SteadyTime deadline, std::string spare,
                                            const std::stop_token& stop);

  // True when the last exchange failed because a kept-alive connection had died before it: nothing of an answer came.
  bool met_dead_connection() const { return dead_connection_; }

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

  void set_constants(const ClientOptions& options);
  bool set_request(const Request& request);
  bool set_url(const std::string& url);
  void set_headers(const Request& request);
  static void add_header(List& list, std::string_view name, std::string_view value);
  End run(core::SteadyTime deadline, const std::stop_token& stop);
  CURLcode verdict() const;
  std::expected<Response, Failure> conclude(End end, const Request& request);
  bool in_lookup() const;
  std::string phase() const;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  static int on_lookup(void* state, void* reserved, void* self) noexcept;

  std::size_t max_header_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  Receiver receiver_;
  bool looked_up_ = false;  // this exchange asked the resolver
  bool dead_connection_ = false;
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
