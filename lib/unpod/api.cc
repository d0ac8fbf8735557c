#include "unpod/api.h"

#include "unpod/collect.h"
#include "unpod/session.h"

namespace runwatch::unpod {
namespace {

// A segment of a path; "." and ".." would be resolved away on the way and so are encoded in full.
std::string segment(std::string_view text) {
  if (text == ".") return "%2E";
  if (text == "..") return "%2E%2E";
  return http::percent_encode(text);
}

std::string path_of(const core::Secret& space) { return "spaces/" + segment(space.reveal()) + "/"; }

}  // namespace

Api::Api(ApiOptions options, http::Client& client, Credentials& credentials, Hooks hooks, const core::Clock& clock)
    : session_(std::make_unique<Session>(std::move(options), client, credentials, std::move(hooks), clock)) {}

Api::~Api() = default;

Answer<TaskWalk> Api::tasks(const core::Secret& space, const std::string& run_id,
                            std::shared_ptr<const PageDigests> before, std::stop_token stop) {
  const Question question{Call::tasks, path_of(space) + "runs/" + segment(run_id) + "/tasks/", space.reveal()};
  Walk walk(session_->options().max_rows);
  TaskCollector collector(std::move(before));
  TaskPage& page = session_->task_page;
  const auto decode = [&](std::string& body) -> std::expected<void, Failure> {
    if (collector.recognise(body)) return {};
    return session_->decoder.tasks(body, page);
  };
  if (auto failure = session_->walk(question, stop, walk, decode, collector, page))
    return std::unexpected(std::move(*failure));
  return collector.finish(walk);
}

Answer<RunList> Api::runs(const core::Secret& space, const std::function<bool(const task::ObservedRunRow&)>& enough,
                          std::stop_token stop) {
  const Question question{Call::runs, path_of(space) + "runs/", space.reveal()};
  Walk walk(session_->options().max_rows);
  RunCollector collector(enough);
  RunPage& page = session_->run_page;
  const auto decode = [&](std::string& body) { return session_->decoder.runs(body, page); };
  if (auto failure = session_->walk(question, stop, walk, decode, collector, page))
    return std::unexpected(std::move(*failure));
  return collector.finish(walk);
}

Answer<std::vector<SpaceInfo>> Api::spaces(std::stop_token stop) {
  return session_->ask({Call::spaces, "spaces/", {}}, stop,
                       [this](std::string& body) { return session_->decoder.spaces(body); });
}

Answer<SpaceInfo> Api::space(const core::Secret& space, std::stop_token stop) {
  auto answer = session_->ask({Call::space, path_of(space), space.reveal()}, stop,
                              [this](std::string& body) { return session_->decoder.space(body); });
  if (answer) answer->token = space;
  return answer;
}

Answer<std::vector<Organization>> Api::organizations(std::stop_token stop) {
  return session_->ask({Call::organizations, "organizations/", {}}, stop,
                       [this](std::string& body) { return session_->decoder.organizations(body); });
}

}  // namespace runwatch::unpod
