#include "unpod/api.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "unpod/collect.h"
#include "unpod/decode.h"
#include "unpod/failure.h"
#include "unpod/walk.h"

namespace runwatch::unpod {
namespace {

// A segment of a path; "." and ".." would be resolved away on the way and so are encoded in full.
std::string segment(std::string_view text) {
  if (text == ".") return "%2E";
  if (text == "..") return "%2E%2E";
  return http::percent_encode(text);
}

std::string path_of(const core::Secret& space) { return "spaces/" + segment(space.reveal()) + "/"; }

// Overwrites each occurrence of a secret; true when there was one.
bool mask(std::string& text, std::string_view secret) {
  bool found = false;
  if (secret.empty()) return found;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + secret.size())) {
    text.replace(at, secret.size(), std::string(secret.size(), '*'));
    found = true;
  }
  return found;
}

struct Question {
  Call call;
  std::string path;         // below the platform's prefix
  std::string_view secret;  // in the path, never to be told; may be empty
};

}  // namespace

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

// The exchanges of an Api: a request as the platform wants it, its answer or the reason why there is none, and walks.
class Api::Caller {
 public:
  Caller(ApiOptions options, http::Client& client, Credentials& credentials, Hooks hooks, const core::Clock& clock)
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

  // One answer, decoded by `decode(body)`.
  template <class Decode>
  auto ask(const Question& question, const std::stop_token& stop, Decode&& decode)
      -> decltype(decode(std::declval<std::string&>())) {
    core::Secret token;
    auto response = exchange(question, token, stop);
    if (!response) return std::unexpected(std::move(response.error()));
    const auto hide = [&] {
      const bool found = mask(response->body, token.reveal());
      return mask(response->body, question.secret) || found;
    };
    auto read = [&]() -> decltype(decode(response->body)) {
      if (auto failure = refuse(question.call, *response)) return std::unexpected(std::move(*failure));
      return decode(response->body);
    };
    auto answer = read();
    // What the platform says about a failure may quote a secret: it is read again without.
    if (!answer && hide()) answer = read();
    if (!answer && answer.error().reason == view::PollReason::auth) answer.error().refused_token = token;
    client_.reuse(std::move(response->body));
    return answer;
  }

  // Page after page of `question`, each read by `read(body)` into `collector`, until the walk is whole or the collector
  // wants no more; what the collector makes of it.
  template <class Read, class Collector>
  auto walk(const Question& question, const std::stop_token& stop, Collector& collector, Read&& read)
      -> Answer<decltype(collector.finish(std::declval<const Walk&>()))> {
    Walk walk(options_.max_rows);
    Question paged = question;
    for (;;) {
      paged.path = fmt::format("{}?page={}&page_size={}", question.path, walk.page(), options_.page_size);
      const Answer<Walk::Page> page = ask(paged, stop, read);
      if (!page) return std::unexpected(page.error());
      switch (walk.take(*page)) {
        case Walk::Step::next:
          if (!collector.ended()) break;
          [[fallthrough]];
        case Walk::Step::whole:
          return collector.finish(walk);
        case Walk::Step::again:
          collector.clear();
          break;
        case Walk::Step::inconsistent:
          return std::unexpected(inconsistent(walk.complaint()));
        case Walk::Step::too_large:
          return std::unexpected(
              failed(view::PollReason::too_large, fmt::format("the list has more than {} rows", options_.max_rows)));
      }
    }
  }

  // Used again from call to call.
  Decoder decoder;
  TaskPage task_page;
  RunPage run_page;

 private:
  // The request for a path; valid until the next one is formed.
  const http::Request& form(const std::string& path, const core::Secret& token) {
    request_.url.assign(options_.base_url).append("/api/v2/platform/").append(path);
    constexpr std::string_view kScheme = "Token ";
    const auto authorization = request_.authorization.reveal();
    if (!authorization.starts_with(kScheme) || authorization.substr(kScheme.size()) != token.reveal())
      request_.authorization = core::Secret(std::string(kScheme).append(token.reveal()));
    return request_;
  }

  Answer<http::Response> send(Call call, const http::Request& request, const std::stop_token& stop) {
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

  // Asks, and once more with the token read again when it is refused; `token` is the one used last.
  Answer<http::Response> ask_with_token(const Question& question, core::Secret& token, const std::stop_token& stop) {
    token = credentials_.token();
    auto response = send(question.call, form(question.path, token), stop);
    if (!response || response->status == 200) return response;
    if (!refuses_token(response->status, decoder.refusal(response->body))) return response;
    credentials_.refresh(token);
    token = credentials_.token();
    return send(question.call, form(question.path, token), stop);
  }

  // Asks again, too, while fewer requests are asked for, as long as that costs little time.
  Answer<http::Response> exchange(const Question& question, core::Secret& token, const std::stop_token& stop) {
    constexpr int kMostTries = 5;
    auto response = ask_with_token(question, token, stop);
    const core::SteadyTime first = sent_;
    for (int tries = 1; response && asks_for_less(*response) && hooks_.throttled; ++tries) {
      const auto wait = hooks_.throttled(sent_, asked_wait(*response, clock_.wall_now()));
      if (tries == kMostTries || clock_.steady_now() + wait > first + kPatience) break;
      client_.reuse(std::move(response->body));
      response = ask_with_token(question, token, stop);
    }
    return response;
  }

  // Failure of an answer that is not worth decoding.
  std::optional<Failure> refuse(Call call, http::Response& response) {
    if (response.status == 200) return from_content_type(response);
    return from_status(call, response, decoder.refusal(response.body), clock_.wall_now());
  }

  ApiOptions options_;
  http::Request request_;  // filled in once but for what differs from one to the next
  http::Client& client_;
  Credentials& credentials_;
  Hooks hooks_;
  const core::Clock& clock_;
  core::SteadyTime sent_{};  // when the last request was
};

Api::Api(ApiOptions options, http::Client& client, Credentials& credentials, Hooks hooks, const core::Clock& clock)
    : caller_(std::make_unique<Caller>(std::move(options), client, credentials, std::move(hooks), clock)) {}

Api::~Api() = default;

Answer<TaskWalk> Api::tasks(const core::Secret& space, const std::string& run_id,
                            std::shared_ptr<const PageDigests> before, std::stop_token stop,
                            std::span<const task::TaskKey> wanted) {
  const Question question{Call::tasks, path_of(space) + "runs/" + segment(run_id) + "/tasks/", space.reveal()};
  TaskCollector collector(wanted.empty() ? std::move(before) : nullptr);
  return caller_->walk(question, stop, collector, [&](std::string& body) -> Answer<Walk::Page> {
    if (const auto unchanged = collector.take_unchanged(body)) return *unchanged;
    const auto decoded = caller_->decoder.tasks(body, caller_->task_page, run_id, wanted);
    if (!decoded) return std::unexpected(decoded.error());
    return collector.take(caller_->task_page);
  });
}

Answer<RunList> Api::runs(const core::Secret& space, core::WallTime oldest, std::stop_token stop) {
  RunCollector collector(oldest);
  const Question question{Call::runs, path_of(space) + "runs/", space.reveal()};
  return caller_->walk(question, stop, collector, [&](std::string& body) -> Answer<Walk::Page> {
    const auto decoded = caller_->decoder.runs(body, caller_->run_page);
    if (!decoded) return std::unexpected(decoded.error());
    return collector.take(caller_->run_page);
  });
}

Answer<std::vector<SpaceInfo>> Api::spaces(std::stop_token stop) {
  return caller_->ask({Call::spaces, "spaces/", {}}, stop,
                      [this](std::string& body) { return caller_->decoder.spaces(body); });
}

Answer<SpaceInfo> Api::space(const core::Secret& space, std::stop_token stop) {
  auto answer = caller_->ask({Call::space, path_of(space), space.reveal()}, stop,
                             [this](std::string& body) { return caller_->decoder.space(body); });
  if (!answer) return answer;
  if (!answer->token.empty() && answer->token != space)
    return std::unexpected(failed(view::PollReason::bad_schema, "the answer is about another space than asked for"));
  answer->token = space;
  return answer;
}

Answer<std::vector<Organization>> Api::organizations(std::stop_token stop) {
  return caller_->ask({Call::organizations, "organizations/", {}}, stop,
                      [this](std::string& body) { return caller_->decoder.organizations(body); });
}

}  // namespace runwatch::unpod
