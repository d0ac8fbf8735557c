// The verdicts of all runs, and the headline over them.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/ascii.h"
#include "view/trouble.h"

namespace runwatch::view {
namespace {

using Incidents = std::vector<const IncidentStanding*>;

// The incidents that are not over, by run. Nobody is told of each run that cannot be read: that is an incident of its
// space, or of the account.
class IncidentsByRun {
 public:
  explicit IncidentsByRun(const Alerts& alerts) {
    for (const auto& incident : alerts.incidents) {
      const auto& notice = incident.notice;
      if (incident.phase == rule::Phase::over) continue;
      if (!notice.run_id.empty()) by_run_[notice.run_id].push_back(&incident);
      if (notice.run_id.empty() && notice.when == rule::When::poll_failing) of_polls_.push_back(&incident);
    }
  }

  Incidents of(const SpaceSnapshot& space, const RunSnapshot& run) const {
    Incidents own;
    const auto is_its = [&](const auto* incident) { return incident->notice.space == space.name; };
    if (const auto found = by_run_.find(run.run_id); found != by_run_.end())
      std::ranges::copy_if(found->second, std::back_inserter(own), is_its);
    if (run.failed_polls == 0) return own;
    std::ranges::copy_if(of_polls_, std::back_inserter(own),
                         [&](const auto* incident) { return incident->notice.space.empty() || is_its(incident); });
    return own;
  }

 private:
  std::unordered_map<std::string_view, Incidents> by_run_;
  Incidents of_polls_;
};

// Of the incidents that are open and not silenced, and how many of these somebody is told of, or is to be.
struct Tally {
  std::size_t all = 0;
  std::size_t known = 0;
  std::size_t queued = 0;

  void add(const IncidentStanding& incident, const Alerts& alerts) {
    if (!incident.pressing()) return;
    ++all;
    if (alerts.reached(incident))
      ++known;
    else if (incident.known())
      ++queued;
  }
};

std::string by_reason(const std::optional<PollError>& error) {
  return error ? fmt::format(" ({})", core::words(name(error->reason))) : "";
}

std::string trouble_text(const Overview& overview) {
  if (overview.watched == 0) return "no run is watched";
  const auto count = overview.in_trouble == 0 ? "none" : std::to_string(overview.in_trouble);
  return fmt::format("{} of {} {} in trouble", count, overview.watched, overview.watched == 1 ? "run" : "runs");
}

// How the platform is seen, and what it makes of the level.
std::pair<std::string, Level> platform_text(const Snapshot& snapshot) {
  if (snapshot.pause) return {"all polls pause: " + snapshot.pause->why, Level::bad};
  if (snapshot.organization && is_failing(*snapshot.organization)) {
    return {"the list of spaces cannot be read" + by_reason(snapshot.organization->last_error), Level::bad};
  }
  const auto failing = std::ranges::count_if(snapshot.spaces, [](const auto& space) { return is_failing(*space); });
  const auto is_unstored = [](const auto& space) {
    return space->last_error && space->last_error->reason == PollReason::store;
  };
  if (std::ranges::any_of(snapshot.spaces, is_unstored))
    return {"the database cannot be written: what is new is neither counted nor told", Level::bad};
  if (failing > 0) {
    const auto& first = **std::ranges::find_if(snapshot.spaces, [](const auto& space) { return is_failing(*space); });
    return {fmt::format("{} of {} {} cannot be read in full: {}{}{}", failing, snapshot.spaces.size(),
                        snapshot.spaces.size() == 1 ? "space" : "spaces", first.name, by_reason(first.last_error),
                        failing == 1   ? ""
                        : failing == 2 ? " and 1 other"
                                       : fmt::format(" and {} others", failing - 1)),
            Level::bad};
  }
  const bool tried = std::ranges::all_of(snapshot.spaces, [](const auto& space) { return space->up == true; });
  if (!tried || !snapshot.ready()) return {"not all of it was read yet", Level::unknown};
  if (snapshot.spaces.empty()) return {"there are no spaces", Level::unknown};
  return {"the platform answers", Level::good};
}

// Of runs in trouble. Empty: there is nothing to tell.
std::string told_text(const Overview& overview, const Alerts& alerts) {
  std::size_t all = 0, told = 0, held = 0, queued = 0;
  for (const auto& verdict : overview.runs) {
    if (verdict.trouble == Trouble::none || verdict.trouble == Trouble::no_such_run) continue;
    ++all;
    if (std::ranges::any_of(verdict.incidents, [&](const auto* incident) { return alerts.reached(*incident); }))
      ++told;
    else if (std::ranges::any_of(verdict.incidents, &IncidentStanding::known))
      ++queued;
    if (!verdict.incidents.empty() && std::ranges::all_of(verdict.incidents, &IncidentStanding::held)) ++held;
  }
  if (all == 0) return overview.in_trouble == 0 ? "" : "no rule tells of unknown runs";
  if (told == 0 && held == all) return "nobody was told, as silences ask";
  if (told == 0) return queued > 0 ? "nobody was reached yet" : "nobody was told yet";
  if (told < all) return fmt::format("somebody was told of {} of the {}", told, all);
  return all == 1 ? "somebody was told" : "somebody was told of each";
}

// Empty: nothing is.
std::string silenced_text(const Alerts& alerts) {
  const auto is_of_all = [](const auto& silence) {
    return silence.space.empty() && silence.run_id.empty() && silence.rule.empty();
  };
  if (std::ranges::any_of(alerts.silences, is_of_all)) return "a silence holds all notices";
  const auto silenced = std::ranges::count_if(alerts.incidents, [](const auto& incident) {
    return incident.phase == rule::Phase::open && incident.silenced();
  });
  if (silenced == 0) return {};
  return fmt::format("{} {} silenced", silenced, silenced == 1 ? "incident" : "incidents");
}

// Of incidents other than those of runs in trouble. Empty: there are none.
std::string others_text(const Tally& others, bool is_more, bool has_receivers) {
  if (others.all == 0) return {};
  auto open =
      fmt::format("{} {}{} open", others.all, is_more ? "more " : "", others.all == 1 ? "incident" : "incidents");
  if (!has_receivers) return open;
  const auto known = others.known == 0 && others.queued > 0 ? std::string("nobody reached yet")
                     : others.known == 0                    ? std::string("not told yet")
                     : others.known == others.all           ? "told"
                                                            : fmt::format("{} of them told", others.known);
  return open + ", " + known;
}

// Empty: each takes what it is sent.
std::string receivers_text(const Alerts& alerts) {
  std::string names;
  for (const auto& receiver : alerts.receivers) {
    if (!receiver.failing()) continue;
    names += (names.empty() ? "" : ", ") + receiver.name;
  }
  return names.empty() ? "" : "notices do not reach " + names;
}

void conclude(Overview& overview, const Snapshot& snapshot) {
  const auto& alerts = *snapshot.alerts;
  std::set<const IncidentStanding*> said;
  for (const auto& verdict : overview.runs) {
    if (verdict.trouble != Trouble::none) said.insert(verdict.incidents.begin(), verdict.incidents.end());
  }
  Tally all, others;
  for (const auto& incident : alerts.incidents) {
    all.add(incident, alerts);
    const bool is_said = said.contains(&incident) || incident.notice.when == rule::When::delivery_failing;
    if (!is_said) others.add(incident, alerts);
  }
  auto [platform, level] = platform_text(snapshot);
  const auto unreached = receivers_text(alerts);
  const bool has_receivers = !alerts.receivers.empty();
  overview.incidents = all.all;
  overview.level = overview.in_trouble > 0 || !unreached.empty() ? Level::bad : level;
  if (others.all > 0) overview.level = std::max(overview.level, Level::warning);
  overview.headline = trouble_text(overview) + "; " + platform;
  if (!alerts.delivers) return;
  const bool is_alone = !has_receivers && (overview.in_trouble > 0 || others.all > 0);
  const auto told = is_alone ? "nobody is told, for there is no receiver" : told_text(overview, alerts);
  for (const auto& part :
       {told, others_text(others, overview.in_trouble > 0, has_receivers), silenced_text(alerts), unreached}) {
    if (!part.empty()) overview.headline += "; " + part;
  }
}

}  // namespace

std::vector<RunVerdict> verdicts(const Snapshot& snapshot, core::WallTime now) {
  std::vector<RunVerdict> all;
  const IncidentsByRun incidents(*snapshot.alerts);
  const auto instant = snapshot.clock.at(now);
  for (const auto& space : snapshot.spaces) {
    for (const auto& run : space->runs) all.push_back(judge(*space, *run, incidents.of(*space, *run), instant));
  }
  return all;
}

Overview judge(const Snapshot& snapshot, core::WallTime now) {
  Overview overview;
  overview.runs = verdicts(snapshot, now);
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
    return judge(*known, **run, IncidentsByRun(*snapshot.alerts).of(*known, **run), snapshot.clock.at(now));
  }
  return std::nullopt;
}

}  // namespace runwatch::view
