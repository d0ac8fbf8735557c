#include "http/answer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include "core/log.h"
#include "http/grammar.h"

namespace runwatch::http {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

constexpr std::array kReasons{
    Reason{200, "OK"},
    Reason{204, "No Content"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{304, "Not Modified"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{417, "Expectation Failed"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{503, "Service Unavailable"},
};

std::string_view phrase(int status) {
  const auto found = std::ranges::find(kReasons, status, &Reason::status);
  return found == kReasons.end() ? "Status" : found->phrase;
}

// IMF-fixdate (RFC 9110 §5.6.7), whatever the locale.
std::string http_date() {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::now()));
}

bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOurs{"content-length", "content-type", "connection",
                                                  "date",           "keep-alive",   "transfer-encoding"};
  return std::ranges::any_of(kOurs, [name](std::string_view ours) { return equal_ignoring_case(name, ours); });
}

bool is_sendable(const Header& header) {
  const auto breaks = [](char c) { return is_control(c) && c != '\t'; };
  return is_token(header.name) && !is_framing(header.name) && std::ranges::none_of(header.value, breaks);
}

bool has_body(int status) { return status != 204 && status != 304; }

void log_failure(std::string_view text) {
  static core::log::RateLimit limit(std::chrono::minutes(1));
  if (const auto held_back = limit.admit("handler", "", std::chrono::steady_clock::now())) {
    core::log::error("request handler failed, answered 500", {{"error", text}, core::log::suppressed(*held_back)});
  }
}

std::string connection_line(const Head& head) {
  if (!head.keep_alive) return "Connection: close\r\n";
  return head.http10 ? "Connection: keep-alive\r\n" : "";
}

}  // namespace

ServerResponse text_response(int status, std::string text) {
  ServerResponse response;
  response.status = status;
  response.body = std::make_shared<const std::string>(std::move(text));
  return response;
}

ServerResponse refusal(int status) {
  auto response = text_response(status, std::string(phrase(status)) + "\n");
  if (status == 401) response.headers.push_back({"WWW-Authenticate", R"(Basic realm="runwatch", charset="UTF-8")"});
  if (status == 503) response.headers.push_back({"Retry-After", "5"});
  if (status == 405) response.headers.push_back({"Allow", "GET, HEAD"});
  return response;
}

ServerResponse ask_handler(const Handler& handler, const ServerRequest& request) {
  try {
    auto response = handler(request);
    if (response.status < 200 || response.status > 599) throw std::out_of_range("status out of 200 to 599");
    return response;
  } catch (const std::exception& failure) {
    log_failure(failure.what());
  } catch (...) {
    log_failure("unknown exception");
  }
  return text_response(500, "internal error\n");
}

Answer form_answer(const Head& head, ServerResponse response, const std::vector<Header>& extra) {
  auto out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, phrase(response.status), http_date());
  for (const Header& header : extra) {
    std::erase_if(response.headers, [&](const Header& own) { return equal_ignoring_case(own.name, header.name); });
    response.headers.push_back(header);
  }
  for (const Header& header : response.headers) {
    if (is_sendable(header)) out.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  if (has_body(response.status)) {
    out += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", response.content_type,
                       response.body ? response.body->size() : 0);
  }
  out.append(connection_line(head)).append("\r\n");
  if (head.is_head || !has_body(response.status)) response.body.reset();
  return {std::move(out), std::move(response.body), !head.keep_alive, head.patience};
}

std::optional<std::string_view> below(std::string_view prefix, std::string_view path) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  return path.starts_with('/') ? std::optional(path) : std::nullopt;
}

}  // namespace runwatch::http
