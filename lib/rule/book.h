// The incidents that are remembered, and what an event makes of them.
//
// `decide` is pure: the same book, event and time give the same decision, and nothing is changed until the caller has
// committed it and hands it to `take_over`. What it costs follows what changed and what is due, not how many runs and
// rules there are.
// Threads: none of its own; the ledger owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rule/incident.h"
#include "rule/notice.h"
#include "rule/rule.h"
#include "task/diff.h"
#include "task/known_tasks.h"
#include "task/run.h"

namespace runwatch::rule {

// A space as rules see it.
struct SpaceView {
  std::int64_t number = 0;
  std::string name;  // label
  core::SpaceKey key{};
};

// A run as rules see it, once the step is committed.
struct RunView {
  const task::RunRecord* before = nullptr;  // null: new
  const task::RunRecord* after = nullptr;
  bool complete = false;  // this step is a complete poll of it
  bool tried = false;     // in this process
  bool blind = false;     // its newest poll was not complete
  bool idle = false;      // finished, and 20 minutes without a change
  // Unfinished statuses with tasks that entered them under our eyes: since when the oldest is in it. Given when polled
  // completely or asked about.
  std::array<core::WallTime, task::kStatusCount> oldest{};
};

// How the polls of a space, or with `space` 0 of the account, go.
struct Sight {
  bool whole = true;        // every run and the discovery, newest attempts, complete
  bool of_account = false;  // what is wrong concerns every space
  std::string reason;       // a poll reason, when not whole
};

// A step of one space. What is not set did not happen.
struct Event {
  SpaceView space;
  std::vector<RunView> runs;  // changed, polled, or asked about by `due_runs`
  std::vector<const task::RunRecord*> forgotten;
  std::int64_t polled = 0;  // the run whose tasks follow
  std::span<const task::TaskChange> changes;
  std::span<const task::TaskUpdate> updates;
  std::int64_t first_seq = 0;                 // number in the history that the first change kept will have
  std::vector<std::string> unknown_statuses;  // texts met in this poll
  // Sorted by task: rows of the platform that this poll brought, JSON, as `wanted` asked.
  std::span<const std::pair<task::TaskKey, std::string>> rows;
  std::optional<Sight> sight{};
};

enum class Suppression : std::uint8_t { baseline, healed, silenced, muted };
inline constexpr std::array<std::string_view, 4> kSuppressionNames{"baseline", "healed", "silenced", "muted"};

// How a run stood when its rules were judged last, and when they are to be judged again by the clock alone.
struct Watch {
  std::int64_t run = 0;
  std::int64_t space = 0;
  core::WallTime next = task::kNoTime;  // lived
  bool tried = false;
  bool blind = false;
  bool idle = false;
  bool dropped = false;  // nothing is to be judged of it any more

  bool operator==(const Watch&) const = default;
};

// What the rules in force ask of the book's memory.
struct Terms {
  std::vector<core::Duration> windows;  // sorted, each once
  std::vector<std::string> including;   // sorted: task_finished rules whose events carry parts of the task's row

  bool operator==(const Terms&) const = default;
};

// What is to be written and done; all of it joins the step's transaction.
struct Decision {
  std::vector<Incident> incidents;    // new or changed, as they are afterwards
  std::vector<std::int64_t> closed;   // forgotten with their members
  std::vector<Member> members;        // put
  std::vector<Member> erased;         // members that left; only their key counts
  std::vector<Mark> marks;            // put
  std::vector<Mark> unmarked;         // only their key (run, rule, task, seq) counts
  std::vector<Silence> silences;      // put
  std::vector<std::int64_t> expired;  // silences that are forgotten
  std::vector<RuleState> rules;       // put
  std::vector<std::string> rules_gone;
  std::vector<ReceiverState> receivers;        // put
  std::vector<std::string> receivers_gone;     // what waits for them is dead, as it is for
  std::vector<std::string> receivers_changed;  // those whose name is another type's now
  std::vector<Notice> notices;                 // in the order in which they are told
  std::array<std::uint64_t, kSuppressionNames.size()> suppressed{};
  std::vector<std::string> opened;         // rules, once for each time that an incident opens or reopens
  std::vector<std::string> resolved;       // rules, once for each end that is a recovery
  std::vector<task::RunRecord> told_runs;  // whose `finish_told` moved on
  // The run polled: a complete poll of it is wanted by then (lived), so that a failure that stays is told in time.
  std::optional<core::WallTime> poll_by{};
  std::uint64_t held = 0;  // events that the outbox had no room for: they stay marked
  // For `take_over` alone, also when there is nothing to write.
  std::vector<Watch> watched;
  std::optional<Terms> terms{};

  // There is nothing to write and nobody to tell; it is to be taken over all the same.
  bool empty() const;
  bool operator==(const Decision&) const = default;
};

// What the book asks about runs and spaces that the event at hand does not name.
struct Lookup {
  std::function<std::optional<SpaceView>(std::int64_t space)> space;                // nothing: not shown any more
  std::function<std::optional<RunView>(std::int64_t space, std::int64_t run)> run;  // nothing: forgotten
};

// As it is in the store.
struct Contents {
  std::vector<Incident> incidents;
  std::vector<Member> members;
  std::vector<Silence> silences;
  std::vector<Mark> marks;
  std::vector<RuleState> rules;
  std::vector<ReceiverState> receivers;
  std::int64_t last_incident = 0;  // highest numbers ever given
  std::int64_t last_silence = 0;
};

struct Context {
  const Settings& settings;
  const Lookup& lookup;
  Instant now;
  // Bytes that the outbox takes of events; asked at the first one, for nearly all polls bring none. None: any number.
  std::function<std::uint64_t()> room{};
};

class Book {
 public:
  Book();
  ~Book();
  Book(Book&&) noexcept;
  Book& operator=(Book&&) noexcept;

  // As the store has it.
  void load(Contents contents);
  // A recorded change of a run, in the order in which they were committed: what windows reach back to. At a start from
  // the store, after the first settings or before; later each one once its step is taken over. `lived`: when.
  void remember(std::int64_t run, core::WallTime lived, const task::TaskChange& change);
  // Other rules, receivers or times; the first ones of this process, too.
  Decision under_settings(const Context& context) const;

  Decision decide(const Event& event, const Context& context) const;
  // What the clock alone brings: notices, repeats and ends that are due, silences that end.
  Decision tick(const Context& context) const;
  // How a receiver's deliveries go, as its courier says.
  Decision delivery(const std::string& receiver, core::WallTime failing_since, bool disabled,
                    const Context& context) const;
  // A space is not watched any more: what was told of it ends. To be asked while `lookup` has it still.
  Decision leave(std::int64_t space, const Context& context) const;
  Decision silence(Silence silence) const;  // its number is given here
  Decision expire(std::int64_t silence, const Context& context) const;

  void take_over(const Decision& decision);

  // Runs that a rule looks at by the clock and whose verdict is due: the caller makes an Event of each.
  std::vector<std::pair<std::int64_t, std::int64_t>> due_runs(const Instant& now) const;  // space, run
  core::WallTime next_due() const;                                                        // lived; kNoTime: nothing is

  // Tasks of a run whose own rows are wanted from its next poll, sorted: a task_finished rule with a receiver that
  // includes parts of them tells of an attempt, to all of its receivers, once it has the row.
  std::vector<task::TaskKey> wanted(std::int64_t run) const;

  const std::vector<Incident>& incidents() const;
  // Each incident as a notice would say it now, in the order of `incidents`; gathering ones, too. And until when it is
  // silenced: lived; kNoTime: it is not.
  std::vector<Notice> standing(const Context& context) const;
  core::WallTime silenced_until(const Incident& incident, const Context& context) const;
  const std::vector<Silence>& silences() const;
  const ReceiverState* receiver(const std::string& name) const;  // null: not known

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace runwatch::rule
