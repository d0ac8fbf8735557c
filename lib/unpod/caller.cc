#include "unpod/caller.h"

namespace runwatch::unpod {

Credentials::Credentials(core::Secret token, Reader reread) : token_(std::move(token)), reread_(std::move(reread)) {}

core::Secret Credentials::token() const {
  return token_.with([](const core::Secret& token) { return token; });
}

void Credentials::replace(core::Secret token, Reader reread) {
  reread_.with([&](Reader& reader) { reader = std::move(reread); });
  token_.with([&](core::Secret& mine) { mine = std::move(token); });
}

bool Credentials::refresh(const core::Secret& refused) {
  if (token() != refused) return true;  // another thread was faster
  const auto reread = reread_.with([](const Reader& reader) { return reader; });
  if (!reread) return false;
  auto fresh = reread();
  if (!fresh || *fresh == refused) return false;
  token_.with([&](core::Secret& token) { token = std::move(*fresh); });
  return true;
}

bool mask(std::string& text, std::string_view secret) {
  bool found = false;
  if (secret.empty()) return found;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + secret.size())) {
    text.replace(at, secret.size(), std::string(secret.size(), '*'));
    found = true;
  }
  return found;
}

Api::Caller::Caller(ApiOptions options, http::Client& client, Credentials& credentials, Hooks hooks,
                    const core::Clock& clock)
    : options_(std::move(options)),
      client_(client),
      credentials_(credentials),
      hooks_(std::move(hooks)),
      clock_(clock) {
  while (options_.base_url.ends_with('/')) options_.base_url.pop_back();
  request_.headers = {{"Accept", "application/json"}, {"Content-Type", "application/json"}};
  if (!options_.org_handle.empty()) request_.headers.push_back({"Org-Handle", options_.org_handle});
  request_.timeout = options_.timeout;
  request_.max_response = options_.max_response;
}

const http::Request& Api::Caller::form(const std::string& path, const core::Secret& token) {
  request_.url.assign(options_.base_url).append("/api/v2/platform/").append(path);
  constexpr std::string_view kScheme = "Token ";
  const auto authorization = request_.authorization.reveal();
  if (!authorization.starts_with(kScheme) || authorization.substr(kScheme.size()) != token.reveal())
    request_.authorization = core::Secret(std::string(kScheme).append(token.reveal()));
  return request_;
}

Answer<http::Response> Api::Caller::send(Call call, const http::Request& request, const std::stop_token& stop) {
  if (stop.stop_requested() || (hooks_.admit && !hooks_.admit(stop))) return std::unexpected(cancelled());
  sent_ = clock_.steady_now();
  auto response = client_.send(request, stop);
  const auto took = std::chrono::duration_cast<core::Duration>(clock_.steady_now() - sent_);
  if (!response && response.error().reason == http::TransportError::cancelled) return std::unexpected(cancelled());
  if (hooks_.done) hooks_.done(call, response ? response->status : 0, took, response ? response->body.size() : 0);
  if (!response) return std::unexpected(from_http(response.error()));
  if (hooks_.answered && response->status < 500 && !asks_for_less(*response)) hooks_.answered(sent_);
  return std::move(*response);
}

Answer<http::Response> Api::Caller::ask_with_token(const Question& question, core::Secret& token,
                                                   const std::stop_token& stop) {
  token = credentials_.token();
  auto response = send(question.call, form(question.path, token), stop);
  if (!response || response->status == 200) return response;
  if (!refuses_token(response->status, decoder.refusal(response->body))) return response;
  credentials_.refresh(token);
  token = credentials_.token();
  return send(question.call, form(question.path, token), stop);
}

Answer<http::Response> Api::Caller::exchange(const Question& question, core::Secret& token,
                                             const std::stop_token& stop) {
  constexpr int kMostTries = 5;
  auto response = ask_with_token(question, token, stop);
  const core::SteadyTime first = sent_;
  for (int tries = 1; response && asks_for_less(*response) && hooks_.throttled; ++tries) {
    const auto wait = hooks_.throttled(sent_, retry_after_of(*response, clock_.wall_now()));
    if (tries == kMostTries || clock_.steady_now() + wait > first + kPatience) break;
    client_.reuse(std::move(response->body));
    response = ask_with_token(question, token, stop);
  }
  return response;
}

std::optional<Failure> Api::Caller::refuse(Call call, http::Response& response) {
  if (response.status == 200) return from_content_type(response);
  return from_status(call, response, decoder.refusal(response.body), clock_.wall_now());
}

}  // namespace runwatch::unpod
