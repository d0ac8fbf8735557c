// A decision in the making: copies of the incidents that an event touches, changed here and compared with what is
// remembered at the end. Private to the room.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rule/memory.h"

namespace runwatch::rule {

struct Case {
  Incident incident;
  bool closed = false;
  Totals totals{};
  std::optional<Rows> rows{};  // nothing: as remembered
};

class Draft {
 public:
  Draft(const Memory& memory, const Context& context, const Event* event = nullptr);

  const Memory& memory;
  const Settings& settings;
  const Instant now;
  const Event* const event;
  std::int64_t leaving = 0;  // a space that is not watched any more
  Decision out;

  Case& touch(std::int64_t number);
  void touch_all(const Place& place);
  // The one that a rule has of a run, space or receiver.
  Case* find(const Rule& rule, const Place& place, std::string_view about = {});
  Case& begin(const Rule& rule, const Place& place, core::WallTime started, std::string_view about = {});
  Rows rows(const Case& it) const { return it.rows ? *it.rows : memory.rows_of(it.incident.number); }
  void set_rows(Case& it, Rows rows);  // those told and followed by another one that stayed failed are left out

  // Of an incident, where it is still the same kind and covers the space.
  const Rule* rule_of(const Incident& incident) const;
  std::optional<SpaceView> space_of(std::int64_t space) const;
  std::optional<RunView> run_of(const Place& place) const;
  const task::RunRecord* record_of(const Place& place) const;  // of a run that is forgotten now, too
  bool is_forgotten(std::int64_t run) const;
  bool is_silenced_by(const Silence& silence, const Incident& incident) const;
  core::WallTime silenced_until(const Incident& incident) const;  // lived; kNoTime: it is not

  // Whether the outbox has room for events of so many rows, with so many bytes of a task's own in each; takes it.
  bool admit(std::size_t rows, std::size_t bytes = 0);
  void suppress(Suppression why, std::uint64_t attempts) { out.suppressed[task::index(why)] += attempts; }
  core::WallTime lived(core::WallTime wall) const { return now.lived_of(wall); }
  Decision finish();

 private:
  void compare(const Case& it);
  void ask_for_poll(const Place& place);

  const Lookup& lookup_;
  const std::function<std::uint64_t()>& ask_room_;
  std::optional<std::uint64_t> room_{};  // once asked
  std::map<std::int64_t, Case> cases_;
  std::map<std::int64_t, const RunView*> runs_;  // of the event
};

inline constexpr auto kAskAgain = std::chrono::minutes(1);  // about a run that no poll looks at

inline bool covers(const Rule& rule, const std::string& space) {
  return rule.spaces.empty() || contains(rule.spaces, space);
}
inline bool covers(const Rule& rule, const std::string& space, const task::RunRecord& run) {
  return covers(rule, space) && (rule.run_modes.empty() || contains(rule.run_modes, run.mode));
}

// members.cc: what a poll makes of task_failed incidents.
void see_changes(Draft& draft, const RunView& run);
void settle_by_poll(Draft& draft, Case& it);
void settle_by_clock(Draft& draft, Case& it);

// schedule.cc: what is told of an incident now, and when it is looked at again.
void advance(Draft& draft, Case& it);
void end_silence(Draft& draft, const Silence& silence);
void end_silences(Draft& draft);  // whose time is over

// state_rules.cc: conditions that hold, or do not any more.
Case& hold(Draft& draft, const Rule& rule, const Place& place, core::WallTime since, core::Duration wait,
           std::string_view about = {});
void release(Draft& draft, Case& it);
void look_at(Draft& draft, const RunView& run);

// trouble.cc
void see_sight(Draft& draft, const Sight& sight);
void see_unknown_statuses(Draft& draft);
void see_delivery(Draft& draft, const std::string& receiver, core::WallTime failing_since, bool disabled);

// events.cc
void see_finished_tasks(Draft& draft, const RunView& run);
void tell_overdue_marks(Draft& draft);
void tell_marks_of(Draft& draft, std::int64_t space);
void drop_marks(Draft& draft, std::int64_t run);
void see_finish(Draft& draft, const RunView& run, Watch& watch);
void tell_baseline(Draft& draft, const RunView& run, std::uint64_t failed);

// reload.cc
void reload(Draft& draft);
void greet(Draft& draft, Case& it);

// notice_of.cc: what a notice says, and ids that stay the same over retries, restarts and replays.
std::string digest_of(std::initializer_list<std::string_view> parts);
std::string ms_of(core::WallTime time);
// What is wrong with polls, by the reason that `Sight` has: "the platform refuses the API token (auth)".
std::string poll_trouble(std::string_view reason);
std::string how_it_ended(std::uint64_t recovered, std::uint64_t gone);
std::string attempt_key(const task::CallFacts& facts, const std::string& otherwise);
std::string id_of(const Draft& draft, const Incident& incident, const std::string& origin);
std::vector<std::string> receivers_of(const Draft& draft, const Incident& incident, const Rule* rule, Kind kind);
Notice notice_of(const Draft& draft, const Case& it, const Rule* rule, Kind kind);
Notice event_of(const Draft& draft, const Rule& rule, const Place& place);
void show(Notice& notice, const Member& attempt);  // as one of its fresh

}  // namespace runwatch::rule
