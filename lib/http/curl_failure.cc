#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "core/text.h"
#include "http/wire.h"

namespace runwatch::http {
namespace {

struct Meaning {
  CURLcode code;
  TransportError error;
  const char* text;  // behind what else is known
};

using enum TransportError;

constexpr Meaning kMeanings[] = {
    {CURLE_COULDNT_RESOLVE_HOST, dns, "the name has no address; check it, and this machine's DNS"},
    {CURLE_COULDNT_RESOLVE_PROXY, dns, "the proxy's name has no address; check it, and this machine's DNS"},
    {CURLE_PROXY, connect, "the proxy does not let us through"},
    {CURLE_COULDNT_CONNECT, connect, "check the host, the port and the network"},
    {CURLE_OPERATION_TIMEDOUT, timeout, "libcurl gave up"},
    {CURLE_SSL_CONNECT_ERROR, tls, "check that it speaks TLS 1.2 or newer on this port"},
    {CURLE_PEER_FAILED_VERIFICATION, tls, "check its certificate, and this machine's CA certificates and clock"},
    {CURLE_SSL_CACERT_BADFILE, tls, "check the file of CA certificates"},
    {CURLE_RECV_ERROR, truncated, "the connection ended within the answer"},
    {CURLE_SEND_ERROR, truncated, "the connection ended within the request"},
    {CURLE_PARTIAL_FILE, truncated, "the connection ended within the answer"},
    {CURLE_GOT_NOTHING, truncated, "the peer closed without an answer"},
    {CURLE_FILESIZE_EXCEEDED, too_large, "the announced body exceeds the cap"},
    {CURLE_OUT_OF_MEMORY, too_large, "a header line is too long"},  // over libcurl 7.88's own 100 kB
    // The URL was checked before: this is HTTP/0.9.
    {CURLE_UNSUPPORTED_PROTOCOL, bad_http, "the answer is not proper HTTP/1.x"},
    {CURLE_WEIRD_SERVER_REPLY, bad_http, "the answer is not proper HTTP/1.x"},
    {CURLE_BAD_CONTENT_ENCODING, bad_http, "the answer is not proper HTTP/1.x"},
};

}  // namespace

Failure explain(CURLcode code, std::string_view detail, int system_error) {
  // libcurl 7.88 has one code for a broken connection and for broken chunks.
  if (code == CURLE_RECV_ERROR && detail.contains("chunked-encoding")) code = CURLE_WEIRD_SERVER_REPLY;
  if (code == CURLE_RECV_ERROR && detail.contains("CONNECT tunnel")) code = CURLE_PROXY;
  const auto* const known = std::ranges::find(kMeanings, code, &Meaning::code);
  const TransportError error = known == std::end(kMeanings) ? other : known->error;
  if (system_error == EMFILE || system_error == ENFILE) {
    return {error, "too many open files; raise their limit (LimitNOFILE= of the unit, ulimit -n)"};
  }
  if (error == other) return {error, fmt::format("the exchange failed: {}", curl_easy_strerror(code))};
  std::string text = known->text;
  if (error == connect && system_error != 0) text = std::system_category().message(system_error) + "; " + text;
  if (error == tls) text = core::printable(detail, 160) + "; " + text;
  return {error, std::move(text)};
}

std::string name_peer(const Failure& failure, std::string_view peer) {
  constexpr std::array kVerdicts = {"cannot connect to",      "cannot connect to",   "no TLS with",
                                    "no answer in time from", "no good answer from", "no good answer from",
                                    "no good answer from",    "stopped asking",      "cannot ask"};
  return fmt::format("{} {}: {}", kVerdicts.at(static_cast<std::size_t>(failure.reason)), peer, failure.text);
}

}  // namespace runwatch::http
