#include "unpod/api.h"

#include "unpod/caller.h"
#include "unpod/collect.h"

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
    : caller_(std::make_unique<Caller>(std::move(options), client, credentials, std::move(hooks), clock)) {}

Api::~Api() = default;

Answer<TaskWalk> Api::tasks(const core::Secret& space, const std::string& run_id,
                            std::shared_ptr<const PageDigests> before, std::stop_token stop) {
  const Question question{Call::tasks, path_of(space) + "runs/" + segment(run_id) + "/tasks/", space.reveal()};
  TaskCollector collector(std::move(before));
  return caller_->walk(question, stop, collector, [&](std::string& body) -> Answer<Walk::Page> {
    if (const auto unchanged = collector.take_unchanged(body)) return *unchanged;
    const auto decoded = caller_->decoder.tasks(body, caller_->task_page, run_id);
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
