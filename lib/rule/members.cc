#include <iterator>

#include "core/digest.h"
#include "rule/draft.h"

namespace runwatch::rule {
namespace {

using task::Status;
using Changes = std::vector<const task::TaskChange*>;  // sorted by task, of one task in the order they happened

bool is_failure(const task::TaskChange* change) { return change->to == Status::failed && task::ends_attempt(*change); }

MemberPhase phase_after(const task::TaskChange& change) {
  if (!change.to) return MemberPhase::gone;
  if (*change.to == Status::failed) return MemberPhase::failed;
  return task::is_finished(*change.to) ? MemberPhase::recovered : MemberPhase::trying;
}

// The attempts of one task in an incident, and what changes make of them.
struct Course {
  const Rule& rule;
  std::int64_t incident;
  bool takes_new;  // attempts that fail from now on
  core::WallTime now;
  std::uint64_t healed = 0;
  Rows attempts{};

  void follow(const task::TaskChange& change) {
    if (change.kind == task::ChangeKind::late) {
      if (!attempts.empty() && change.to == Status::failed && !attempts.back().told)
        attempts.back().facts = change.facts;
      return;
    }
    if (!attempts.empty() && !has_met(attempts.back())) {
      attempts.pop_back();
      ++healed;
    }
    if (takes_new && is_failure(&change) && (rule.reasons.empty() || contains(rule.reasons, change.facts.reason))) {
      const bool stays = rule.lasting == core::Duration::zero();
      attempts.push_back({.incident = incident,
                          .task = change.key,
                          .ordinal = attempts.empty() ? 1 : attempts.back().ordinal + 1,
                          .phase = stays ? MemberPhase::failed : MemberPhase::waiting,
                          .attempts = change.attempts,
                          .due = now + rule.lasting,
                          .facts = change.facts});
    } else if (!attempts.empty() && (change.to || attempts.back().phase != MemberPhase::recovered)) {
      attempts.back().phase = phase_after(change);
    }
  }
};

// Who is a member first gives the incident its id and its beginning.
void set_rows(Draft& draft, Case& it, Rows rows, core::WallTime entered) {
  const bool had_members = it.totals.met > 0;
  draft.set_rows(it, std::move(rows));
  if (had_members || it.totals.met == 0) return;
  const auto first = std::ranges::find_if(*it.rows, has_met);
  it.incident.started = draft.now.wall - (draft.now.lived - entered);
  const auto attempt = attempt_key(first->facts, "at:" + ms_of(it.incident.started));
  it.incident.id = id_of(draft, it.incident, core::hex(first->task.bytes) + '\n' + attempt);
}

void follow(Draft& draft, Case& it, Course course, const Changes& changes) {
  const Rows before = draft.rows(it);
  Rows after;
  after.reserve(before.size() + changes.size());
  auto row = before.begin();
  for (auto change = changes.begin(); change != changes.end();) {
    const auto& key = (*change)->key;
    for (; row != before.end() && row->task < key; ++row) after.push_back(*row);
    course.attempts.clear();
    for (; row != before.end() && row->task == key; ++row) course.attempts.push_back(*row);
    for (; change != changes.end() && (*change)->key == key; ++change) course.follow(**change);
    std::ranges::move(course.attempts, std::back_inserter(after));
  }
  after.insert(after.end(), row, before.end());
  draft.suppress(Suppression::healed, course.healed);
  set_rows(draft, it, std::move(after), draft.now.lived);
}

// The attempts that waited long enough and that `is_seen` says are failed still are members now.
void settle(Draft& draft, Case& it, auto&& is_seen) {
  const auto* rule = draft.rule_of(it.incident);
  if (it.totals.next_waiting == task::kNoTime || it.totals.next_waiting > draft.now.lived || rule == nullptr) return;
  auto entered = draft.now.lived;
  Rows rows = draft.rows(it);
  for (auto& row : rows) {
    if (has_met(row) || row.due > draft.now.lived || !is_seen(row)) continue;
    entered = std::min(entered, row.due - rule->lasting);
    row.phase = MemberPhase::failed;
    row.due = draft.now.lived;
  }
  set_rows(draft, it, std::move(rows), entered);
}

}  // namespace

void see_changes(Draft& draft, const RunView& run) {
  const Event& event = *draft.event;
  Changes changes;
  std::uint64_t there_before = 0;
  for (const auto& change : event.changes) {
    if (!change.baseline) changes.push_back(&change);
    if (change.baseline && is_failure(&change)) ++there_before;
  }
  std::ranges::stable_sort(changes, {}, [](const auto* change) -> const task::TaskKey& { return change->key; });
  const bool any = std::ranges::any_of(changes, is_failure);
  const Place place{event.space.number, event.polled};
  for (const auto& rule : draft.settings.rules) {
    if (event.changes.empty() || rule.when != When::task_failed) continue;
    const bool takes_new = covers(rule, event.space.name, *run.after);
    if (takes_new) draft.suppress(Suppression::baseline, there_before);
    Case* it = draft.find(rule, place);
    if (it == nullptr && takes_new && any) it = &draft.begin(rule, place, draft.now.wall);
    if (it != nullptr) follow(draft, *it, {rule, it->incident.number, takes_new, draft.now.lived}, changes);
  }
  if (there_before > 0) tell_baseline(draft, run, there_before);
}

void settle_by_poll(Draft& draft, Case& it) {
  settle(draft, it, [&](const Member& row) {
    const auto& updates = draft.event->updates;
    const auto at = std::ranges::lower_bound(updates, row.task, {}, &task::TaskUpdate::key);
    return at == updates.end() || at->key != row.task || at->after.misses == 0;
  });
}

void settle_by_clock(Draft& draft, Case& it) {
  settle(draft, it, [](const Member&) { return true; });
}

}  // namespace runwatch::rule
