// Where a request's head ends, and what it says. Only server.cc sees this, as Boost.Beast comes with it.
//
// Beast's parser refuses a bare LF, control characters, bad lengths and a length beside a coding. Beyond that lines
// that are folded, a missing or second Host and transfer codings other than chunked are refused here.
#pragma once

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <expected>
#include <ranges>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/ascii.h"
#include "http/answer.h"
#include "http/grammar.h"

namespace runwatch::http {

inline constexpr std::size_t kMaxHeaderLines = 100;
inline constexpr std::size_t kMaxLine = 8190;
inline constexpr core::Duration kMostPatience{60'000};

// Finds the end of a head in a growing buffer; each byte is looked at once, however the bytes drip in.
class HeadScan {
 public:
  static constexpr int kMore = 0, kWhole = 200;

  // kMore, kWhole, or the status to refuse with. `bytes` is all that arrived since construction.
  int advance(std::string_view bytes, std::size_t max_bytes) {
    if (!bytes.empty() && !is_token_char(bytes.front())) return 400;
    for (;;) {
      const auto newline = bytes.substr(0, max_bytes).find('\n', scanned_);
      if (newline == bytes.npos) {
        scanned_ = std::min(bytes.size(), max_bytes);
        return bytes.size() >= max_bytes ? 431 : kMore;
      }
      const auto line = bytes.substr(line_, newline - line_);
      line_ = scanned_ = newline + 1;
      if (!line.ends_with('\r') || line.starts_with(' ') || line.starts_with('\t')) return 400;
      if (line.size() > kMaxLine) return lines_ == 0 ? 400 : 431;
      if (line.size() == 1) return kWhole;
      if (++lines_ > kMaxHeaderLines + 1) return 431;
    }
  }
  std::size_t end() const { return line_; }  // when whole: behind its blank line

 private:
  std::size_t line_ = 0;     // where the current line starts
  std::size_t scanned_ = 0;  // bytes before it hold no further end of a line
  std::size_t lines_ = 0;
};

// No NUL or other control character, no half escape, no way upwards, however it is written.
inline bool is_acceptable_path(std::string_view decoded) {
  if (!decoded.starts_with('/') || std::ranges::any_of(decoded, is_control)) return false;
  return std::ranges::none_of(std::views::split(decoded, '/'), [](auto segment) {
    const std::string_view name(segment);
    return name == "." || name == "..";
  });
}

// Origin form of the target; of an absolute one (RFC 9112 §3.2.2) the authority replaces the Host header.
inline bool read_target(std::string_view target, Head& head) {
  const auto is_plain = [](char c) { return c > 0x20 && c < 0x7f && c != '#'; };
  if (!std::ranges::all_of(target, is_plain)) return false;
  const bool absolute = equal_ignoring_case(target.substr(0, 7), "http://");
  if (absolute) {
    target.remove_prefix(7);
    const auto end = std::min(target.find_first_of("/?"), target.size());
    head.host = target.substr(0, end);
    target.remove_prefix(end);
    if (head.host.empty()) return false;
  }
  const auto mark = std::min(target.find('?'), target.size());
  head.query = target.substr(std::min(mark + 1, target.size()));
  auto path = decode_path(target.substr(0, mark));
  if (path && absolute && path->empty()) path = "/";
  if (path) head.path = std::move(*path);
  return path && is_acceptable_path(head.path);
}

inline core::Duration read_patience(std::string_view seconds) {
  double value = 0;
  const auto [end, error] = std::from_chars(seconds.begin(), seconds.end(), value, std::chars_format::fixed);
  if (error != std::errc() || end != seconds.end() || !(value > 0)) return core::Duration(0);
  const std::chrono::duration<double> asked(std::min(value, 60.0));
  return std::min(std::chrono::duration_cast<core::Duration>(asked), kMostPatience);
}

// `bytes` as found by HeadScan. Fails with the status that says why; the connection then ends.
inline std::expected<Head, int> read_head(std::string_view bytes) {
  namespace beast = boost::beast::http;
  beast::request_parser<beast::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(bytes.size() + 1));
  parser.body_limit(boost::none);
  parser.skip(true);  // bodies are never read
  boost::system::error_code error;
  parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error || !parser.is_header_done()) return std::unexpected(400);
  const auto& fields = parser.get();
  // Repeated ones are joined by a comma (RFC 9110 §5.3).
  const auto all = [&](beast::field name) {
    std::string joined;
    const auto [first, last] = fields.equal_range(name);
    for (auto field = first; field != last; ++field) {
      if (!joined.empty() && !field->value().empty()) joined += ", ";
      joined += field->value();
    }
    return joined;
  };
  Head head;
  const bool ours = fields.method() == beast::verb::get || fields.method() == beast::verb::head;
  if (ours && !read_target(fields.target(), head)) return std::unexpected(400);
  head.http10 = fields.version() == 10;
  const auto hosts = fields.count(beast::field::host);
  if (hosts > 1 || (hosts == 0 && !head.http10)) return std::unexpected(400);
  const bool coded = fields.count(beast::field::transfer_encoding) > 0;
  if (coded && (head.http10 || parser.content_length())) return std::unexpected(400);
  if (coded && !equal_ignoring_case(all(beast::field::transfer_encoding), "chunked")) return std::unexpected(501);
  if (!ours) return std::unexpected(405);
  if (fields.count(beast::field::expect) > 0) return std::unexpected(417);
  head.is_head = fields.method() == beast::verb::head;
  head.keep_alive = parser.keep_alive() && !coded && parser.content_length().value_or(0) == 0;
  if (head.host.empty()) head.host = all(beast::field::host);
  head.accept = all(beast::field::accept);
  head.accept_encoding = all(beast::field::accept_encoding);
  head.authorization = all(beast::field::authorization);
  head.patience = read_patience(fields["X-Prometheus-Scrape-Timeout-Seconds"]);
  return head;
}

}  // namespace runwatch::http
