#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/text.h"
#include "page/api_parts.h"
#include "page/html.h"
#include "page/json_parts.h"

namespace runwatch::page::api {
namespace {

constexpr std::int64_t kMostRuns = 1000;  // of a page
constexpr std::int64_t kMostOffset = 1'000'000'000;
constexpr std::string_view kInTrouble = "trouble";
constexpr std::string_view kAlerted = "alerted";

// What `state` may ask for: any trouble, a kind of it, an open incident, or where a run stands.
using Wanted = std::function<bool(const view::RunVerdict&)>;

std::optional<Wanted> wanted(const std::string& state) {
  using view::RunVerdict;
  if (state.empty()) return [](const RunVerdict&) { return true; };
  if (state == kInTrouble) return [](const RunVerdict& run) { return run.trouble != view::Trouble::none; };
  if (state == kAlerted) return [](const RunVerdict& run) { return run.alerted(); };
  for (std::size_t i = 1; i < view::kTroubleNames.size(); ++i) {
    if (state == view::kTroubleNames.at(i)) return [i](const RunVerdict& run) { return task::index(run.trouble) == i; };
  }
  for (std::size_t i = 0; i < view::kConditionNames.size(); ++i) {
    if (state == view::kConditionNames.at(i))
      return [i](const RunVerdict& run) { return task::index(run.condition) == i; };
  }
  return std::nullopt;
}

Answer refuse_state() {
  return refuse(400, fmt::format("state must be {}, {}, {} or {}", kInTrouble,
                                 fmt::join(view::kTroubleNames.begin() + 1, view::kTroubleNames.end(), ", "), kAlerted,
                                 fmt::join(view::kConditionNames, ", ")));
}

// To the page that follows, with the same filters.
http::Header link_to(const Query& query, std::int64_t offset, std::int64_t limit) {
  std::string target = fmt::format("?offset={}&limit={}", offset, limit);
  for (const auto* name : {"space", "run", "state", "sort"}) {
    if (query.has(name)) target += fmt::format("&{}={}", name, escape_query(query.text(name)));
  }
  return {"Link", fmt::format("<{}>; rel=\"next\"", target)};
}

Json history_json(const view::RunSnapshot& run) {
  Json points = Json::array();
  if (!run.history) return points;
  for (const auto& point : *run.history) {
    points.push_back({{"at", time_or_null(point.at)}, {"tasks", by_status(point.tasks)}});
  }
  return points;
}

Json hours_json(const std::vector<view::HourRow>& hours) {
  Json out = Json::array();
  for (const auto& row : hours) {
    out.push_back(
        {{"hour", time_or_null(row.hour)}, {"entered", by_status(row.entered)}, {"recovered", row.recovered}});
  }
  return out;
}

}  // namespace

Answer runs(const Query& query, const ApiContext& context) {
  const auto limit = number(query, "limit", 1, kMostRuns, kMostOffset);
  const auto offset = number(query, "offset", 0, kMostOffset, 0);
  if (!limit || !offset) return std::unexpected(!limit ? limit.error() : offset.error());
  const auto is_wanted = wanted(query.text("state"));
  const auto sort = query.text("sort");
  if (!is_wanted) return refuse_state();
  if (!sort.empty() && sort != "newest" && sort != "worst") return refuse(400, "sort must be newest or worst");
  auto verdicts = view::verdicts(context.snapshot, context.now);
  const auto space = query.text("space"), id = query.text("run");
  std::erase_if(verdicts, [&](const auto& verdict) {
    return (!space.empty() && verdict.space->name != space) || (!id.empty() && verdict.run->run_id != id) ||
           !(*is_wanted)(verdict);
  });
  if (sort == "worst") std::ranges::stable_sort(verdicts, std::greater(), &view::RunVerdict::score);
  Json page = Json::array();
  const auto all = std::ssize(verdicts);
  const auto end = std::min(all, *offset + *limit);
  for (auto i = *offset; i < end; ++i) page.push_back(run_json(verdicts[static_cast<std::size_t>(i)]));
  Body body{write(page), {{"X-Total-Count", std::to_string(all)}}};
  if (end < all) body.headers.push_back(link_to(query, end, *limit));
  return body;
}

Answer run(const Query& query, const ApiContext& context) {
  const auto id = query.text("run");
  if (id.empty()) return refuse(400, "run must be the id of a run");
  const auto verdict = view::judge_run(context.snapshot, query.text("space"), id, context.now);
  if (!verdict) {
    return refuse(404, fmt::format("no watched run has the id {}: /api/v1/runs lists them", core::printable(id)));
  }
  Json out = run_json(*verdict);
  Json incidents = Json::array();
  for (const auto* incident : verdict->incidents) incidents.push_back(incident_object(*incident));
  out["incidents"] = std::move(incidents);
  out["history"] = history_json(*verdict->run);
  out["hours"] = Json();
  if (context.ledger.hours) {
    constexpr auto kShown = std::chrono::hours(48);
    const auto hours = context.ledger.hours({verdict->space->name, id, context.now - kShown});
    if (hours) out["hours"] = hours_json(*hours);
  }
  return Body{write(out)};
}

}  // namespace runwatch::page::api
