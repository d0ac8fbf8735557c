#include "unpod/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "core/ascii.h"
#include "core/text.h"

namespace runwatch::unpod {
namespace {

using view::PollReason;

// How a 403 about the API token begins, in lower case: Django REST framework's texts, and those of its token
// packages. "Invalid Space Token" is about something else.
constexpr std::string_view kTokenTexts[] = {
    "token has expired",     "token is expired",
    "token expired",         "expired token",
    "token is invalid",      "invalid token",
    "given token not valid", "signature has expired",
    "user inactive",         "authentication credentials were not provided",
};
constexpr std::size_t kLongestBeginning = 64;

// In the order of http::TransportError.
constexpr PollReason kTransportReasons[] = {
    PollReason::dns,       PollReason::connect,  PollReason::tls,   PollReason::timeout, PollReason::truncated,
    PollReason::too_large, PollReason::bad_http, PollReason::other, PollReason::other,
};

static_assert(std::size(kTransportReasons) == static_cast<std::size_t>(http::TransportError::other) + 1);

constexpr std::pair<int, PollReason> kStatusReasons[] = {
    {204, PollReason::bad_json},  {205, PollReason::bad_json},  {206, PollReason::business_error},
    {304, PollReason::bad_http},  // nobody asked whether anything was modified
    {403, PollReason::forbidden}, {404, PollReason::not_found}, {429, PollReason::rate_limited},
};

constexpr std::pair<PollReason, std::string_view> kAdvice[] = {
    {PollReason::auth, "the platform refused the API token"},
    {PollReason::forbidden, "the token may not do this; check the token and api.org_handle"},
    {PollReason::rate_limited, "the platform asks for fewer requests; consider a lower api.rate_limit"},
    {PollReason::server_error, "the platform is in trouble"},
    {PollReason::redirect, "redirects are not followed; check api.base_url"},
    {PollReason::business_error, "the platform refused"},
    {PollReason::bad_json, "the answer is empty"},
};

// Statuses without a rule of their own are the platform's refusal when the body says so in its `status_code`.
PollReason reason_of(int status, const Decoder::Refusal& refusal) {
  if (refuses_token(status, refusal)) return PollReason::auth;
  for (const auto& [known, reason] : kStatusReasons)
    if (status == known) return reason;
  if (status >= 500 && status < 600) return PollReason::server_error;
  if (status >= 300 && status < 400) return PollReason::redirect;
  return refusal.status_code && *refusal.status_code != 200 ? PollReason::business_error : PollReason::other;
}

// Who asked for the wrong address gets no JSON, and every platform has the two lists.
std::string_view advice_not_found(Call call, bool json) {
  if (!json || call == Call::spaces || call == Call::organizations)
    return "there is no such address; check api.base_url";
  if (call == Call::tasks) return "the platform does not know it; check the run id and the space token";
  return "the platform does not know the space; check its token";
}

std::string_view advice(PollReason reason, Call call, bool json) {
  if (reason == PollReason::not_found) return advice_not_found(call, json);
  if (reason == PollReason::forbidden && !json)
    return "refused on the way to the platform; check api.base_url and the proxies there";
  for (const auto& [known, text] : kAdvice)
    if (reason == known) return text;
  return json ? "the platform refused" : "not an answer of the platform; check api.base_url";
}

}  // namespace

Failure failed(PollReason reason, std::string_view text) { return {.reason = reason, .text = core::printable(text)}; }

Failure cancelled() { return {.reason = PollReason::other, .text = "stopping", .cancelled = true}; }

Failure inconsistent(std::string_view complaint) {
  return failed(PollReason::inconsistent, fmt::format("two walks over the list came out inconsistent: {}", complaint));
}

Failure from_http(const http::Failure& failure) {
  if (failure.reason == http::TransportError::cancelled) return cancelled();
  return failed(kTransportReasons[static_cast<std::size_t>(failure.reason)], failure.text);
}

Failure from_status(Call call, const http::Response& response, const Decoder::Refusal& refusal, core::WallTime now) {
  const PollReason reason = reason_of(response.status, refusal);
  std::string text = fmt::format("HTTP {}: {}", response.status, advice(reason, call, refusal.json));
  if (!refusal.text.empty()) text += ": " + refusal.text;
  Failure failure = failed(reason, text);
  failure.retry_after = asked_wait(response, now);
  return failure;
}

bool asks_for_less(const http::Response& response) { return response.status == 429 || response.status == 503; }

std::optional<core::Duration> asked_wait(const http::Response& response, core::WallTime now) {
  return asks_for_less(response) ? http::retry_after_of(response, now) : std::nullopt;
}

std::optional<Failure> from_content_type(const http::Response& response) {
  const auto type = response.header("Content-Type");
  if (!type || type->empty() || core::lower(*type).contains("json")) return std::nullopt;
  std::string text = fmt::format("the answer is {}, not JSON; check api.base_url", core::printable(*type, 40));
  if (core::trim(response.body).starts_with('<')) text += ": " + without_markup(response.body);
  return failed(PollReason::bad_json, text);
}

bool refuses_token(int status, const Decoder::Refusal& refusal) {
  if (status != 403) return status == 401;
  const std::string text = core::lower(std::string_view(refusal.text).substr(0, kLongestBeginning));
  return std::ranges::any_of(kTokenTexts, [&](std::string_view about) { return text.starts_with(about); });
}

}  // namespace runwatch::unpod
