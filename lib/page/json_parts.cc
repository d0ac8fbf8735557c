#include "page/json_parts.h"

#include <cmath>

#include "core/timestamp.h"

namespace runwatch::page {
namespace {

Json by_reason(const auto& counts) {
  Json out = Json::object();
  for (std::size_t i = 0; i < counts.size(); ++i) out[std::string(task::kFailureReasonNames.at(i))] = counts[i];
  return out;
}

Json oldest_json(const view::RunSnapshot& run) {
  Json out = Json::object();
  for (std::size_t i = 0; i < task::kStatusCount; ++i) {
    const auto status = static_cast<task::Status>(i);
    if (!task::is_finished(status)) out[std::string(task::name(status))] = time_or_null(run.oldest[i]);
  }
  return out;
}

Json ids_of(const std::vector<const view::IncidentStanding*>& incidents) {
  Json ids = Json::array();
  for (const auto* incident : incidents) ids.push_back(incident->notice.incident);
  return ids;
}

}  // namespace

Json time_or_null(core::WallTime time) { return time == task::kNoTime ? Json() : Json(core::format_timestamp(time)); }

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json by_status(const task::StatusCounts& counts) {
  Json out = Json::object();
  for (std::size_t i = 0; i < task::kStatusCount; ++i) out[std::string(task::kStatusNames[i])] = counts[i];
  return out;
}

Json error_json(const std::optional<view::PollError>& error) {
  if (!error) return {};
  return {{"reason", view::name(error->reason)}, {"text", error->text}, {"at", core::format_timestamp(error->at)}};
}

Json pause_json(const std::optional<view::Pause>& pause) {
  if (!pause) return {};
  return {{"until", time_or_null(pause->until)}, {"why", pause->why}};
}

Json run_json(const view::RunVerdict& verdict) {
  const auto& run = *verdict.run;
  const bool known = run.tasks_known();
  return {{"space", verdict.space->name},
          {"run_id", run.run_id},
          {"status", run.status ? Json(task::name(*run.status)) : Json()},
          {"created", time_or_null(run.created)},
          {"last_change", time_or_null(known ? run.last_change : task::kNoTime)},
          {"finished", time_or_null(known ? run.finished : task::kNoTime)},
          {"tasks", known ? by_status(run.tasks) : Json()},
          {"unknown", run.unknown},
          {"state", view::name(verdict.condition)},
          {"trouble", verdict.trouble == view::Trouble::none ? Json() : Json(view::name(verdict.trouble))},
          {"why", text_or_null(verdict.why)},
          {"mode", text_or_null(std::string(task::kRunModeNames.at(task::index(run.mode))))},
          {"execution", text_or_null(std::string(task::kExecutionTypeNames.at(task::index(run.execution))))},
          {"batch_count", run.batch_count},
          {"failures", known ? by_reason(run.failures) : Json()},
          {"oldest", known ? oldest_json(run) : Json()},
          {"per_hour", verdict.per_hour ? Json(std::round(*verdict.per_hour * 10) / 10) : Json()},
          {"estimated_end", time_or_null(verdict.end)},
          {"last_error", error_json(run.last_error)},
          {"recovered", time_or_null(run.recovered)},
          {"failed_polls", run.failed_polls},
          {"incidents", ids_of(verdict.incidents)},
          {"told", time_or_null(verdict.told)}};
}

std::string write(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace runwatch::page
