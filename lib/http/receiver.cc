#include "http/receiver.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/ascii.h"

namespace runwatch::http {
namespace {

using core::equal_ignoring_case;

constexpr std::size_t kMaxHeaders = 512;
constexpr std::size_t kUsualHeaders = 16;
constexpr std::size_t kKeptBuffer = std::size_t{4} << 20;  // a larger one is given back after use

// In the order of InflateError.
constexpr std::pair<TransportError, const char*> kInflateErrors[] = {
    {TransportError::bad_http, "the body is said to be gzip but is not"},
    {TransportError::truncated, "the gzip body ends early or is damaged"},
    {TransportError::bad_http, "foreign bytes follow the gzip body"},
    {TransportError::too_large, "the gzip body inflates beyond the cap"},
};

}  // namespace

void Receiver::begin(std::size_t max_header, std::size_t max_body, std::string spare) {
  phase_ = Phase::status;
  max_header_ = max_header;
  max_body_ = max_body;
  header_bytes_ = 0;
  received_ = 0;
  packed_body_ = false;
  packed_.clear();
  response_ = {};
  response_.body = std::move(spare);
  response_.body.clear();
  refusal_.reset();
}

bool Receiver::refuse(TransportError reason, std::string text) {
  if (!refusal_) refusal_ = Failure{reason, std::move(text)};
  return false;
}

bool Receiver::take_header(std::string_view line) {
  if (refusal_) return false;
  header_bytes_ += line.size();
  if (header_bytes_ > max_header_) {
    return refuse(TransportError::too_large, fmt::format("the headers exceed {} bytes", max_header_));
  }
  if (phase_ == Phase::status) return take_status(line);
  if (phase_ == Phase::body) return true;  // a trailer: whoever reads headers has read them already
  if (core::trim(line).empty()) return end_headers();
  return take_field(line);
}

bool Receiver::take_status(std::string_view line) {
  constexpr std::size_t kCode = std::string_view("HTTP/1.1 ").size();
  const bool known = line.starts_with("HTTP/1.") && line.size() > kCode + 3 && line[kCode - 1] == ' ';
  const auto digits = known ? line.substr(kCode, line.find_first_of(" \t\r\n", kCode) - kCode) : std::string_view();
  const int status = core::parse_number<int>(digits).value_or(0);
  if (digits.size() != 3 || status < 100) return refuse(TransportError::bad_http, "the answer is not HTTP/1.x");
  response_.status = status;
  response_.headers.reserve(kUsualHeaders);
  phase_ = Phase::headers;
  return true;
}

bool Receiver::take_field(std::string_view line) {
  auto& headers = response_.headers;
  if (line.front() == ' ' || line.front() == '\t') {  // the fold of RFC 9112 §5.2: more of the value before
    if (!headers.empty()) headers.back().value.append(" ").append(core::trim(line));
    return true;
  }
  if (headers.size() == kMaxHeaders) {
    return refuse(TransportError::too_large, fmt::format("the answer has over {} headers", kMaxHeaders));
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(TransportError::bad_http, "a header line has no colon");
  headers.push_back({std::string(line.substr(0, colon)), std::string(core::trim(line.substr(colon + 1)))});
  return true;
}

bool Receiver::end_headers() {
  if (response_.status == 101) return refuse(TransportError::bad_http, "the peer switched protocols unasked");
  if (response_.status < 200) {
    response_ = {};
    phase_ = Phase::status;
    return true;
  }
  phase_ = Phase::body;
  return check_codings();
}

// libcurl undoes a gzip transfer coding by itself and takes a truncated one for complete: only `chunked` may pass.
bool Receiver::check_codings() {
  for (const auto& [name, value] : response_.headers) {
    if (equal_ignoring_case(name, "transfer-encoding") && !equal_ignoring_case(value, "chunked") &&
        !equal_ignoring_case(value, "identity")) {
      return refuse(TransportError::bad_http, "the answer has a transfer coding that was not asked for");
    }
    if (!equal_ignoring_case(name, "content-encoding") || value.empty() || equal_ignoring_case(value, "identity"))
      continue;
    if (packed_body_ || !(equal_ignoring_case(value, "gzip") || equal_ignoring_case(value, "x-gzip"))) {
      return refuse(TransportError::bad_http, "the answer has a content coding that was not asked for");
    }
    packed_body_ = true;
  }
  return true;
}

bool Receiver::take_body(std::string_view piece, std::int64_t announced) {
  if (refusal_) return false;
  if (piece.size() > max_body_ - received_) {
    return refuse(TransportError::too_large, fmt::format("the body exceeds {} bytes", max_body_));
  }
  auto& sink = packed_body_ ? packed_ : response_.body;
  if (sink.size() + piece.size() + kBodyPadding > sink.capacity()) reserve(piece.size(), announced);
  sink.append(piece);
  received_ += piece.size();
  return true;
}

// The announced length at once, else twice of what there is; a length beyond the cap is nobody's business here.
void Receiver::reserve(std::size_t more, std::int64_t announced) {
  auto& sink = packed_body_ ? packed_ : response_.body;
  const auto need = sink.size() + more;
  const auto length = announced < 0 ? std::size_t{0} : static_cast<std::size_t>(announced);
  sink.reserve(std::clamp(std::max(length, sink.size() * 2), need, std::max(need, max_body_)) + kBodyPadding);
}

std::expected<Response, Failure> Receiver::finish() {
  if (refusal_) return std::unexpected(*refusal_);
  if (phase_ != Phase::body) {
    return std::unexpected(Failure{TransportError::truncated, "the answer ended before its headers did"});
  }
  if (!packed_.empty()) return inflate();
  response_.body.reserve(response_.body.size() + kBodyPadding);
  return std::move(response_);
}

std::expected<Response, Failure> Receiver::inflate() {
  auto plain = inflater_.gunzip(packed_, max_body_ - packed_.size(), kBodyPadding);
  if (packed_.capacity() > kKeptBuffer) packed_ = {};
  if (!plain) {
    const auto& [error, text] = kInflateErrors[static_cast<std::size_t>(plain.error())];
    return std::unexpected(Failure{error, text});
  }
  response_.body = std::move(*plain);
  return std::move(response_);
}

}  // namespace runwatch::http
