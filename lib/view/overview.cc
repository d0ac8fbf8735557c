// The verdicts of all runs, and the headline over them.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

#include "view/trouble.h"

namespace runwatch::view {
namespace {

using task::kNoTime;
using Incidents = std::vector<const IncidentStanding*>;

// The incidents that are not over, by run.
class IncidentsByRun {
 public:
  explicit IncidentsByRun(const Alerts& alerts) {
    for (const auto& incident : alerts.incidents) {
      if (incident.notice.run_id.empty() || incident.phase == rule::Phase::over) continue;
      by_run_[incident.notice.run_id].push_back(&incident);
    }
  }

  Incidents of(const SpaceSnapshot& space, const RunSnapshot& run) const {
    const auto found = by_run_.find(run.run_id);
    if (found == by_run_.end()) return {};
    Incidents own = found->second;
    std::erase_if(own, [&](const auto* incident) { return incident->notice.space != space.name; });
    return own;
  }

 private:
  std::unordered_map<std::string_view, Incidents> by_run_;
};

bool is_known_to_somebody(const RunVerdict& verdict) {
  return std::ranges::any_of(
      verdict.incidents, [](const auto* incident) { return incident->told != kNoTime || !incident->shown_to.empty(); });
}

bool fails(const auto& polled) { return polled.last_error || polled.up == false; }

std::string by_reason(const std::optional<PollError>& error) {
  return error ? fmt::format(" ({})", name(error->reason)) : "";
}

std::string trouble_text(const Overview& overview) {
  if (overview.watched == 0) return "no run is watched";
  const auto count = overview.in_trouble == 0 ? "none" : std::to_string(overview.in_trouble);
  return fmt::format("{} of {} {} in trouble", count, overview.watched, overview.watched == 1 ? "run" : "runs");
}

// How the platform is seen, and what it makes of the level.
std::pair<std::string, Level> platform_text(const Snapshot& snapshot) {
  if (snapshot.pause) return {"all polls pause: " + snapshot.pause->why, Level::bad};
  if (snapshot.organization && fails(*snapshot.organization)) {
    return {"the list of spaces cannot be read" + by_reason(snapshot.organization->last_error), Level::bad};
  }
  const auto failing = std::ranges::count_if(snapshot.spaces, [](const auto& space) { return fails(*space); });
  if (failing > 0) {
    const auto& first = **std::ranges::find_if(snapshot.spaces, [](const auto& space) { return fails(*space); });
    return {fmt::format("{} of {} {} cannot be read in full: {}{}{}", failing, snapshot.spaces.size(),
                        snapshot.spaces.size() == 1 ? "space" : "spaces", first.name, by_reason(first.last_error),
                        failing == 1 ? "" : " and others"),
            Level::bad};
  }
  const bool tried = std::ranges::all_of(snapshot.spaces, [](const auto& space) { return space->up == true; });
  if (!tried || !snapshot.ready()) return {"not all of it was read yet", Level::unknown};
  if (snapshot.spaces.empty()) return {"there are no spaces", Level::unknown};
  return {"the platform answers", Level::good};
}

// Empty: there is nothing to tell.
std::string told_text(const Overview& overview, const Alerts& alerts) {
  if (overview.in_trouble == 0) return {};
  if (alerts.receivers.empty()) return "nobody is told, for there is no receiver";
  const auto told = static_cast<std::size_t>(std::ranges::count_if(overview.runs, [](const auto& verdict) {
    return verdict.trouble != Trouble::none && is_known_to_somebody(verdict);
  }));
  if (told == 0) return "nobody was told yet";
  if (told == overview.in_trouble) return overview.in_trouble == 1 ? "it was told" : "all were told";
  return fmt::format("{} of them {} told", told, told == 1 ? "was" : "were");
}

// Empty: each takes what it is sent.
std::string receivers_text(const Alerts& alerts) {
  std::string names;
  for (const auto& receiver : alerts.receivers) {
    if (!receiver.disabled && receiver.failing_since == kNoTime) continue;
    names += (names.empty() ? "" : ", ") + receiver.name;
  }
  return names.empty() ? "" : "notices do not reach " + names;
}

void conclude(Overview& overview, const Snapshot& snapshot) {
  auto [platform, level] = platform_text(snapshot);
  const auto unreached = receivers_text(*snapshot.alerts);
  overview.level = overview.in_trouble > 0 || !unreached.empty() ? Level::bad : level;
  overview.headline = trouble_text(overview);
  for (const auto& part : {std::move(platform), told_text(overview, *snapshot.alerts), unreached}) {
    if (!part.empty()) overview.headline += "; " + part;
  }
}

}  // namespace

Overview judge(const Snapshot& snapshot, core::WallTime now) {
  Overview overview;
  const IncidentsByRun incidents(*snapshot.alerts);
  for (const auto& space : snapshot.spaces) {
    for (const auto& run : space->runs) overview.runs.push_back(judge(*space, *run, incidents.of(*space, *run), now));
  }
  overview.watched = overview.runs.size();
  overview.in_trouble = static_cast<std::size_t>(
      std::ranges::count_if(overview.runs, [](const auto& verdict) { return verdict.trouble != Trouble::none; }));
  std::ranges::stable_sort(overview.runs, std::greater(), &RunVerdict::score);
  conclude(overview, snapshot);
  return overview;
}

std::optional<RunVerdict> judge_run(const Snapshot& snapshot, std::string_view space, std::string_view run_id,
                                    core::WallTime now) {
  for (const auto& known : snapshot.spaces) {
    if (!space.empty() && known->name != space) continue;
    const auto run = std::ranges::find(known->runs, run_id, [](const auto& r) { return std::string_view(r->run_id); });
    if (run == known->runs.end()) continue;
    return judge(*known, **run, IncidentsByRun(*snapshot.alerts).of(*known, **run), now);
  }
  return std::nullopt;
}

}  // namespace runwatch::view
