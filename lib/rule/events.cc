#include <fmt/format.h>

#include "rule/draft.h"

namespace runwatch::rule {
namespace {

using task::Status;

constexpr auto kPatience = std::chrono::minutes(10);  // for an attempt's outcome
constexpr auto kIdleAfter = std::chrono::minutes(20);
constexpr auto kAskAgain = std::chrono::minutes(1);

void tell(Draft& draft, const Rule& rule, const Place& place, const Mark& mark) {
  const auto& outcome = mark.facts.outcome;
  if (!rule.outcomes.empty() && (!outcome || !contains(rule.outcomes, *outcome))) return;
  auto notice = event_of(draft, rule, place);
  const auto attempt = attempt_key(mark.facts, fmt::format("seq:{}", mark.seq));
  notice.id = digest_of({"task", notice.space_key, hex(mark.task.bytes), notice.run_id, rule.name, attempt});
  notice.started = mark.facts.started;
  notice.ended = mark.facts.ended;
  notice.why = fmt::format("a task's attempt ended as {}", task::name(mark.status));
  notice.tasks.push_back({mark.task, mark.status, mark.attempts, mark.facts});
  draft.out.notices.push_back(std::move(notice));
}

void take(Mark& mark, const task::TaskChange& change) {
  mark.status = *change.to;
  mark.facts = change.facts;
  mark.call = change.facts.call;
  if (change.facts.started != task::kNoTime) {
    const auto start = std::chrono::floor<std::chrono::seconds>(change.facts.started);
    mark.start = static_cast<std::uint32_t>(start.time_since_epoch().count());
  }
}

// The marks of a run for one rule, as the event leaves them. One whose deadline is kNoTime is told as it is.
struct Marking {
  Draft& draft;
  const RunView& run;
  const Rule& rule;
  const Place place{draft.event->space.number, run.after->number};
  std::map<MarkKey, Mark> marks{};

  void recall() {
    auto at = draft.memory.marks.lower_bound({place.second, rule.name, {}, 0});
    for (; at != draft.memory.marks.end() && at->second.run == place.second && at->second.rule == rule.name; ++at)
      if (auto& mark = marks[at->first] = at->second; run.after->retired) mark.deadline = task::kNoTime;
  }

  void follow(const task::TaskChange& change, std::int64_t seq) {
    const bool goes_on = change.to && task::is_finished(*change.to) && !change.new_attempt;
    auto at = marks.lower_bound({place.second, rule.name, change.key, 0});
    for (; at != marks.end() && at->second.task == change.key; ++at) {
      if (goes_on) take(at->second, change);
      if (!goes_on) at->second.deadline = task::kNoTime;  // nothing more comes of it
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
      if (is_complete(mark)) {
        tell(draft, rule, place, mark);
        if (is_known) draft.out.unmarked.push_back(known->second);
      } else if (!is_known || known->second != mark) {
        draft.out.marks.push_back(mark);
      }
    }
  }

  bool is_complete(const Mark& mark) const {
    if (mark.deadline == task::kNoTime) return true;
    if (!run.complete || (!mark.facts.outcome && mark.deadline > draft.now.lived)) return false;
    return !draft.memory.includes(rule.name) || std::ranges::binary_search(draft.event->rows, mark.task);
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
    if (rule.when != When::task_finished || receivers_of(draft, {}, &rule, Kind::event).empty()) continue;
    Marking marking{draft, run, rule};
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
    if (draft.memory.includes(mark.rule) || !draft.space_of(place.first) || !draft.run_of(place)) continue;
    tell(draft, *rule, place, mark);
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
    const auto idle = std::max(draft.lived(record.last_change) + kIdleAfter, draft.now.lived + kAskAgain);
    watch.next = sooner(watch.next, idle);
    return;
  }
  draft.out.told_runs.push_back(record);
  draft.out.told_runs.back().finish_told = record.last_change;
  for (const auto& rule : draft.settings.rules) {
    if (rule.when != When::run_finished || !covers(rule, draft.event->space.name, record)) continue;
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
