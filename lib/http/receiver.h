// What arrives of one answer, taken piece by piece under the caps.
//
// Interim (1xx) answers are read and forgotten, trailers are counted and forgotten, a body in a transfer or content
// coding that was not asked for is refused. It knows nothing of sockets or of libcurl.
// Owns: the bytes received so far. Gzip bytes are kept in a buffer that is reused by the next answer.
// Fails: a refused piece returns false once and for all; `refusal` says why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/gzip.h"

namespace runwatch::http {

class Receiver {
 public:
  // Forgets the answer before; `max_header` counts every header byte, `max_body` received plus inflated ones. The body
  // grows in the memory of `spare`.
  void begin(std::size_t max_header, std::size_t max_body, std::string spare = {});

  // One whole line with its line end: of the status, a header, the empty one, or a trailer.
  bool take_header(std::string_view line);
  // `announced` is the Content-Length, negative when there is none.
  bool take_body(std::string_view piece, std::int64_t announced);

  bool has_begun() const { return header_bytes_ > 0; }
  bool has_headers() const { return phase_ == Phase::body; }
  int status() const { return response_.status; }                           // 0 as long as it is not known
  const std::vector<Header>& headers() const { return response_.headers; }  // as far as they came
  bool has_body() const { return received_ > 0; }
  const std::optional<Failure>& refusal() const { return refusal_; }

  // The whole answer, once the transport found its end.
  std::expected<Response, Failure> finish();

 private:
  enum class Phase { status, headers, body };

  bool refuse(TransportError reason, std::string text);
  bool take_status(std::string_view line);
  bool take_field(std::string_view line);
  bool end_headers();
  bool check_codings();
  void reserve(std::size_t more, std::int64_t announced);
  std::expected<Response, Failure> inflate();

  Phase phase_ = Phase::status;
  std::size_t max_header_ = 0;
  std::size_t max_body_ = 0;
  std::size_t header_bytes_ = 0;
  std::size_t received_ = 0;
  bool packed_body_ = false;
  std::string packed_;
  Response response_;
  std::optional<Failure> refusal_;
  Inflater inflater_;
};

}  // namespace runwatch::http
