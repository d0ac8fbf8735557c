// An http::Client without a network: a function answers, and what was asked is kept.
#pragma once

#include <expected>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "http/client.h"

namespace runwatch::test {

using Reply = std::expected<http::Response, http::Failure>;

inline http::Response answer(int status, std::string body, std::vector<http::Header> headers = {}) {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

class FakeClient final : public http::Client {
 public:
  using Handler = std::function<Reply(const http::Request&)>;
  explicit FakeClient(Handler handler) : handler_(std::move(handler)) {}

  // Gives one reply after the other, the last one for ever.
  static Handler script(std::vector<Reply> replies) {
    return [replies = std::move(replies), at = std::size_t{0}](const http::Request&) mutable {
      const Reply& reply = replies[at];
      if (at + 1 < replies.size()) ++at;
      return reply;
    };
  }

  Reply send(const http::Request& request, std::stop_token) override {
    requests.push_back(request);
    return handler_(request);
  }

  std::vector<http::Request> requests;

 private:
  Handler handler_;
};

// The number behind `name=` in a request's query; 0 when it is not there.
inline std::uint64_t query_number(const http::Request& request, const std::string& name) {
  for (const char* before : {"?", "&"}) {
    const std::size_t at = request.url.find(before + name + "=");
    if (at != std::string::npos) return std::stoull(request.url.substr(at + name.size() + 2));
  }
  return 0;
}

}  // namespace runwatch::test
