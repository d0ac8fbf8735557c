// What is remembered of alerts, as the store keeps it.
//
// All due times are on the lived clock: the wall clock as it was when the process began, moved on by the steady clock,
// so that no leap of the wall clock makes anything due (`Instant`).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/digest.h"
#include "rule/rule.h"
#include "task/diff.h"
#include "task/run.h"
#include "task/task_key.h"

namespace runwatch::rule {

// How far the lived clock is ahead of the wall clock, from a lived time on.
struct ClockOffset {
  core::WallTime since;
  core::Duration ahead;
};

struct Instant {
  core::WallTime wall;                     // for what is shown
  core::WallTime lived;                    // for what is due
  std::span<const ClockOffset> offsets{};  // of this process, the oldest first; none: it was the same all the time

  // Of a wall time that was recorded before the wall clock was set, too.
  core::WallTime lived_of(core::WallTime recorded) const;
};

enum class Phase : std::uint8_t {
  gathering,  // its condition holds or its members come, and it has not opened yet
  open,       // first told when due; then until it is over
  over,       // kept for group_interval: what comes meanwhile reopens it
};
inline constexpr std::array<std::string_view, 3> kPhaseNames{"gathering", "open", "over"};
constexpr std::string_view name(Phase phase) { return kPhaseNames[task::index(phase)]; }

struct Incident {
  std::int64_t number = 0;  // from 1, given once
  std::string id;           // stable, shown: what happened makes it, not when it was noticed
  std::string rule;
  When when = When::task_failed;
  std::int64_t space = 0;  // 0: of the account, or of a receiver
  std::int64_t run = 0;    // 0: of no run
  // delivery_failing: the receiver; poll_failing: the newest reason; unknown_status: values that are not told yet; else
  // the newest verdict, a sentence.
  std::string about;
  Phase phase = Phase::gathering;
  core::WallTime started = task::kNoTime;  // wall: the first member's commit, or since when the condition holds
  core::WallTime ended = task::kNoTime;    // wall
  core::WallTime due = task::kNoTime;      // lived: when something is to be decided by the clock; none: nothing is
  core::WallTime told_at = task::kNoTime;  // lived: the newest notice; none: never told
  std::uint64_t notices = 0;               // told so far, an ordinal of each
  std::uint64_t total = 0;                 // attempts told as new
  std::optional<double> value{};           // rules without members
  std::optional<double> threshold{};
  bool muted = false;                  // its run is blind: counted as suppressed once
  std::vector<std::string> receivers;  // who was told of it, by name
  std::vector<std::string> values;     // unknown_status: all; poll_failing of the account: the spaces that fail by it

  bool operator==(const Incident&) const = default;
};

enum class MemberPhase : std::uint8_t {
  waiting,    // failed, and has to stay so until `due`
  failed,     // stayed failed
  trying,     // failed before, and its next attempt is under way
  recovered,  // completed or partially completed; kept until told
  gone,       // kept until told
};

// An attempt of a task that a task_failed incident is about. Of a task's attempts the newest has its phase; the older
// ones are kept until they are told.
struct Member {
  std::int64_t incident = 0;
  task::TaskKey task;
  std::uint32_t ordinal = 1;  // of the task's attempts within this incident
  MemberPhase phase = MemberPhase::waiting;
  bool told = false;
  std::uint32_t attempts = 1;          // of the task, as far as we know
  core::WallTime due = task::kNoTime;  // lived; while waiting
  task::CallFacts facts{};

  bool operator==(const Member&) const = default;
};

struct Silence {
  std::int64_t number = 0;        // from 1, given once
  std::string space;              // label; empty: any
  std::int64_t space_number = 0;  // by which it stays that space's under another label; 0: by label alone
  std::string run_id;             // empty: any
  std::string rule;               // empty: any
  core::WallTime from{};          // wall
  core::WallTime until{};         // lived
  std::string reason;

  bool operator==(const Silence&) const = default;
};

// An attempt that a task_finished rule speaks of once it is complete.
struct Mark {
  std::int64_t run = 0;
  std::string rule;
  task::TaskKey task;
  std::int64_t seq = 0;                     // of the change that entered it
  core::WallTime deadline = task::kNoTime;  // lived: told then as it is
  task::Status status = task::Status::completed;
  std::uint32_t attempts = 1;
  task::CallFacts facts{};  // as known so far

  bool operator==(const Mark&) const = default;
};

inline constexpr core::WallTime kAsItIs{core::Duration(1)};  // a mark's deadline: nothing more is learnt

// A receiver as it was configured last, and how its deliveries go.
struct ReceiverState {
  std::string name;
  std::string type;
  core::WallTime failing_since = task::kNoTime;  // wall
  bool disabled = false;                         // answered 410

  bool operator==(const ReceiverState&) const = default;
};

// A rule as it was when the ledger last knew it: attempts that entered under another one are not its.
struct RuleState {
  std::string name;
  When when = When::task_failed;
  std::string terms;  // what makes it another rule: `for` and `reasons`

  bool operator==(const RuleState&) const = default;
};

}  // namespace runwatch::rule
