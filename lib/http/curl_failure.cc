#include "http/curl_failure.h"

#include <fmt/format.h>

#include <string>
#include <system_error>

#include "core/text.h"

namespace runwatch::http {
namespace {

TransportError reason_of(CURLcode code, std::string_view detail) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return TransportError::dns;
    case CURLE_COULDNT_CONNECT:
      return TransportError::connect;
    case CURLE_OPERATION_TIMEDOUT:
      return TransportError::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
      return TransportError::tls;
    case CURLE_RECV_ERROR:  // libcurl 7.88 has one code for a broken connection and for broken chunks
      return detail.find("chunked-encoding") == detail.npos ? TransportError::truncated : TransportError::bad_http;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
      return TransportError::truncated;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:  // also what libcurl 7.88 answers to a header line over its own 100 kB
      return TransportError::too_large;
    case CURLE_UNSUPPORTED_PROTOCOL:  // the URL was checked before: this is HTTP/0.9
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return TransportError::bad_http;
    default:
      return TransportError::other;
  }
}

std::string sentence(TransportError reason, CURLcode code) {
  switch (reason) {
    case TransportError::dns:
      return "the host's name has no address";
    case TransportError::connect:
      return "the connection failed";
    case TransportError::truncated:
      return code == CURLE_GOT_NOTHING ? "the peer closed without an answer" : "the connection ended within the answer";
    case TransportError::too_large:
      return code == CURLE_FILESIZE_EXCEEDED ? "the announced body exceeds the cap" : "a header line is too long";
    case TransportError::bad_http:
      return "the answer is not proper HTTP/1.x";
    default:
      return fmt::format("the exchange failed: {}", curl_easy_strerror(code));
  }
}

}  // namespace

Failure explain(CURLcode code, std::string_view detail, int system_error) {
  const TransportError reason = reason_of(code, detail);
  if (reason == TransportError::tls && !detail.empty()) {
    return {reason, fmt::format("TLS: {}", core::printable(detail, 160))};
  }
  std::string text = sentence(reason, code);
  if (system_error != 0 && reason == TransportError::connect) {
    text += fmt::format(" ({})", std::system_category().message(system_error));
  }
  return {reason, std::move(text)};
}

}  // namespace runwatch::http
