#include "rule/memory.h"

namespace runwatch::rule {
namespace {

// Changes the time by which an index finds `key`, kNoTime for none.
template <class Key>
void move(std::set<std::pair<core::WallTime, Key>>& index, core::WallTime from, core::WallTime to, const Key& key) {
  index.erase({from, key});
  if (to != task::kNoTime) index.emplace(to, key);
}

}  // namespace

Totals totals_of(const Rows& rows) {
  Totals totals;
  each_task(rows, [&](std::span<const Member> attempts, const Member* stands) {
    for (const auto& row : attempts) {
      auto& time = has_met(row) ? totals.first_met : totals.next_waiting;
      time = sooner(time, row.due);
      ++(has_met(row) ? totals.met : totals.waiting);
      if (has_met(row) && !row.told) ++totals.fresh;
    }
    if (stands == nullptr) return;
    ++(!is_over(*stands) ? totals.open : stands->phase == MemberPhase::gone ? totals.gone : totals.recovered);
  });
  return totals;
}

const Incident* Memory::find(std::int64_t number) const {
  const auto at = std::ranges::lower_bound(incidents, number, {}, &Incident::number);
  return at == incidents.end() || at->number != number ? nullptr : &*at;
}

Totals Memory::totals_of(std::int64_t number) const {
  const auto known = totals.find(number);
  return known == totals.end() ? Totals() : known->second;
}

Rows Memory::rows_of(std::int64_t number) const {
  Rows rows;
  for (auto at = members.lower_bound({number, {}, 0}); at != members.end() && at->second.incident == number; ++at)
    rows.push_back(at->second);
  return rows;
}

const std::set<std::int64_t>& Memory::waiting_at(const Place& place) const {
  static const std::set<std::int64_t> kNone;
  const auto known = waiting.find(place);
  return known == waiting.end() ? kNone : known->second;
}

void Memory::note_waiting(const Incident& incident, bool waits) {
  const auto place = place_of(incident);
  if (waits) {
    waiting[place].insert(incident.number);
  } else if (const auto known = waiting.find(place); known != waiting.end()) {
    known->second.erase(incident.number);
    if (known->second.empty()) waiting.erase(known);
  }
}

void Memory::put(const Incident& incident) {
  const auto at = std::ranges::lower_bound(incidents, incident.number, {}, &Incident::number);
  const bool known = at != incidents.end() && at->number == incident.number;
  move(due, known ? at->due : task::kNoTime, incident.due, incident.number);
  places[place_of(incident)].insert(incident.number);
  last_incident = std::max(last_incident, incident.number);
  if (known) {
    *at = incident;
  } else {
    incidents.insert(at, incident);
  }
}

void Memory::drop(std::int64_t number) {
  const auto* incident = find(number);
  if (incident == nullptr) return;
  due.erase({incident->due, number});
  const auto place = places.find(place_of(*incident));
  place->second.erase(number);
  if (place->second.empty()) places.erase(place);
  note_waiting(*incident, false);
  totals.erase(number);
  members.erase(members.lower_bound({number, {}, 0}), members.lower_bound({number + 1, {}, 0}));
  incidents.erase(incidents.begin() + (incident - incidents.data()));
}

void Memory::put(const Watch& watch) {
  const auto known = watches.find(watch.run);
  const auto next = watch.dropped ? task::kNoTime : watch.next;
  move(looks, known == watches.end() ? task::kNoTime : known->second.next, next, watch.run);
  watches[watch.run] = watch;
  if (!watch.dropped) return;
  watches.erase(watch.run);
  std::erase_if(windows, [&](const auto& entry) { return entry.first.first == watch.run; });
}

void Memory::put(const Terms& other) {
  if (terms && terms->windows != other.windows) windows.clear();  // they are filled again from the history
  terms = other;
  deadlines.clear();
  for (const auto& [key, mark] : marks) put_deadline(mark);
  for (const auto& [run, at, change] : std::exchange(backlog, {})) remember(run, at, change);
}

// A mark that waits for its row is told by a poll.
void Memory::put_deadline(const Mark& mark) {
  if (!includes(mark.rule)) deadlines.emplace(mark.deadline, key_of(mark));
}

void Memory::change_rows(const Decision& decision) {
  std::set<std::int64_t> changed;
  for (const auto& row : decision.erased) members.erase(key_of(row)), changed.insert(row.incident);
  for (const auto& row : decision.members) members[key_of(row)] = row, changed.insert(row.incident);
  for (const auto number : changed) {
    const auto& sums = totals[number] = rule::totals_of(rows_of(number));
    if (const auto* incident = find(number)) note_waiting(*incident, sums.waiting > 0);
  }
}

void Memory::remember(std::int64_t run, core::WallTime lived, const task::TaskChange& change) {
  if (!terms) backlog.emplace_back(run, lived, change);
  if (!terms || change.baseline) return;
  for (const auto length : terms->windows) windows.try_emplace({run, length}, length).first->second.add(lived, change);
}

void Memory::take_over(const Decision& decision) {
  if (decision.terms) put(*decision.terms);
  for (const auto number : decision.closed) drop(number);
  for (const auto& incident : decision.incidents) put(incident);
  change_rows(decision);
  for (const auto& mark : decision.unmarked) {
    deadlines.erase({mark.deadline, key_of(mark)});
    marks.erase(key_of(mark));
  }
  for (const auto& mark : decision.marks) {
    auto& known = marks[key_of(mark)];
    deadlines.erase({known.deadline, key_of(mark)});
    put_deadline(mark);
    known = mark;
  }
  for (const auto& silence : decision.silences) {
    silences.push_back(silence);
    last_silence = std::max(last_silence, silence.number);
  }
  std::erase_if(silences, [&](const Silence& it) { return contains(decision.expired, it.number); });
  for (const auto& rule : decision.rules) rules[rule.name] = rule;
  for (const auto& name : decision.rules_gone) rules.erase(name);
  for (const auto& receiver : decision.receivers) receivers[receiver.name] = receiver;
  for (const auto& name : decision.receivers_gone) receivers.erase(name);
  for (const auto& watch : decision.watched) put(watch);
}

}  // namespace runwatch::rule
