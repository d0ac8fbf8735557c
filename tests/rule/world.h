// A space with one run whose tasks fail and recover, and a book that is told of it; what receivers get, kept.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rule/book.h"

namespace runwatch::rule::test {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using task::Status;

inline const core::WallTime kStart{seconds(1'770'000'000)};

inline task::TaskKey key(int n) {  // sorted as the numbers are
  task::TaskKey it;
  it.bytes[14] = static_cast<std::uint8_t>(n >> 8);
  it.bytes[15] = static_cast<std::uint8_t>(n & 0xff);
  return it;
}

inline Rule failed_rule(std::string name = "task-failed", core::Duration lasting = {}) {
  Rule rule;
  rule.name = std::move(name);
  rule.lasting = lasting;
  return rule;
}

inline Rule rule_of(When when, std::string name, core::Duration lasting = {}) {
  Rule rule = failed_rule(std::move(name), lasting);
  rule.when = when;
  return rule;
}

inline Receiver receiver(std::string name, bool ended = true) {
  Receiver it;
  it.name = std::move(name);
  it.takes[task::index(Kind::ended)] = ended;
  return it;
}

// What a store does with decisions.
struct Kept {
  std::map<std::int64_t, Incident> incidents;
  std::map<std::tuple<std::int64_t, task::TaskKey, std::uint32_t>, Member> members;
  std::map<std::int64_t, Silence> silences;
  std::map<std::tuple<std::int64_t, std::string, task::TaskKey, std::int64_t>, Mark> marks;
  std::map<std::string, RuleState> rules;
  std::map<std::string, ReceiverState> receivers;
  std::int64_t last_incident = 0;
  std::int64_t last_silence = 0;

  void write(const Decision& decision) {
    for (const auto number : decision.closed) {
      incidents.erase(number);
      std::erase_if(members, [&](const auto& entry) { return std::get<0>(entry.first) == number; });
    }
    for (const auto& it : decision.incidents) {
      incidents[it.number] = it;
      last_incident = std::max(last_incident, it.number);
    }
    for (const auto& it : decision.erased) members.erase({it.incident, it.task, it.ordinal});
    for (const auto& it : decision.members) members[{it.incident, it.task, it.ordinal}] = it;
    for (const auto& it : decision.silences) {
      silences[it.number] = it;
      last_silence = std::max(last_silence, it.number);
    }
    for (const auto number : decision.expired) silences.erase(number);
    for (const auto& it : decision.marks) marks[{it.run, it.rule, it.task, it.seq}] = it;
    for (const auto& it : decision.unmarked) marks.erase({it.run, it.rule, it.task, it.seq});
    for (const auto& it : decision.rules) rules[it.name] = it;
    for (const auto& name : decision.rules_gone) rules.erase(name);
    for (const auto& it : decision.receivers) receivers[it.name] = it;
    for (const auto& name : decision.receivers_gone) receivers.erase(name);
  }

  Contents contents() const {
    Contents all;
    for (const auto& [_, it] : incidents) all.incidents.push_back(it);
    for (const auto& [_, it] : members) all.members.push_back(it);
    for (const auto& [_, it] : silences) all.silences.push_back(it);
    for (const auto& [_, it] : marks) all.marks.push_back(it);
    for (const auto& [_, it] : rules) all.rules.push_back(it);
    for (const auto& [_, it] : receivers) all.receivers.push_back(it);
    all.last_incident = last_incident;
    all.last_silence = last_silence;
    return all;
  }
};

class World {
 public:
  explicit World(std::vector<Rule> rules, std::vector<Receiver> receivers = {receiver("ops")}) {
    settings.rules = std::move(rules);
    settings.receivers = std::move(receivers);
    lookup.space = [this](std::int64_t number) -> std::optional<SpaceView> {
      return number == space.number ? std::optional(space) : std::nullopt;
    };
    lookup.run = [this](std::int64_t, std::int64_t number) -> std::optional<RunView> {
      if (number != run.number) return std::nullopt;
      return view(&run);
    };
    space.number = 1;
    space.name = "sales";
    run.number = 7;
    run.space = 1;
    run.row.run_id = "R1";
    run.polled = true;
    run.first_polled = kStart - hours(1);
    run.last_change = kStart;
    reload();
  }

  Context context() const {
    return {settings, lookup, {wall, lived}, [this] { return ++room_asked, room; }};
  }

  // Each decision is made twice: the same one has to come of it.
  const Decision& take(auto&& decide) {
    last = decide();
    CHECK(last == decide());
    kept.write(last);
    book.take_over(last);
    for (const auto& notice : last.notices) told.push_back(notice);
    for (std::size_t i = 0; i < suppressed.size(); ++i) suppressed[i] += last.suppressed[i];
    for (const auto& told_run : last.told_runs) run = told_run;
    return last;
  }
  const Decision& reload() {
    return take([&] { return book.under_settings(context()); });
  }
  void restart() {
    book = Book();
    book.load(kept.contents());
    tried = false;
    reload();
  }
  const Decision& tick() {
    return take([&] { return book.tick(context()); });
  }
  // The clock moves on second by second; the book is asked when something is due, and would not be otherwise.
  void pass(core::Duration time) {
    for (const auto end = lived + time; lived < end;) {
      lived += seconds(1);
      wall += seconds(1);
      if (const auto due = book.next_due(); due != task::kNoTime && due <= lived) tick();
    }
  }

  // One poll: changes, and how the run is afterwards.
  const Decision& poll(std::vector<task::TaskChange> changes = {}, std::vector<task::TaskUpdate> updates = {}) {
    auto after = run;
    for (const auto& change : changes) {
      if (change.from) --after.tasks[task::index(*change.from)];
      if (change.to) ++after.tasks[task::index(*change.to)];
    }
    if (!changes.empty()) after.last_change = wall;
    return poll(after, std::move(changes), std::move(updates));
  }
  const Decision& poll(const task::RunRecord& after, std::vector<task::TaskChange> changes,
                       std::vector<task::TaskUpdate> updates = {},
                       std::vector<std::pair<task::TaskKey, std::string>> rows = {}) {
    Event event;
    event.space = space;
    tried = true;
    blind = !complete;
    auto seen = view(&after);
    seen.before = &run;
    seen.complete = complete;
    event.runs = {seen};
    event.polled = run.number;
    event.changes = changes;
    event.updates = updates;
    event.first_seq = seq;
    event.rows = rows;
    for (const auto& change : changes) seq += change.baseline ? 0 : 1;
    take([&] { return book.decide(event, context()); });
    const auto told_until = run.finish_told;
    run = after;
    if (!last.told_runs.empty()) run.finish_told = told_until;
    for (const auto& told_run : last.told_runs) run.finish_told = told_run.finish_told;
    return last;
  }
  // A poll that failed.
  const Decision& fail_poll() {
    tried = true;
    blind = true;
    Event event;
    event.space = space;
    auto seen = view(&run);
    seen.before = &run;
    event.runs = {seen};
    return take([&] { return book.decide(event, context()); });
  }
  const Decision& see(const Sight& sight) {
    Event event;
    event.space = space;
    event.sight = sight;
    return take([&] { return book.decide(event, context()); });
  }

  RunView view(const task::RunRecord* record) const {
    RunView it;
    it.after = record;
    it.tried = tried;
    it.blind = blind;
    it.idle = idle;
    it.oldest.fill(task::kNoTime);
    return it;
  }

  Settings settings;
  Lookup lookup;
  SpaceView space;
  task::RunRecord run;
  Book book;
  Kept kept;
  Decision last;
  std::vector<Notice> told;
  std::array<std::uint64_t, kSuppressionNames.size()> suppressed{};
  core::WallTime wall = kStart;
  core::WallTime lived = kStart;
  std::int64_t seq = 1;
  bool complete = true;
  std::uint64_t room = std::numeric_limits<std::uint64_t>::max();
  mutable int room_asked = 0;
  bool tried = false;
  bool blind = false;
  bool idle = false;
};

inline task::TaskChange change(int id, std::optional<Status> from, std::optional<Status> to, std::uint64_t call = 0) {
  task::TaskChange it;
  it.key = key(id);
  it.from = from;
  it.to = to;
  it.new_attempt = !from || (task::is_finished(*from) && to.has_value());
  it.facts.call = call;
  return it;
}
inline task::TaskChange fails(int id, std::uint64_t call = 0) {
  return change(id, Status::processing, Status::failed, call);
}
inline task::TaskChange again(int id) { return change(id, Status::failed, Status::processing); }
inline task::TaskChange completes(int id) { return change(id, Status::processing, Status::completed); }
inline task::TaskChange leaves(int id, Status from = Status::failed) { return change(id, from, std::nullopt); }

// `firing 2/1`: what it says, new and open; further ones after a blank.
inline std::string story(const std::vector<Notice>& notices) {
  std::string text;
  for (const auto& it : notices) {
    text += fmt::format("{}{}{} {}/{}", text.empty() ? "" : ", ", name(it.kind), it.repeat ? " again" : "",
                        it.counts.fresh, it.counts.open);
  }
  return text;
}

}  // namespace runwatch::rule::test
