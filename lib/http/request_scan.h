// What is decided about a request's bytes before anything else reads them: where its head ends, whether it is well
// formed, and what of it may be shown to cpp-httplib.
//
// Stricter than RFC 9112 asks for: lines end in CRLF, no folded headers, no control characters. cpp-httplib skips lines
// it does not like and percent-decodes header values; what is refused here it never sees.
// Pure: no I/O, no state but the scan's position.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace runwatch::http {

inline constexpr std::size_t kMaxHeaderLines = 100;
// cpp-httplib's own limit of a line is 8192 bytes; ours comes first.
inline constexpr std::size_t kMaxLine = 8190;

enum class ScanState { incomplete, complete, malformed, too_large };

// Finds the end of a request's head in a growing buffer; each byte is looked at once, however the bytes drip in.
class HeadScan {
 public:
  explicit HeadScan(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // `bytes` is all that has arrived since construction or `reset`.
  ScanState advance(std::string_view bytes);
  // When complete: the head starts behind blank lines (RFC 9112 §2.2) and ends behind its own blank line.
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return line_; }
  void reset() { *this = HeadScan(max_bytes_); }

 private:
  std::size_t max_bytes_;
  std::size_t begin_ = 0;
  std::size_t line_ = 0;     // where the current line starts
  std::size_t scanned_ = 0;  // bytes before it hold no further end of a line
  std::size_t lines_ = 0;
};

// A request's head, read and found well formed.
struct Head {
  bool is_head = false;
  std::string target;  // in origin form: `/path?query`
  std::string host;
  std::string accept;  // repeated headers joined by a comma, as RFC 9110 §5.3 has it; likewise the next
  std::string accept_encoding;
  bool http10 = false;
  bool keep_alive = false;  // false too when a body follows, for bodies are never read

  std::string_view path() const;   // still encoded
  std::string_view query() const;  // without its `?`
};

// `head` as found by HeadScan. Fails with the status that says why: 400, 405, 417 or 431; the connection then ends.
std::expected<Head, int> read_head(std::string_view head);

// The request as cpp-httplib gets it: path and Host alone. It acts on Range (by a recursive regex: 4 GB for three lines
// of 8 kB), Connection, Expect and framing in ways of its own, and refuses a query with a second `?`.
std::string bare_request(const Head& head);

}  // namespace runwatch::http
