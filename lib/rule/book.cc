#include "rule/book.h"

#include <utility>

#include "rule/draft.h"

namespace runwatch::rule {

struct Book::State {
  Memory memory;
};

bool Decision::empty() const {
  Decision nothing;
  nothing.watched = watched;
  nothing.terms = terms;
  nothing.poll_by = poll_by;
  nothing.held = held;
  return *this == nothing;
}

Book::Book() : state_(std::make_unique<State>()) {}
Book::~Book() = default;
Book::Book(Book&&) noexcept = default;
Book& Book::operator=(Book&&) noexcept = default;

void Book::load(Contents contents) {
  state_ = std::make_unique<State>();
  Decision all;
  all.incidents = std::move(contents.incidents);
  for (auto& incident : all.incidents) {  // whether polls or deliveries fail still is known once they were tried
    const bool is_trouble = incident.when == When::poll_failing || incident.when == When::delivery_failing;
    if (is_trouble && incident.phase == Phase::gathering) incident.due = task::kNoTime;
  }
  all.members = std::move(contents.members);
  all.silences = std::move(contents.silences);
  all.marks = std::move(contents.marks);
  all.rules = std::move(contents.rules);
  all.receivers = std::move(contents.receivers);
  auto& memory = state_->memory;
  memory.take_over(all);
  memory.last_incident = std::max(memory.last_incident, contents.last_incident);
  memory.last_silence = std::max(memory.last_silence, contents.last_silence);
}

void Book::remember(std::int64_t run, core::WallTime lived, const task::TaskChange& change) {
  state_->memory.remember(run, lived, change);
}

Decision Book::under_settings(const Context& context) const {
  Draft draft(state_->memory, context);
  end_silences(draft);
  reload(draft);
  return draft.finish();
}

Decision Book::decide(const Event& event, const Context& context) const {
  Draft draft(state_->memory, context, &event);
  end_silences(draft);
  for (const auto& run : event.runs) {
    if (run.after->number == event.polled) see_changes(draft, run);
  }
  for (const auto& run : event.runs) look_at(draft, run);
  for (const auto* run : event.forgotten) {
    draft.touch_all({event.space.number, run->number});
    drop_marks(draft, run->number);
    draft.out.watched.push_back({.run = run->number, .dropped = true});
  }
  see_unknown_statuses(draft);
  if (event.sight) see_sight(draft, *event.sight);
  return draft.finish();
}

Decision Book::tick(const Context& context) const {
  const auto& memory = state_->memory;
  Draft draft(memory, context);
  end_silences(draft);
  for (const auto& [due, number] : memory.due) {
    if (due > context.now.lived) break;
    draft.touch(number);
  }
  tell_overdue_marks(draft);
  for (const auto& [space, run] : due_runs(context.now)) {
    if (!draft.run_of({space, run})) draft.out.watched.push_back({.run = run, .dropped = true});
  }
  return draft.finish();
}

Decision Book::leave(std::int64_t space, const Context& context) const {
  Draft draft(state_->memory, context);
  draft.leaving = space;
  for (const auto& incident : state_->memory.incidents)
    if (incident.space == space) draft.touch(incident.number);
  tell_marks_of(draft, space);
  return draft.finish();
}

Decision Book::delivery(const std::string& receiver, core::WallTime failing_since, bool disabled,
                        const Context& context) const {
  Draft draft(state_->memory, context);
  see_delivery(draft, receiver, failing_since, disabled);
  return draft.finish();
}

Decision Book::silence(Silence silence) const {
  Decision decision;
  silence.number = state_->memory.last_silence + 1;
  decision.silences.push_back(std::move(silence));
  return decision;
}

Decision Book::expire(std::int64_t number, const Context& context) const {
  Draft draft(state_->memory, context);
  for (const auto& silence : state_->memory.silences)
    if (silence.number == number) end_silence(draft, silence);
  return draft.finish();
}

void Book::take_over(const Decision& decision) { state_->memory.take_over(decision); }

std::vector<std::pair<std::int64_t, std::int64_t>> Book::due_runs(const Instant& now) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> due;
  for (const auto& [next, run] : state_->memory.looks) {
    if (next > now.lived) break;
    due.emplace_back(state_->memory.watches.at(run).space, run);
  }
  return due;
}

core::WallTime Book::next_due() const {
  const auto& memory = state_->memory;
  auto next = memory.due.empty() ? task::kNoTime : memory.due.begin()->first;
  if (!memory.looks.empty()) next = sooner(next, memory.looks.begin()->first);
  for (const auto& silence : memory.silences) next = sooner(next, silence.until);
  for (const auto& [deadline, key] : memory.deadlines) {
    const auto& [run, rule, task, seq] = key;
    if (!memory.watches.contains(run)) continue;  // a poll tells it
    return sooner(next, deadline);
  }
  return next;
}

std::vector<task::TaskKey> Book::wanted(std::int64_t run) const {
  const auto& memory = state_->memory;
  std::set<task::TaskKey> keys;
  for (auto at = memory.marks.lower_bound({run, {}, {}, 0}); at != memory.marks.end() && at->second.run == run; ++at)
    if (memory.includes(at->second.rule)) keys.insert(at->second.task);
  return {keys.begin(), keys.end()};
}

std::vector<Notice> Book::standing(const Context& context) const {
  Draft draft(state_->memory, context);
  std::vector<Notice> out;
  for (const auto& incident : state_->memory.incidents) {
    const bool is_over = incident.phase == Phase::over;
    const auto& it = draft.touch(incident.number);
    out.push_back(notice_of(draft, it, draft.rule_of(incident), is_over ? Kind::resolved : Kind::firing));
    out.back().ended = is_over ? incident.ended : task::kNoTime;
    out.back().counts.fresh = it.totals.fresh;
  }
  return out;
}

core::WallTime Book::silenced_until(const Incident& incident, const Context& context) const {
  return Draft(state_->memory, context).silenced_until(incident);
}

const std::vector<Incident>& Book::incidents() const { return state_->memory.incidents; }
const std::vector<Silence>& Book::silences() const { return state_->memory.silences; }

const ReceiverState* Book::receiver(const std::string& name) const {
  const auto found = state_->memory.receivers.find(name);
  return found == state_->memory.receivers.end() ? nullptr : &found->second;
}

}  // namespace runwatch::rule
