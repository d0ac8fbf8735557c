#include <fmt/format.h>

#include "core/digest.h"
#include "rule/draft.h"

namespace runwatch::rule {
namespace {

using task::Status;

constexpr auto kPatience = std::chrono::minutes(10);  // for an attempt's outcome

void tell(Draft& draft, const Rule& rule, const Place& place, const Mark& mark) {
  const auto& outcome = mark.facts.outcome;
  if (!rule.outcomes.empty() && (!outcome || !contains(rule.outcomes, *outcome))) return;
  auto notice = event_of(draft, rule, place);
  const auto attempt = attempt_key(mark.facts, fmt::format("seq:{}", mark.seq));
  notice.id = digest_of({"task", notice.space_key, core::hex(mark.task.bytes), notice.run_id, rule.name, attempt});
  notice.change = mark.seq;
  notice.started = mark.facts.started;
  notice.ended = mark.facts.ended;
  notice.why = fmt::format("a task's attempt ended as {}", task::name(mark.status));
  notice.tasks.push_back({mark.task, mark.status, mark.attempts, mark.facts});
  draft.out.notices.push_back(std::move(notice));
}

void take(Mark& mark, const task::TaskChange& change) {
  mark.status = *change.to;
  mark.facts = change.facts;
}

// The marks of a run for one rule, as the event leaves them.
struct Marking {
  Draft& draft;
  const RunView& run;
  const Rule& rule;
  const std::size_t receivers;
  const Place place{draft.event->space.number, run.after->number};
  std::map<MarkKey, Mark> marks{};

  void recall() {
    auto at = draft.memory.marks.lower_bound({place.second, rule.name, {}, 0});
    for (; at != draft.memory.marks.end() && at->second.run == place.second && at->second.rule == rule.name; ++at)
      if (auto& mark = marks[at->first] = at->second; run.after->retired) mark.deadline = kAsItIs;
  }

  void follow(const task::TaskChange& change, std::int64_t seq) {
    const bool goes_on = change.to && task::is_finished(*change.to) && !change.new_attempt;
    auto at = marks.lower_bound({place.second, rule.name, change.key, 0});
    for (; at != marks.end() && at->second.task == change.key; ++at) {
      if (goes_on) take(at->second, change);
      if (!goes_on) at->second.deadline = kAsItIs;
    }
    if (!task::ends_attempt(change) || !(rule.statuses.empty() || contains(rule.statuses, *change.to))) return;
    Mark mark{.run = place.second, .rule = rule.name, .task = change.key, .seq = seq};
    mark.deadline = draft.now.lived + kPatience;
    mark.attempts = change.attempts;
    take(mark, change);
    if (covers(rule, draft.event->space.name, *run.after)) marks.emplace(key_of(mark), mark);
  }

  void settle() {
    for (const auto& [key, mark] : marks) {
      const auto known = draft.memory.marks.find(key);
      const bool is_known = known != draft.memory.marks.end();
      if (is_complete(mark) && draft.admit(receivers, row_bytes(mark))) {
        tell(draft, rule, place, mark);
        if (is_known) draft.out.unmarked.push_back(known->second);
      } else if (!is_known || known->second != mark) {
        draft.out.marks.push_back(mark);
      }
    }
  }

  bool is_complete(const Mark& mark) const {
    if (mark.deadline == kAsItIs) return true;
    if (!run.complete || (!mark.facts.outcome && mark.deadline > draft.now.lived)) return false;
    return !draft.memory.includes(rule.name) || row_of(mark) != nullptr;
  }

  const std::string* row_of(const Mark& mark) const {
    const auto& rows = draft.event->rows;
    const auto row = std::ranges::lower_bound(rows, mark.task, {}, [](const auto& known) { return known.first; });
    return row == rows.end() || row->first != mark.task ? nullptr : &row->second;
  }
  std::size_t row_bytes(const Mark& mark) const {
    const auto* row = draft.memory.includes(rule.name) ? row_of(mark) : nullptr;
    return row == nullptr ? 0 : row->size();
  }
};

}  // namespace

void see_finished_tasks(Draft& draft, const RunView& run) {
  const auto& event = *draft.event;
  const bool changes = event.polled == run.after->number && !event.changes.empty();
  const auto first = draft.memory.marks.lower_bound({run.after->number, {}, {}, 0});
  const bool has_marks = first != draft.memory.marks.end() && first->second.run == run.after->number;
  if (!changes && !(has_marks && (run.complete || run.after->retired))) return;
  for (const auto& rule : draft.settings.rules) {
    if (rule.when != When::task_finished) continue;
    const auto receivers = receivers_of(draft, {}, &rule, Kind::event).size();
    if (receivers == 0) continue;
    Marking marking{draft, run, rule, receivers};
    marking.recall();
    auto seq = event.first_seq;
    for (const auto& change : event.changes)
      if (changes && !change.baseline) marking.follow(change, seq++);
    marking.settle();
  }
}

void tell_overdue_marks(Draft& draft) {
  for (const auto& [deadline, key] : draft.memory.deadlines) {
    if (deadline > draft.now.lived) return;
    const auto& mark = draft.memory.marks.at(key);
    const auto watch = draft.memory.watches.find(mark.run);
    const auto rule = std::ranges::find(draft.settings.rules, mark.rule, &Rule::name);
    if (watch == draft.memory.watches.end() || rule == draft.settings.rules.end()) continue;
    const Place place{watch->second.space, mark.run};
    if (!draft.space_of(place.first) || !draft.run_of(place)) continue;
    if (!draft.admit(receivers_of(draft, {}, &*rule, Kind::event).size())) return;
    tell(draft, *rule, place, mark);
    draft.out.unmarked.push_back(mark);
  }
}

void tell_marks_of(Draft& draft, std::int64_t space) {
  for (const auto& [key, mark] : draft.memory.marks) {
    const auto watch = draft.memory.watches.find(mark.run);
    const auto rule = std::ranges::find(draft.settings.rules, mark.rule, &Rule::name);
    if (watch == draft.memory.watches.end() || watch->second.space != space || rule == draft.settings.rules.end())
      continue;
    tell(draft, *rule, {space, mark.run}, mark);
    draft.out.unmarked.push_back(mark);
  }
}

void drop_marks(Draft& draft, std::int64_t run) {
  auto at = draft.memory.marks.lower_bound({run, {}, {}, 0});
  for (; at != draft.memory.marks.end() && at->second.run == run; ++at) draft.out.unmarked.push_back(at->second);
}

void see_finish(Draft& draft, const RunView& run, Watch& watch) {
  const auto& record = *run.after;
  const bool there_before = record.baseline && record.last_change <= record.first_polled;
  if (record.finished == task::kNoTime || record.finish_told == record.last_change || there_before) return;
  const auto failed = record.tasks[task::index(Status::failed)];
  if (failed > 0 && !run.idle && !record.retired) {
    const auto idle = std::max(draft.lived(record.last_change) + task::kIdleAfter, draft.now.lived + kAskAgain);
    watch.next = sooner(watch.next, idle);
    return;
  }
  const auto tells = [&](const Rule& rule) {
    return rule.when == When::run_finished && covers(rule, draft.event->space.name, record);
  };
  std::size_t rows = 0;
  for (const auto& rule : draft.settings.rules)
    if (tells(rule)) rows += receivers_of(draft, {}, &rule, Kind::event).size();
  if (!draft.admit(rows)) return;
  draft.out.told_runs.push_back(record);
  draft.out.told_runs.back().finish_told = record.last_change;
  for (const auto& rule : draft.settings.rules) {
    if (!tells(rule)) continue;
    auto notice = event_of(draft, rule, {draft.event->space.number, record.number});
    notice.id = digest_of({"run", notice.space_key, notice.run_id, rule.name, ms_of(record.last_change)});
    notice.started = record.row.created;
    notice.ended = record.finished;
    notice.sums = record.sums;
    const auto completed = record.tasks[task::index(Status::completed)];
    notice.why = fmt::format("the run finished: {} tasks completed, {} failed", completed, failed);
    draft.out.notices.push_back(std::move(notice));
  }
}

void tell_baseline(Draft& draft, const RunView& run, std::uint64_t failed) {
  std::optional<Notice> digest;
  for (const auto& rule : draft.settings.rules) {
    if (rule.when != When::task_failed || !covers(rule, draft.event->space.name, *run.after)) continue;
    auto notice = event_of(draft, rule, {draft.event->space.number, run.after->number});
    if (!digest) digest = notice;
    for (const auto& name : notice.receivers)
      if (!contains(digest->receivers, name)) digest->receivers.push_back(name);
  }
  if (!draft.settings.digest || !digest) return;
  digest->id = digest_of({"baseline", digest->space_key, digest->run_id});
  const auto* noun = failed == 1 ? "task had" : "tasks had";
  digest->why = fmt::format("{} {} failed before runwatch watched this run", failed, noun);
  draft.out.notices.push_back(std::move(*digest));
}

}  // namespace runwatch::rule
