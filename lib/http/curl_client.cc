#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "http/curl_failure.h"
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
  const auto bad = [](const Header& h) { return !is_token(h.name) || !is_field_value(h.value); };
  if (std::ranges::any_of(request.headers, bad) || !is_field_value(request.authorization.reveal())) {
    return "a request header has a name that is no token or a value with a line break";
  }
  const auto frames = [](const Header& h) {
    return equal_ignoring_case(h.name, "content-length") || equal_ignoring_case(h.name, "transfer-encoding");
  };
  if (std::ranges::any_of(request.headers, frames)) return "a request header says how long the body is";
  return nullptr;
}

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owned(text, &curl_free);
  return text;
}

// Host and port.
std::string peer_of(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parts(curl_url(), &curl_url_cleanup);
  if (!parts || curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "the address";
  return part_of(parts.get(), CURLUPART_HOST) + ":" + part_of(parts.get(), CURLUPART_PORT);
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
    std::string peer;
    std::unique_ptr<Wire> wire;
  };

  bool lookup_hangs(const std::string& url) {
    std::erase_if(lookups_, [](const Lookup& lookup) { return !lookup.wire->lookup_hangs(); });
    if (lookups_.empty()) return false;
    return std::ranges::find(lookups_, peer_of(url), &Lookup::peer) != lookups_.end();
  }

  void drop_wire(const std::string& url) {
    if (wire_->lookup_hangs()) lookups_.push_back({peer_of(url), std::move(wire_)});
    wire_.reset();
  }

  ClientOptions options_;
  std::unique_ptr<Wire> wire_;
  std::vector<Lookup> lookups_;  // at most one for each peer
};

}  // namespace

std::unique_ptr<Client> make_client(ClientOptions options) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  return std::make_unique<CurlClient>(std::move(options));
}

}  // namespace runwatch::http
