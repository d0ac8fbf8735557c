#include "page/json.h"

#include <nlohmann/json.hpp>

#include "core/timestamp.h"

namespace runwatch::page {
namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(core::WallTime time) { return time == task::kNoTime ? Json() : Json(core::format_timestamp(time)); }

Json counts_json(const task::StatusCounts& counts) {
  Json out = Json::object();
  for (std::size_t i = 0; i < task::kStatusCount; ++i) out[std::string(task::kStatusNames[i])] = counts[i];
  return out;
}

Json error_json(const std::optional<view::PollError>& error) {
  if (!error) return {};
  return {{"reason", view::name(error->reason)}, {"text", error->text}, {"at", core::format_timestamp(error->at)}};
}

Json organization_json(const std::optional<view::OrganizationSnapshot>& list) {
  if (!list) return {};
  return {{"up", list->up ? Json(*list->up) : Json()},
          {"last_success", time_or_null(list->last_success)},
          {"last_error", error_json(list->last_error)}};
}

Json space_json(const view::SpaceSnapshot& space) {
  return {{"name", space.name},
          {"up", space.up ? Json(*space.up) : Json()},
          {"last_success", time_or_null(space.last_success)},
          {"last_error", error_json(space.last_error)},
          {"runs", space.runs.size()},
          {"tasks", space.counted ? counts_json(space.tasks) : Json()},
          {"failed_attempts", space.counters->total(task::Family::failures)}};
}

Json run_json(const std::string& space, const view::RunSnapshot& run) {
  const bool known = run.tasks_known();
  return {{"space", space},
          {"run_id", run.run_id},
          {"status", run.status ? Json(task::name(*run.status)) : Json()},
          {"created", time_or_null(run.created)},
          {"last_change", time_or_null(known ? run.last_change : task::kNoTime)},
          {"finished", time_or_null(known ? run.finished : task::kNoTime)},
          {"tasks", known ? counts_json(run.tasks) : Json()},
          {"unknown", run.unknown}};
}

Json status(const view::Snapshot& snapshot, std::string_view version) {
  Json spaces = Json::array();
  for (const auto& space : snapshot.spaces) spaces.push_back(space_json(*space));
  return {{"version", version},
          {"ready", snapshot.ready()},
          {"summary", view::summary(snapshot)},
          {"organization", organization_json(snapshot.organization)},
          {"spaces", std::move(spaces)}};
}

Json runs(const view::Snapshot& snapshot) {
  Json out = Json::array();
  for (const auto& space : snapshot.spaces) {
    for (const auto& run : space->runs) out.push_back(run_json(space->name, *run));
  }
  return out;
}

// Invalid UTF-8, should any get this far, becomes U+FFFD instead of an exception.
std::string text(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string status_json(const view::Snapshot& snapshot, std::string_view version) {
  return text(status(snapshot, version));
}

std::string runs_json(const view::Snapshot& snapshot) { return text(runs(snapshot)); }

std::string look_json(const view::Snapshot& snapshot, std::string_view version) {
  Json both = status(snapshot, version);
  both["runs"] = runs(snapshot);
  return text(both);
}

}  // namespace runwatch::page
