#include "unpod/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "core/text.h"
#include "unpod/json_text.h"
#include "unpod/retry_after.h"

namespace runwatch::unpod {
namespace {

using view::PollReason;

PollReason reason_of(http::FailureReason reason) {
  switch (reason) {
    case http::FailureReason::dns:
      return PollReason::dns;
    case http::FailureReason::connect:
      return PollReason::connect;
    case http::FailureReason::tls:
      return PollReason::tls;
    case http::FailureReason::timeout:
      return PollReason::timeout;
    case http::FailureReason::truncated:
      return PollReason::truncated;
    case http::FailureReason::too_large:
      return PollReason::too_large;
    case http::FailureReason::bad_http:
      return PollReason::bad_http;
    case http::FailureReason::cancelled:
    case http::FailureReason::other:
      break;
  }
  return PollReason::other;
}

// Statuses without a rule of their own are the platform's refusal when the body says so in its `status_code`.
PollReason reason_of(int status, const Decoder::Refusal& refusal) {
  switch (status) {
    case 204:
    case 205:
      return PollReason::bad_json;
    case 206:
      return PollReason::business_error;
    case 401:
      return PollReason::auth;
    case 403:
      return PollReason::forbidden;
    case 404:
      return PollReason::not_found;
    case 429:
      return PollReason::rate_limited;
    default:
      break;
  }
  if (status >= 500 && status < 600) return PollReason::server_error;
  if (status == 304) return PollReason::bad_http;  // nobody asked whether anything was modified
  if (status >= 300 && status < 400) return PollReason::redirect;
  return refusal.status_code && *refusal.status_code != 200 ? PollReason::business_error : PollReason::other;
}

std::string_view advice(PollReason reason) {
  switch (reason) {
    case PollReason::auth:
      return "the platform refused the API token; check it";
    case PollReason::forbidden:
      return "the token may not do this; check the token and api.org_handle";
    case PollReason::not_found:
      return "the platform does not know it; check the space token and the run id";
    case PollReason::rate_limited:
      return "the platform asks for fewer requests; consider a lower api.rate_limit";
    case PollReason::server_error:
      return "the platform is in trouble";
    case PollReason::redirect:
      return "redirects are not followed; check api.base_url";
    case PollReason::business_error:
      return "the platform refused";
    case PollReason::bad_json:
      return "the answer is empty";
    default:
      return "not an answer of the platform; check api.base_url";
  }
}

bool mentions_json(std::string_view type) {
  constexpr std::string_view kJson = "json";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; };
  return std::search(type.begin(), type.end(), kJson.begin(), kJson.end(), same) != type.end();
}

}  // namespace

Failure cancelled() { return {.reason = PollReason::other, .text = "stopping", .retry_after = {}, .cancelled = true}; }

Failure inconsistent(std::string_view complaint) {
  return {.reason = PollReason::inconsistent,
          .text = fmt::format("two walks over the list came out inconsistent: {}", complaint),
          .retry_after = {},
          .cancelled = false};
}

Failure from_http(const http::Failure& failure) {
  if (failure.reason == http::FailureReason::cancelled) return cancelled();
  return {.reason = reason_of(failure.reason),
          .text = core::printable(failure.text),
          .retry_after = {},
          .cancelled = false};
}

Failure from_status(const http::Response& response, const Decoder::Refusal& refusal, core::WallTime now) {
  const PollReason reason = reason_of(response.status, refusal);
  std::string text = fmt::format("HTTP {}: {}", response.status, advice(reason));
  if (!refusal.text.empty()) text += ": " + refusal.text;
  Failure failure{.reason = reason, .text = core::printable(text), .retry_after = {}, .cancelled = false};
  const auto wait = response.header("Retry-After");
  // A wait that is over, or that cannot be read, is a wait all the same: the shortest that the schedule has.
  if (wait && (response.status == 429 || response.status == 503))
    failure.retry_after = parse_retry_after(*wait, now).value_or(core::Duration::zero());
  return failure;
}

std::optional<Failure> from_content_type(const http::Response& response) {
  const auto type = response.header("Content-Type");
  if (!type || type->empty() || mentions_json(*type)) return std::nullopt;
  std::string text = fmt::format("the answer is {}, not JSON; check api.base_url", core::printable(*type, 40));
  const std::size_t start = response.body.find_first_not_of(" \t\r\n");
  if (start != std::string::npos && response.body[start] == '<') text += ": " + without_markup(response.body);
  return Failure{.reason = PollReason::bad_json, .text = core::printable(text), .retry_after = {}, .cancelled = false};
}

}  // namespace runwatch::unpod
