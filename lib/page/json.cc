#include "page/json.h"

#include "page/json_parts.h"

namespace runwatch::page {
namespace {

Json organization_json(const std::optional<view::OrganizationSnapshot>& list) {
  if (!list) return {};
  return {{"up", number_or_null(list->up)},
          {"last_success", time_or_null(list->last_success)},
          {"last_error", error_json(list->last_error)}};
}

Json space_json(const view::SpaceSnapshot& space) {
  return {{"name", space.name},
          {"up", number_or_null(space.up)},
          {"last_success", time_or_null(space.last_success)},
          {"last_error", error_json(space.last_error)},
          {"runs", space.runs.size()},
          {"runs_retired", space.runs_retired},
          {"runs_not_watched", space.runs_not_watched},
          {"runs_failing", space.runs_failing},
          {"tasks", space.counted ? by_status(space.tasks) : Json()},
          {"failed_attempts", space.counters->total(task::Family::failures)}};
}

Json status(const view::Snapshot& snapshot, std::string_view version, core::WallTime now) {
  Json spaces = Json::array();
  for (const auto& space : snapshot.spaces) spaces.push_back(space_json(*space));
  const auto overview = view::judge(snapshot, now);
  return {{"version", version},
          {"ready", snapshot.ready()},
          {"summary", view::summary(snapshot)},
          {"headline", overview.headline},
          {"level", view::name(overview.level)},
          {"runs_watched", overview.watched},
          {"runs_in_trouble", overview.in_trouble},
          {"incidents_open", overview.incidents},
          {"pause", pause_json(snapshot.pause)},
          {"organization", organization_json(snapshot.organization)},
          {"spaces", std::move(spaces)}};
}

}  // namespace

std::string status_json(const view::Snapshot& snapshot, std::string_view version, core::WallTime now) {
  return write(status(snapshot, version, now));
}

std::string look_json(const view::Snapshot& snapshot, std::string_view version, core::WallTime now) {
  Json both = status(snapshot, version, now);
  both["runs"] = Json::array();
  for (const auto& verdict : view::verdicts(snapshot, now)) both["runs"].push_back(run_json(verdict));
  return write(both);
}

}  // namespace runwatch::page
