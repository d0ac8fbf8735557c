#include "notify/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/log.h"

namespace runwatch::notify {
namespace {

constexpr core::Bytes kMostOfAnAnswer = core::kib(64);  // nothing in it matters

// Nothing of the answer's body: it may repeat what the notice said.
std::string_view advice(Reason reason) {
  if (reason == Reason::redirect) return "redirects are not followed; configure the address that it leads to";
  if (reason == Reason::auth) return "check the address, the secret and the authorization";
  if (reason == Reason::gone) return "it wants nothing more; mend the receiver and reload";
  if (reason == Reason::rate_limited) return "too many requests; rate_limit may be too high";
  if (reason == Reason::too_large) return "the body is too large; lower max_body";
  if (reason == Reason::client_error) return "it does not take this body here; check the address and the type";
  return "the receiver is in trouble";
}

// Where clocks differ by so much, signatures may be refused for it (Standard Webhooks 1.0: "timestamp tolerance").
std::string clocks(const http::Response& response, core::WallTime now) {
  const auto ahead = http::clock_ahead_of(response, now).value_or(core::Duration(0));
  if (std::chrono::abs(ahead) < std::chrono::minutes(4)) return "";
  return fmt::format("; this machine's clock is {:.0f} s {} the receiver's, which may refuse signatures for that",
                     core::seconds(std::chrono::abs(ahead)), ahead > ahead.zero() ? "behind" : "ahead of");
}

}  // namespace

Exchange ask(http::Client& client, const http::Request& request, const core::Clock& clock, const std::stop_token& cut,
             Attempt& attempt) {
  attempt.at = clock.wall_now();
  const auto began = clock.steady_now();
  auto exchange = client.send(request, cut);
  attempt.took = std::chrono::duration_cast<core::Duration>(clock.steady_now() - began);
  // Whether it took the notice its status says, whatever became of the rest of its answer.
  if (!exchange && exchange.error().status >= 200 && (exchange.error().status < 300 || !was_cut(exchange))) {
    auto& cut_short = exchange.error();
    exchange = http::Response{cut_short.status, std::move(cut_short.headers), {}};
  }
  attempt.status = exchange ? exchange->status : 0;
  attempt.reason = reason_of(exchange);
  if (!exchange) attempt.text = exchange.error().text;
  if (exchange && attempt.reason)
    attempt.text = fmt::format("HTTP {}: {}{}", attempt.status, advice(*attempt.reason), clocks(*exchange, attempt.at));
  return exchange;
}

bool was_cut(const Exchange& exchange) {
  return !exchange && exchange.error().reason == http::TransportError::cancelled;
}

http::Request post(const ReceiverOptions& receiver, std::string url, std::string body) {
  http::Request request{.url = std::move(url), .method = http::Method::post};
  request.headers = receiver.headers;
  request.headers.push_back({"Content-Type", "application/json"});
  request.authorization = receiver.credentials.authorization;
  request.timeout = receiver.timeout;
  request.max_response = kMostOfAnAnswer;
  request.body = std::move(body);
  return request;
}

core::Duration between(double a_second) {
  return std::chrono::ceil<core::Duration>(std::chrono::duration<double>(1 / std::max(a_second, 0.001)));
}

void refresh(Credentials& credentials, const Reader& reread, const std::string& receiver) {
  auto fresh = reread ? reread() : core::Result<Credentials>(credentials);
  if (fresh) {
    credentials = std::move(*fresh);
    return;
  }
  static core::log::RateLimit limit(std::chrono::minutes(5));
  if (const auto held_back = limit.admit(receiver, fresh.error().text, std::chrono::steady_clock::now())) {
    core::log::warning("a receiver's address or secret cannot be read; the last ones stay",
                       {{"receiver", receiver}, {"error", fresh.error().text}, core::log::suppressed(*held_back)});
  }
}

}  // namespace runwatch::notify
