// Bodies to gzip (RFC 1952) and back, by libdeflate.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

struct libdeflate_decompressor;

namespace runwatch::http {

// At libdeflate's fastest level: for answers that are made anew for each request.
// Threads: any; each thread keeps one compressor for its life. Fails: std::bad_alloc alone.
std::string gzip(std::string_view body);

enum class InflateError {
  not_gzip,        // no gzip header where the stream begins
  cut_or_damaged,  // ends early, or fails its own checks
  trailing_bytes,  // something that is no member follows the last member
  too_large,       // inflates beyond the limit, or has an absurd number of members
};

// Gzip bodies made plain, whole or not at all, never beyond a limit.
//
// The stream may have several members (RFC 1952 §2.2); what follows the last one must be another member, not junk.
// libdeflate works on whole buffers and cannot tell a cut stream from a damaged one, so neither do we.
// Owns: the decoder's tables, about 12 kB, reused by every call. Threads: one at a time.
class Inflater {
 public:
  Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // The plain text of at most `limit` bytes; the string's capacity exceeds its size by at least `padding`.
  std::expected<std::string, InflateError> gunzip(std::string_view packed, std::size_t limit, std::size_t padding);

 private:
  struct Free {
    void operator()(libdeflate_decompressor* decoder) const;
  };
  std::unique_ptr<libdeflate_decompressor, Free> decoder_;
};

}  // namespace runwatch::http
