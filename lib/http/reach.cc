#include "http/reach.h"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string_view>

#include "http/wire.h"

namespace runwatch::http {
namespace {

template <class T>
T info(CURL* easy, CURLINFO what) {
  T value{};
  (curl_easy_getinfo)(easy, what, &value);
  return value;
}

// Of the peer's own certificate, the first one of its chain.
std::optional<core::WallTime> end_of_certificate(CURL* easy) {
  const auto* const chain = info<curl_certinfo*>(easy, CURLINFO_CERTINFO);
  if (chain == nullptr || chain->num_of_certs < 1) return std::nullopt;
  constexpr std::string_view kField = "Expire date:";
  for (const auto* field = chain->certinfo[0]; field != nullptr; field = field->next) {
    const std::string_view line = field->data;
    if (!line.starts_with(kField)) continue;
    const auto at = curl_getdate(line.data() + kField.size(), nullptr);
    if (at >= 0) return core::WallTime(std::chrono::seconds(at));
  }
  return std::nullopt;
}

}  // namespace

std::expected<Reached, Failure> reach(const std::string& url, const ClientOptions& options, core::Duration timeout) {
  start_libcurl();
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), &curl_easy_cleanup);
  CURL* const easy = handle.get();
  if (easy == nullptr) throw std::bad_alloc();
  std::array<char, CURL_ERROR_SIZE> error{};
  configure(easy, options);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error.data());
  const auto code = curl_easy_perform(easy);
  const auto peer = peer_of(url);
  if (code != CURLE_OK) {
    auto failure = explain(code, error.data(), static_cast<int>(info<long>(easy, CURLINFO_OS_ERRNO)));
    if (code == CURLE_OPERATION_TIMEDOUT) {
      failure.text = info<curl_off_t>(easy, CURLINFO_NAMELOOKUP_TIME_T) == 0
                         ? "its name was not looked up in time; check this machine's DNS"
                         : "no connection in time; check the address and the firewall";
    }
    failure.text = name_peer(failure, peer);
    return std::unexpected(std::move(failure));
  }
  const auto* const address = info<const char*>(easy, CURLINFO_PRIMARY_IP);
  return Reached{peer, address == nullptr ? "" : address, end_of_certificate(easy)};
}

}  // namespace runwatch::http
