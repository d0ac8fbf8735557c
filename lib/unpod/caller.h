// The exchanges of an Api: a request as the platform wants it, its answer or the reason why there is none, and walks.
//
// Threads: one, as the Api.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "unpod/api.h"
#include "unpod/decode.h"
#include "unpod/failure.h"
#include "unpod/walk.h"

namespace runwatch::unpod {

struct Question {
  Call call;
  std::string path;         // below the platform's prefix
  std::string_view secret;  // in the path, never to be told; may be empty
};

class Api::Caller {
 public:
  Caller(ApiOptions options, http::Client& client, Credentials& credentials, Hooks hooks, const core::Clock& clock);

  // One answer, decoded by `decode(body)`.
  template <class Decode>
  auto ask(const Question& question, const std::stop_token& stop, Decode&& decode)
      -> decltype(decode(std::declval<std::string&>()));

  // Page after page of `question`, each read by `read(body)` into `collector`, until the walk is whole or the collector
  // wants no more; what the collector makes of it.
  template <class Read, class Collector>
  auto walk(const Question& question, const std::stop_token& stop, Collector& collector, Read&& read)
      -> Answer<decltype(collector.finish(std::declval<const Walk&>()))>;

  // Used again from call to call.
  Decoder decoder;
  TaskPage task_page;
  RunPage run_page;

 private:
  // The request for a path; valid until the next one is formed.
  const http::Request& form(const std::string& path, const core::Secret& token);
  Answer<http::Response> send(Call call, const http::Request& request, const std::stop_token& stop);
  // Asks, and once more with the token read again when it is refused; `token` is the one used last.
  Answer<http::Response> ask_with_token(const Question& question, core::Secret& token, const std::stop_token& stop);
  // Asks again, too, while fewer requests are asked for, as long as that costs little time.
  Answer<http::Response> exchange(const Question& question, core::Secret& token, const std::stop_token& stop);
  // Failure of an answer that is not worth decoding.
  std::optional<Failure> refuse(Call call, http::Response& response);

  ApiOptions options_;
  http::Request request_;  // filled in once but for what differs from one to the next
  http::Client& client_;
  Credentials& credentials_;
  Hooks hooks_;
  const core::Clock& clock_;
  core::SteadyTime sent_{};  // when the last request was
};

// Overwrites each occurrence of a secret; true when there was one.
bool mask(std::string& text, std::string_view secret);

template <class Decode>
auto Api::Caller::ask(const Question& question, const std::stop_token& stop, Decode&& decode)
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

template <class Read, class Collector>
auto Api::Caller::walk(const Question& question, const std::stop_token& stop, Collector& collector, Read&& read)
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

}  // namespace runwatch::unpod
