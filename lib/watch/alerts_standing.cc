// Incidents as they stand, for the page, people and those who are shown them.
#include <algorithm>
#include <functional>
#include <span>

#include "notify/format.h"
#include "watch/alerts.h"

namespace runwatch::watch {

std::vector<std::string> Alerts::shown_to(const rule::Incident& incident) const {
  std::vector<std::string> names;
  const auto& rules = settings_.rules.rules;
  const auto rule = std::ranges::find(rules, incident.rule, &rule::Rule::name);
  if (rule == rules.end()) return names;
  for (const auto& receiver : settings_.rules.receivers) {
    const auto& wanted = rule->receivers;
    const bool is_wanted = wanted.empty() || std::ranges::find(wanted, receiver.name) != wanted.end();
    const bool is_about_it = rule->when == rule::When::delivery_failing && incident.about == receiver.name;
    if (receiver.by_level && is_wanted && !is_about_it) names.push_back(receiver.name);
  }
  return names;
}

// Of an incident whose rule is gone the end is shown to those who were shown the rest.
void Alerts::keep_shown(view::IncidentStanding& line) const {
  if (is_configured(line.notice.rule)) return;
  const auto before = std::ranges::find(shown_, line.notice.incident_number,
                                        [](const auto& known) { return known.notice.incident_number; });
  if (before == shown_.end()) return;
  line.shown_to = before->shown_to;
  line.notice.severity = before->notice.severity;
  line.notice.labels = before->notice.labels;
}

bool Alerts::is_configured(const std::string& rule) const {
  return std::ranges::find(settings_.rules.rules, rule, &rule::Rule::name) != settings_.rules.rules.end();
}

// Whoever is shown incidents as they stand has to see the end of each, also once the book has forgotten it, and also of
// what it was shown under other labels: those make another alert.
void Alerts::add_ended(std::vector<view::IncidentStanding>& out) {
  const auto at = now().wall;
  const auto is_same = [](const auto& known, const auto& line) {
    return known.notice.incident_number == line.notice.incident_number &&
           known.notice.severity == line.notice.severity && known.notice.labels == line.notice.labels;
  };
  const auto standing = std::span(out);
  const auto is_standing = [&](const auto& line) {
    const auto by_number = [](const auto& known) { return known.notice.incident_number; };
    const auto found = std::ranges::lower_bound(standing, by_number(line), std::greater(), by_number);  // newest first
    return found != standing.end() && is_same(*found, line);
  };
  const auto has_ended = [&](const auto& line) {
    return std::ranges::any_of(ended_, [&](const auto& known) { return is_same(known, line); });
  };
  for (auto& line : out) keep_shown(line);
  for (auto& line : shown_) {
    if (line.phase == rule::Phase::gathering || is_standing(line) || has_ended(line)) continue;
    line.phase = rule::Phase::over;
    if (line.notice.ended == task::kNoTime) line.notice.ended = at;
    ended_.push_back(std::move(line));
  }
  std::erase_if(ended_,
                [&](const auto& line) { return is_standing(line) || at - line.notice.ended > notify::kShownAfterEnd; });
  shown_ = out;
  out.insert(out.end(), ended_.begin(), ended_.end());
}

std::vector<view::IncidentStanding> Alerts::standing() {
  std::vector<view::IncidentStanding> out;
  const auto at = now();
  auto incident = book_.incidents().begin();  // the notices are in their order
  for (auto& notice : book_.standing(context())) {
    view::IncidentStanding line;
    line.phase = incident->phase;
    if (incident->told_at != task::kNoTime) line.told = incident->told_at - (at.lived - at.wall);
    const auto silenced = book_.silenced_until(*incident, context());
    if (silenced != task::kNoTime) line.silenced_until = silenced - (at.lived - at.wall);
    line.shown_to = shown_to(*incident++);
    line.notice = std::move(notice);
    out.push_back(std::move(line));
  }
  std::ranges::reverse(out);  // newest first
  add_ended(out);
  return out;
}

}  // namespace runwatch::watch
