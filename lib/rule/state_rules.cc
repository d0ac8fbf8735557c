#include "rule/draft.h"
#include "rule/verdict.h"

namespace runwatch::rule {
namespace {

constexpr auto kSoonest = std::chrono::seconds(1);  // a verdict is not given again before

bool is_about_state(When when) { return when >= When::failure_ratio && when <= When::run_cost; }

void follow(Draft& draft, const Rule& rule, const Place& place, const Verdict& verdict) {
  Case* it = draft.find(rule, place);
  if (verdict.muted && (it == nullptr || it->incident.phase == Phase::gathering)) {  // told if it is seen to hold
    if (it == nullptr) it = &draft.begin(rule, place, draft.now.wall);
    draft.suppress(Suppression::muted, it->incident.muted ? 0 : 1);
    it->incident.due = task::kNoTime;
  }
  if (verdict.muted && it->incident.phase != Phase::over) it->incident.muted = true;
  if (!verdict.holds || (it == nullptr && !*verdict.holds)) return;
  if (*verdict.holds) {
    it = &hold(draft, rule, place, draft.now.wall, draft.settings.group_wait);
  } else {
    release(draft, *it);
  }
  it->incident.about = verdict.why;
  it->incident.value = verdict.value;
  it->incident.threshold = verdict.threshold;
}

core::WallTime judge_all(Draft& draft, const RunView& run, const Place& place) {
  const Event& event = *draft.event;
  std::map<core::Duration, Window> windows;  // with what the event adds to them
  const auto window = [&](core::Duration length) -> const Window* {
    const auto known = draft.memory.windows.find({place.second, length});
    const bool is_known = known != draft.memory.windows.end();
    if (event.polled != place.second || event.changes.empty()) return is_known ? &known->second : nullptr;
    const auto [at, is_first] = windows.try_emplace(length, is_known ? known->second : Window(length));
    if (is_first)
      for (const auto& change : event.changes) at->second.add(draft.now.lived, change);
    return &at->second;
  };
  auto next = task::kNoTime;
  for (const auto& rule : draft.settings.rules) {
    if (!is_about_state(rule.when) || !covers(rule, event.space.name, *run.after)) continue;
    const bool windowed = rule.window != core::Duration::zero();
    const auto verdict = judge(rule, run, windowed ? window(rule.window) : nullptr, draft.now);
    if (verdict.next != task::kNoTime) next = sooner(next, std::max(verdict.next, draft.now.lived + kSoonest));
    follow(draft, rule, place, verdict);
  }
  return next;
}

bool is_otherwise(const Draft& draft, const RunView& run, const Watch* before) {
  if (before == nullptr || run.before == nullptr || *run.before != *run.after) return true;
  if (before->tried != run.tried || before->blind != run.blind || before->idle != run.idle) return true;
  if (before->next != task::kNoTime && before->next <= draft.now.lived) return true;
  return draft.event->polled == run.after->number && !draft.event->changes.empty();
}

void settle_members(Draft& draft, const Place& place) {
  for (const auto number : draft.memory.waiting_at(place)) settle_by_poll(draft, draft.touch(number));
}

}  // namespace

Case& hold(Draft& draft, const Rule& rule, const Place& place, core::WallTime since, core::Duration wait,
           std::string_view about) {
  Case* it = draft.find(rule, place, about);
  if (it == nullptr) it = &draft.begin(rule, place, since, about);
  auto& incident = it->incident;
  const auto allowed = incident.notices == 0 ? draft.now.lived : incident.told_at + draft.settings.group_interval;
  if (incident.phase == Phase::over) {
    incident.phase = Phase::gathering;
    incident.due = std::max(allowed, draft.now.lived + wait);
  } else if (incident.phase == Phase::gathering && incident.due == task::kNoTime) {
    incident.due = std::max(allowed, draft.lived(incident.muted ? since : incident.started) + wait);
  }
  incident.muted = false;
  incident.ended = task::kNoTime;
  return *it;
}

void release(Draft& draft, Case& it) {
  if (it.incident.ended == task::kNoTime) it.incident.ended = draft.now.wall;
}

void look_at(Draft& draft, const RunView& run) {
  const auto& record = *run.after;
  const Place place{draft.event->space.number, record.number};
  const auto known = draft.memory.watches.find(record.number);
  const auto* before = known == draft.memory.watches.end() ? nullptr : &known->second;
  const auto next = before == nullptr ? task::kNoTime : before->next;
  Watch watch{record.number, place.first, next, run.tried, run.blind, run.idle};
  const auto held = draft.out.held;
  if (is_otherwise(draft, run, before)) {
    draft.touch_all(place);
    watch.next = record.retired ? task::kNoTime : judge_all(draft, run, place);
    see_finish(draft, run, watch);
  }
  if (run.complete) settle_members(draft, place);
  see_finished_tasks(draft, run);
  if (draft.out.held > held) watch.next = sooner(watch.next, draft.now.lived + kAskAgain);
  watch.dropped = record.retired && watch.next == task::kNoTime;
  if (before == nullptr ? !watch.dropped : *before != watch) draft.out.watched.push_back(watch);
}

}  // namespace runwatch::rule
