// What a book remembers, with the indexes by which an event finds what it concerns. Private to the room.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "rule/book.h"
#include "rule/window.h"

namespace runwatch::rule {

using Place = std::pair<std::int64_t, std::int64_t>;  // space and run; 0: of none
inline Place place_of(const Incident& incident) { return {incident.space, incident.run}; }

using MarkKey = std::tuple<std::int64_t, std::string, task::TaskKey, std::int64_t>;
inline MarkKey key_of(const Mark& mark) { return {mark.run, mark.rule, mark.task, mark.seq}; }
using RowKey = std::tuple<std::int64_t, task::TaskKey, std::uint32_t>;
inline RowKey key_of(const Member& row) { return {row.incident, row.task, row.ordinal}; }
using Rows = std::vector<Member>;  // of one incident, sorted by task and ordinal

bool contains(const auto& range, const auto& value, auto by) {
  return std::ranges::find(range, value, by) != std::ranges::end(range);
}
bool contains(const auto& range, const auto& value) { return contains(range, value, std::identity{}); }

// The sooner of two times, of which kNoTime is none.
constexpr core::WallTime sooner(core::WallTime a, core::WallTime b) {
  return a == task::kNoTime || b == task::kNoTime ? std::max(a, b) : std::min(a, b);
}

inline bool has_met(const Member& row) { return row.phase != MemberPhase::waiting; }
inline bool is_over(const Member& row) { return row.phase == MemberPhase::recovered || row.phase == MemberPhase::gone; }

// `use` gets the attempts of each task, and the newest of those that stayed failed, which stands for it; null: none.
void each_task(auto& rows, auto&& use) {
  for (auto first = rows.begin(); first != rows.end();) {
    const auto next = std::find_if(first, rows.end(), [&](const auto& row) { return row.task != first->task; });
    decltype(&*first) stands = nullptr;
    for (auto row = first; row != next; ++row)
      if (has_met(*row)) stands = &*row;
    use(std::span(first, next), stands);
    first = next;
  }
}

struct Totals {
  std::uint64_t fresh = 0;                          // attempts that stayed failed and are not told
  std::uint64_t waiting = 0;                        // attempts
  std::uint64_t met = 0;                            // attempts that stayed failed
  std::uint64_t open = 0, recovered = 0, gone = 0;  // tasks
  core::WallTime next_waiting = task::kNoTime;      // the first `due` of those that wait
  core::WallTime first_met = task::kNoTime;
};
Totals totals_of(const Rows& rows);

struct Memory {
  std::vector<Incident> incidents;  // by number
  std::map<RowKey, Member> members;
  std::vector<Silence> silences;
  std::map<MarkKey, Mark> marks;
  std::map<std::string, RuleState> rules;
  std::map<std::string, ReceiverState> receivers;
  std::int64_t last_incident = 0, last_silence = 0;

  std::map<std::int64_t, Watch> watches;  // by run
  std::map<std::pair<std::int64_t, core::Duration>, Window> windows;
  std::optional<Terms> terms;
  std::vector<std::tuple<std::int64_t, core::WallTime, task::TaskChange>> backlog;  // from before there were terms

  std::map<Place, std::set<std::int64_t>> places;           // incidents
  std::map<Place, std::set<std::int64_t>> waiting;          // incidents with attempts that wait
  std::map<std::int64_t, Totals> totals;                    // of incidents
  std::set<std::pair<core::WallTime, std::int64_t>> due;    // incidents
  std::set<std::pair<core::WallTime, std::int64_t>> looks;  // runs whose verdicts are due
  std::set<std::pair<core::WallTime, MarkKey>> deadlines;   // of marks that the clock tells

  const Incident* find(std::int64_t number) const;
  Totals totals_of(std::int64_t number) const;
  Rows rows_of(std::int64_t number) const;
  const std::set<std::int64_t>& waiting_at(const Place& place) const;
  bool includes(const std::string& rule) const { return terms && contains(terms->including, rule); }

  void take_over(const Decision& decision);
  void remember(std::int64_t run, core::WallTime lived, const task::TaskChange& change);

 private:
  void put(const Incident& incident);
  void drop(std::int64_t number);
  void put(const Watch& watch);
  void put(const Terms& other);
  void put_deadline(const Mark& mark);
  void change_rows(const Decision& decision);
  void note_waiting(const Incident& incident, bool waits);
};

}  // namespace runwatch::rule
