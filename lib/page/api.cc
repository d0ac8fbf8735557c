#include "page/api.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "core/text.h"
#include "page/api_parts.h"
#include "page/json_parts.h"

namespace runwatch::page {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 6> kOfRuns{"space", "run", "state", "sort", "limit", "offset"};
constexpr std::array<std::string_view, 2> kOfRun{"space", "run"};
constexpr std::array<std::string_view, 4> kOfChanges{"space", "run", "before", "limit"};
constexpr std::array<std::string_view, 3> kOfNotices{"space", "run", "limit"};
constexpr std::array<std::string_view, 3> kOfIncidents{"space", "run", "state"};
constexpr std::array<std::string_view, 2> kOfIncident{"id", "limit"};

struct Endpoint {
  std::string_view name;
  api::Answer (*answer)(const Query& query, const ApiContext& context);
  Names parameters{};
};

constexpr Endpoint kEndpoints[] = {
    {"status", api::status},
    {"runs", api::runs, kOfRuns},
    {"run", api::run, kOfRun},
    {"changes", api::changes, kOfChanges},
    {"failures", api::failures, kOfChanges},
    {"notices", api::notices, kOfNotices},
    {"incidents", api::incidents, kOfIncidents},
    {"incident", api::incident, kOfIncident},
    {"receivers", api::receivers},
    {"silences", api::silences},
    {"polls", api::polls},
    {"reload", api::reload},
    {"config", api::config},
};

api::Answer answer(const Endpoint& endpoint, const Query& query, const ApiContext& context) {
  if (const auto other = query.other_than(endpoint.parameters)) {
    const auto known = endpoint.parameters.empty() ? std::string("it takes none")
                                                   : fmt::format("it takes {}", fmt::join(endpoint.parameters, ", "));
    return api::refuse(
        400, fmt::format("/api/v1/{} has no parameter {}: {}", endpoint.name, core::printable(*other, 40), known));
  }
  return endpoint.answer(query, context);
}

}  // namespace

http::ServerResponse api_error(int status, std::string_view text) {
  http::ServerResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::make_shared<const std::string>(write({{"error", text}, {"status", status}}));
  return response;
}

http::ServerResponse answer_api(const http::ServerRequest& request, const ApiContext& context) {
  constexpr std::string_view kPrefix = "/api/v1/";
  const auto name = request.path.starts_with(kPrefix) ? request.path.substr(kPrefix.size()) : "";
  const auto endpoint = std::ranges::find(kEndpoints, name, &Endpoint::name);
  if (endpoint == std::end(kEndpoints)) {
    std::vector<std::string_view> names;
    for (const auto& known : kEndpoints) names.push_back(known.name);
    return api_error(
        404, fmt::format("There is no such endpoint: behind {} there are {}.", kPrefix, fmt::join(names, ", ")));
  }
  auto answered = answer(*endpoint, Query(request.query), context);
  if (!answered) return api_error(answered.error().status, answered.error().text);
  http::ServerResponse response;
  response.content_type = "application/json";
  response.headers = std::move(answered->headers);
  response.body = std::make_shared<const std::string>(std::move(answered->text));
  return response;
}

namespace api {

std::unexpected<Refusal> refuse(const core::Error& error) {
  return refuse(error.kind == core::ErrorKind::invalid ? 404 : 503, error.text);
}

std::expected<std::int64_t, Refusal> number(const Query& query, std::string_view name, std::int64_t least,
                                            std::int64_t most, std::int64_t otherwise) {
  if (!query.has(name)) return otherwise;
  const auto value = query.whole(name, least, most);
  if (value) return *value;
  return refuse(400, fmt::format("{} must be a whole number from {} to {}", name, least, most));
}

}  // namespace api

}  // namespace runwatch::page
