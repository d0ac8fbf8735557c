#include "http/request_scan.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <ranges>
#include <utility>

#include "http/grammar.h"

namespace runwatch::http {
namespace {

struct RequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view version;
};

// What of the headers decides about the framing.
struct Framing {
  std::optional<std::uint64_t> content_length;
  bool transfer_encoding = false;
  bool close = false;
  bool keep_alive = false;
  bool expect = false;
  int hosts = 0;
};

// The line at the start of `rest`, without its CRLF, taken off.
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find("\r\n");
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
  return line;
}

std::optional<RequestLine> split_request_line(std::string_view line) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  RequestLine parts{line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)};
  if (!is_token(parts.method) || (parts.version != "HTTP/1.1" && parts.version != "HTTP/1.0")) return std::nullopt;
  return parts;
}

// No NUL or other control character, no half escape, no way upwards, however it is written.
bool is_acceptable_path(std::string_view path) {
  const auto decoded = decode_path(path);
  if (!decoded || std::ranges::any_of(*decoded, is_control)) return false;
  return std::ranges::none_of(std::views::split(*decoded, '/'), [](auto segment) {
    const std::string_view name(segment);
    return name == "." || name == "..";
  });
}

// Origin form of the target; of an absolute one (RFC 9112 §3.2.2) the authority replaces the Host header.
bool read_target(std::string_view target, Head& head) {
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
  const bool add_slash = absolute && !target.starts_with('/');
  head.target = (add_slash ? "/" : "") + std::string(target);
  return head.target.starts_with('/') && is_acceptable_path(head.path());
}

bool read_length(std::string_view value, Framing& framing) {
  const auto length = core::parse_number<std::uint64_t>(value);
  if (!length || framing.content_length.value_or(*length) != *length) return false;
  framing.content_length = length;
  return true;
}

void read_connection(std::string_view value, Framing& framing) {
  for (const auto part : std::views::split(value, ',')) {
    const auto option = trim(std::string_view(part));
    if (equal_ignoring_case(option, "close")) framing.close = true;
    if (equal_ignoring_case(option, "keep-alive")) framing.keep_alive = true;
  }
}

void join(std::string& list, std::string_view value) {
  if (!list.empty() && !value.empty()) list += ", ";
  list += value;
}

bool read_field(std::string_view name, std::string_view value, Head& head, Framing& framing) {
  const auto is = [name](std::string_view other) { return equal_ignoring_case(name, other); };
  if (is("content-length")) return read_length(value, framing);
  if (is("connection")) read_connection(value, framing);
  if (is("transfer-encoding")) framing.transfer_encoding = true;
  if (is("expect")) framing.expect = true;
  if (is("accept")) join(head.accept, value);
  if (is("accept-encoding")) join(head.accept_encoding, value);
  if (is("host")) {
    if (head.host.empty()) head.host = value;
    return ++framing.hosts == 1;
  }
  return true;
}

// The status to refuse with, or 0.
int read_fields(std::string_view lines, Head& head, Framing& framing) {
  for (std::size_t count = 0;; ++count) {
    const auto line = take_line(lines);
    if (line.empty()) return 0;
    if (count >= kMaxHeaderLines || line.size() > kMaxLine) return 431;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return 400;
    const auto value = trim(line.substr(colon + 1));
    if (std::ranges::any_of(value, [](char c) { return is_control(c) && c != '\t'; })) return 400;
    if (!read_field(line.substr(0, colon), value, head, framing)) return 400;
  }
}

}  // namespace

ScanState HeadScan::advance(std::string_view bytes) {
  for (;;) {
    if (bytes.size() > begin_ && bytes[begin_] != '\r' && !is_token(bytes.substr(begin_, 1))) {
      return ScanState::malformed;
    }
    const auto newline = bytes.substr(0, max_bytes_).find('\n', scanned_);
    if (newline == std::string_view::npos) {
      scanned_ = std::min(bytes.size(), max_bytes_);
      return bytes.size() >= max_bytes_ ? ScanState::too_large : ScanState::incomplete;
    }
    if (newline == line_ || bytes[newline - 1] != '\r') return ScanState::malformed;
    const bool blank = newline - line_ == 1;
    line_ = scanned_ = newline + 1;
    if (!blank && ++lines_ > kMaxHeaderLines + 1) return ScanState::too_large;
    if (blank && lines_ > 0) return ScanState::complete;
    if (blank) begin_ = line_;
  }
}

std::string_view Head::path() const { return std::string_view(target).substr(0, target.find('?')); }

std::string_view Head::query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

std::expected<Head, int> read_head(std::string_view bytes) {
  const auto line = take_line(bytes);
  const auto request = split_request_line(line);
  Head head;
  Framing framing;
  if (!request || line.size() > kMaxLine) return std::unexpected(400);
  const bool ours = request->method == "GET" || request->method == "HEAD";
  if (ours && !read_target(request->target, head)) return std::unexpected(400);
  if (const int refused = read_fields(bytes, head, framing)) return std::unexpected(refused);
  head.http10 = request->version == "HTTP/1.0";
  if (framing.transfer_encoding && framing.content_length) return std::unexpected(400);
  if (!head.http10 && framing.hosts == 0) return std::unexpected(400);
  if (!ours) return std::unexpected(405);
  if (framing.expect) return std::unexpected(417);
  head.is_head = request->method == "HEAD";
  const bool body = framing.transfer_encoding || framing.content_length.value_or(0) > 0;
  head.keep_alive = !body && !framing.close && (!head.http10 || framing.keep_alive);
  return head;
}

std::string bare_request(const Head& head) {
  std::string out(head.is_head ? "HEAD " : "GET ");
  out.append(head.path()).append(head.http10 ? " HTTP/1.0\r\nHost: " : " HTTP/1.1\r\nHost: ");
  return out.append(head.host).append("\r\n\r\n");
}

}  // namespace runwatch::http
