#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "core/ascii.h"
#include "http/client.h"
#include "http/grammar.h"
#include "http/wire.h"

namespace runwatch::http {
namespace {

std::expected<Response, Failure> fail(TransportError reason, const char* text) {
  return std::unexpected(Failure{reason, text});
}

bool is_field_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// Why the request cannot be sent as it is; null when it can.
const char* unfit(const Request& request) {
  const std::string_view url = request.url;
  if (!equal_ignoring_case(url.substr(0, 7), "http://") && !equal_ignoring_case(url.substr(0, 8), "https://")) {
    return "the address is neither http:// nor https://";
  }
  if (!std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7F && c != '#'; })) {
    return "the address holds a space, a control or non-ASCII character, or a fragment";
  }
  if (request.method == Method::get && !request.body.empty()) return "a GET has no body";
  const auto bad = [](const Header& h) {
    return !is_token(h.name) || !is_field_value(h.value) || equal_ignoring_case(h.name, "content-length") ||
           equal_ignoring_case(h.name, "transfer-encoding");
  };
  if (std::ranges::any_of(request.headers, bad) || !is_field_value(request.authorization.reveal())) {
    return "a request header has a name that is no token or not the caller's to say, or a value with a line break";
  }
  return nullptr;
}

class CurlClient final : public Client {
 public:
  explicit CurlClient(ClientOptions options) : options_(std::move(options)) {}

  std::expected<Response, Failure> send(const Request& request, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(TransportError::cancelled, "the request was cancelled");
    if (const char* why = unfit(request)) return fail(TransportError::other, why);
    auto answer = lookup_hangs(request.url) ? fail(TransportError::dns, "an earlier lookup of the name still hangs")
                                            : exchange(request, stop);
    if (!answer && answer.error().reason != TransportError::cancelled) {
      answer.error().text = name_peer(answer.error(), peer_of(request.url));
    }
    return answer;
  }

 private:
  // After a Failure or an exception the wire, with its connection, is not used again.
  std::expected<Response, Failure> exchange(const Request& request, const std::stop_token& stop) {
    const auto deadline = std::chrono::steady_clock::now() + request.timeout;
    auto wire = wire_ ? std::move(wire_) : std::make_unique<Wire>(options_);
    auto answer = wire->exchange(request, deadline, take_spare(), stop);
    if (answer) {
      wire_ = std::move(wire);
    } else if (wire->lookup_hangs()) {
      lookups_.push_back({peer_of(request.url), std::move(wire)});
    }
    return answer;
  }

  // A lookup that outlived its exchange: libcurl's thread for it runs on, whatever we do.
  struct Lookup {
    std::string peer;
    std::unique_ptr<Wire> wire;
  };

  bool lookup_hangs(const std::string& url) {
    std::erase_if(lookups_, [](const Lookup& lookup) { return !lookup.wire->lookup_hangs(); });
    if (lookups_.empty()) return false;
    return std::ranges::find(lookups_, peer_of(url), &Lookup::peer) != lookups_.end();
  }

  ClientOptions options_;
  std::unique_ptr<Wire> wire_;
  std::vector<Lookup> lookups_;  // at most one for each peer
};

}  // namespace

std::string peer_of(std::string_view url) {
  const bool tls = core::lower(url[4]) == 's';
  url.remove_prefix(tls ? 8 : 7);
  url = url.substr(0, url.find_first_of("/?"));
  url.remove_prefix(url.rfind('@') + 1);
  const auto port = url.find_last_of(":]");  // a colon within brackets is an IPv6 address's own
  const bool told = port != url.npos && url[port] == ':';
  return std::string(url) + (told ? "" : tls ? ":443" : ":80");
}

void start_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::string percent_encode(std::string_view text) {
  if (text.empty()) return {};  // no length means to libcurl that a NUL ends it
  const std::unique_ptr<char, decltype(&curl_free)> encoded(
      curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())), &curl_free);
  if (!encoded) throw std::bad_alloc();
  return encoded.get();
}

std::optional<std::string_view> Response::header(std::string_view name) const {
  const auto same = [name](const Header& h) { return equal_ignoring_case(h.name, name); };
  const auto found = std::ranges::find_if(headers, same);
  return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->value);
}

std::unique_ptr<Client> make_client(ClientOptions options) {
  start_libcurl();
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace runwatch::http
