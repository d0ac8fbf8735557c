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

class Api::Session {
 public:
  Session(ApiOptions options, http::Client& client, Credentials& credentials, Hooks hooks, const core::Clock& clock);

  // One answer, decoded by `decode(body)`.
  template <class Decode>
  auto ask(const Question& question, const std::stop_token& stop, Decode&& decode)
      -> decltype(decode(std::declval<std::string&>()));

  // Page after page of `question`, read by `decode(body)` into what `collector.take(page)` then takes, until the walk
  // is whole or the collector wants no more.
  template <class Decode, class Collector, class Page>
  std::optional<Failure> walk(const Question& question, const std::stop_token& stop, Walk& walk, Decode&& decode,
                              Collector& collector, Page& page);

  const ApiOptions& options() const { return options_; }

  // Used again from call to call.
  Decoder decoder;
  TaskPage task_page;
  RunPage run_page;

 private:
  // The request for a path; valid until the next one is formed.
  const http::Request& form(const std::string& path, const core::Secret& token);
  Answer<http::Response> send(Call call, const http::Request& request, const std::stop_token& stop);
  // Asks, and once more with the token read again when it is refused; `token` is the one used last.
  Answer<http::Response> exchange(const Question& question, core::Secret& token, const std::stop_token& stop);
  // Failure of an answer that is not worth decoding.
  std::optional<Failure> refuse(http::Response& response);
  Failure too_large() const;

  ApiOptions options_;
  http::Request request_;  // filled in once but for what differs from one to the next
  http::Client& client_;
  Credentials& credentials_;
  Hooks hooks_;
  const core::Clock& clock_;
};

// Overwrites each occurrence of a secret; true when there was one.
bool mask(std::string& text, std::string_view secret);

template <class Decode>
auto Api::Session::ask(const Question& question, const std::stop_token& stop, Decode&& decode)
    -> decltype(decode(std::declval<std::string&>())) {
  core::Secret token;
  auto response = exchange(question, token, stop);
  if (!response) return std::unexpected(std::move(response.error()));
  const auto hide = [&] {
    const bool found = mask(response->body, token.reveal());
    return mask(response->body, question.secret) || found;
  };
  auto read = [&]() -> decltype(decode(response->body)) {
    if (auto failure = refuse(*response)) return std::unexpected(std::move(*failure));
    return decode(response->body);
  };
  auto answer = read();
  // What the platform says about a failure may quote a secret: it is read again without.
  if (!answer && hide()) answer = read();
  if (!answer && answer.error().reason == view::PollReason::auth) answer.error().refused_token = token;
  client_.reuse(std::move(response->body));
  return answer;
}

template <class Decode, class Collector, class Page>
std::optional<Failure> Api::Session::walk(const Question& question, const std::stop_token& stop, Walk& walk,
                                          Decode&& decode, Collector& collector, Page& page) {
  Question paged = question;
  for (;;) {
    paged.path = fmt::format("{}?page={}&page_size={}", question.path, walk.page(), options_.page_size);
    if (auto answer = ask(paged, stop, decode); !answer) return std::move(answer.error());
    switch (walk.take(collector.take(page))) {
      case Walk::Step::next:
        if (collector.ended()) return std::nullopt;
        break;
      case Walk::Step::whole:
        return std::nullopt;
      case Walk::Step::again:
        collector.clear();
        break;
      case Walk::Step::inconsistent:
        return inconsistent(walk.complaint());
      case Walk::Step::too_large:
        return too_large();
    }
  }
}

}  // namespace runwatch::unpod
