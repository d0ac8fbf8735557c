#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "http/wire.h"

namespace runwatch::http {
namespace {

std::unexpected<Failure> fail(TransportError reason, const char* text) {
  return std::unexpected(Failure{reason, text});
}

bool starts_with_scheme(std::string_view url, std::string_view scheme) {
  return url.size() > scheme.size() && strncasecmp(url.data(), scheme.data(), scheme.size()) == 0;
}

bool is_token(std::string_view name) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kSigns.contains(c);
  };
  return !name.empty() && std::ranges::all_of(name, fits);
}

bool is_field_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// Why the request cannot be sent as it is; null when it can.
const char* unfit(const Request& request) {
  if (!starts_with_scheme(request.url, "http://") && !starts_with_scheme(request.url, "https://")) {
    return "the address is neither http:// nor https://";
  }
  if (!std::ranges::all_of(request.url, [](char c) { return c > ' ' && c < 0x7F && c != '#'; })) {
    return "the address holds a space, a control or non-ASCII character, or a fragment";
  }
  const auto bad = [](const Header& h) { return !is_token(h.name) || !is_field_value(h.value); };
  if (std::ranges::any_of(request.headers, bad) || !is_field_value(request.authorization.reveal())) {
    return "a request header has a name that is no token or a value with a line break";
  }
  return nullptr;
}

std::string host_of(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts(curl_url(), &curl_url_cleanup);
  char* host = nullptr;
  if (!parts || curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_get(parts.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
    return {};
  }
  const std::unique_ptr<char, decltype(&curl_free)> owned(host, &curl_free);
  return host;
}

class CurlClient final : public Client {
 public:
  explicit CurlClient(ClientOptions options) : options_(std::move(options)) {}

  std::expected<Response, Failure> send(const Request& request, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(TransportError::cancelled, "the request was cancelled");
    if (const char* why = unfit(request)) return fail(TransportError::other, why);
    if (lookup_hangs(request.url)) {
      return fail(TransportError::dns, "an earlier lookup of the host's name still hangs");
    }
    return exchange(request, stop);
  }

 private:
  // After a Failure or an exception the wire, with its connection, is not used again.
  std::expected<Response, Failure> exchange(const Request& request, const std::stop_token& stop) try {
    const auto deadline = std::chrono::steady_clock::now() + request.timeout;
    if (!wire_) wire_ = std::make_unique<Wire>(options_);
    auto answer = wire_->exchange(request, deadline, take_spare(), stop);
    if (!answer) drop_wire(request.url);
    return answer;
  } catch (...) {
    wire_.reset();
    throw;
  }

  // A lookup that outlived its exchange: libcurl's thread for it runs on, whatever we do.
  struct Lookup {
    std::string host;
    std::unique_ptr<Wire> wire;
  };

  bool lookup_hangs(const std::string& url) {
    std::erase_if(lookups_, [](const Lookup& lookup) { return !lookup.wire->lookup_hangs(); });
    if (lookups_.empty()) return false;
    return std::ranges::find(lookups_, host_of(url), &Lookup::host) != lookups_.end();
  }

  void drop_wire(const std::string& url) {
    if (wire_->lookup_hangs()) lookups_.push_back({host_of(url), std::move(wire_)});
    wire_.reset();
  }

  ClientOptions options_;
  std::unique_ptr<Wire> wire_;
  std::vector<Lookup> lookups_;  // at most one for each host
};

}  // namespace

std::unique_ptr<Client> make_client(ClientOptions options) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace runwatch::http
