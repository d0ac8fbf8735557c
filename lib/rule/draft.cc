#include "rule/draft.h"

#include <limits>

namespace runwatch::rule {
namespace {

constexpr std::size_t kMostOfAnEvent = 2048;  // bytes of a body but for what it includes: most are half of it

}  // namespace

Draft::Draft(const Memory& remembered, const Context& context, const Event* at_hand)
    : memory(remembered),
      settings(context.settings),
      now(context.now),
      event(at_hand),
      lookup_(context.lookup),
      ask_room_(context.room) {
  if (event == nullptr) return;
  for (const auto& run : event->runs) runs_.emplace(run.after->number, &run);
}

Case& Draft::touch(std::int64_t number) {
  const auto [at, is_first] = cases_.try_emplace(number);
  if (is_first) at->second = {*memory.find(number), false, memory.totals_of(number)};
  return at->second;
}

void Draft::touch_all(const Place& place) {
  const auto known = memory.places.find(place);
  if (known == memory.places.end()) return;
  for (const auto number : known->second) touch(number);
}

Case* Draft::find(const Rule& rule, const Place& place, std::string_view about) {
  const auto is_it = [&](const Incident& incident) {
    return incident.rule == rule.name && incident.when == rule.when && place_of(incident) == place &&
           (rule.when != When::delivery_failing || incident.about == about);
  };
  for (auto at = cases_.upper_bound(memory.last_incident); at != cases_.end(); ++at)
    if (is_it(at->second.incident)) return &at->second;
  const auto known = memory.places.find(place);
  if (known == memory.places.end()) return nullptr;
  for (const auto number : known->second)
    if (is_it(*memory.find(number)) && !touch(number).closed) return &touch(number);
  return nullptr;
}

Case& Draft::begin(const Rule& rule, const Place& place, core::WallTime started, std::string_view about) {
  const auto number = std::max(memory.last_incident, cases_.empty() ? 0 : cases_.rbegin()->first) + 1;
  auto& it = cases_[number];
  auto& incident = it.incident;
  incident.number = number;
  incident.rule = rule.name;
  incident.when = rule.when;
  std::tie(incident.space, incident.run) = place;
  incident.about = about;
  incident.started = started;
  incident.id = id_of(*this, incident, incident.about + ms_of(started));
  return it;
}

void Draft::set_rows(Case& it, Rows rows) {
  Rows kept;
  kept.reserve(rows.size());
  each_task(rows, [&](std::span<const Member> attempts, const Member* stands) {
    for (const auto& row : attempts)
      if (!row.told || &row >= stands) kept.push_back(row);
  });
  it.totals = totals_of(kept);
  it.rows = std::move(kept);
}

const Rule* Draft::rule_of(const Incident& incident) const {
  const auto rule = std::ranges::find(settings.rules, incident.rule, &Rule::name);
  if (rule == settings.rules.end() || rule->when != incident.when) return nullptr;
  const auto space = space_of(incident.space);
  return incident.space == 0 || !space || covers(*rule, space->name) ? &*rule : nullptr;
}

std::optional<SpaceView> Draft::space_of(std::int64_t space) const {
  if (event != nullptr && event->space.number == space) return event->space;
  return lookup_.space ? lookup_.space(space) : std::nullopt;
}

std::optional<RunView> Draft::run_of(const Place& place) const {
  if (place.second == 0 || is_forgotten(place.second)) return std::nullopt;
  if (const auto named = runs_.find(place.second); named != runs_.end()) return *named->second;
  return lookup_.run ? lookup_.run(place.first, place.second) : std::nullopt;
}

const task::RunRecord* Draft::record_of(const Place& place) const {
  if (is_forgotten(place.second)) return *std::ranges::find(event->forgotten, place.second, &task::RunRecord::number);
  const auto run = run_of(place);
  return run ? run->after : nullptr;
}

bool Draft::is_forgotten(std::int64_t run) const {
  return event != nullptr && contains(event->forgotten, run, &task::RunRecord::number);
}

bool Draft::is_silenced_by(const Silence& silence, const Incident& incident) const {
  const auto space = incident.space == 0 ? std::nullopt : space_of(incident.space);
  const auto* run = record_of(place_of(incident));
  return (silence.rule.empty() || silence.rule == incident.rule) &&
         (silence.space.empty() || (space && (silence.space_number == 0 ? space->name == silence.space
                                                                        : space->number == silence.space_number))) &&
         (silence.run_id.empty() || (run != nullptr && run->row.run_id == silence.run_id));
}

core::WallTime Draft::silenced_until(const Incident& incident) const {
  auto until = task::kNoTime;
  for (const auto& silence : memory.silences) {
    const bool ended = silence.until <= now.lived || contains(out.expired, silence.number);
    if (!ended && is_silenced_by(silence, incident)) until = std::max(until, silence.until);
  }
  return until;
}

bool Draft::admit(std::size_t rows, std::size_t bytes) {
  const auto needed = rows * (kMostOfAnEvent + bytes);
  if (!room_) room_ = ask_room_ ? ask_room_() : std::numeric_limits<std::uint64_t>::max();
  const bool fits = needed <= *room_;
  if (fits) *room_ -= needed;
  if (!fits) ++out.held;
  return fits;
}

Decision Draft::finish() {
  for (auto& [number, it] : cases_)
    if (!it.closed) advance(*this, it);
  for (const auto& [number, it] : cases_) compare(it);
  if (event != nullptr && event->polled != 0) ask_for_poll({event->space.number, event->polled});
  return std::move(out);
}

void Draft::compare(const Case& it) {
  const auto number = it.incident.number;
  const auto* known = memory.find(number);
  if (it.closed && known != nullptr) out.closed.push_back(number);
  if (it.closed) return;
  if (known == nullptr || *known != it.incident) out.incidents.push_back(it.incident);
  if (!it.rows) return;
  auto old = memory.members.lower_bound({number, {}, 0});
  const auto leave_until = [&](const RowKey& key) {
    for (; old != memory.members.end() && old->first < key; ++old) out.erased.push_back(old->second);
  };
  for (const auto& row : *it.rows) {
    leave_until(key_of(row));
    const bool is_known = old != memory.members.end() && old->first == key_of(row);
    if (!is_known || old->second != row) out.members.push_back(row);
    if (is_known) ++old;
  }
  leave_until({number + 1, {}, 0});
}

// A failure that waits is decided by a poll that comes in time.
void Draft::ask_for_poll(const Place& place) {
  auto next = task::kNoTime;
  const auto consider = [&](const Totals& totals) {
    if (totals.next_waiting > now.lived) next = sooner(next, totals.next_waiting);
  };
  for (const auto& [number, it] : cases_)
    if (!it.closed && place_of(it.incident) == place) consider(it.totals);
  for (const auto number : memory.waiting_at(place))
    if (!cases_.contains(number)) consider(memory.totals_of(number));
  if (next != task::kNoTime) out.poll_by = next;
}

}  // namespace runwatch::rule
