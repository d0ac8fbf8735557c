// Alert rules as values: what is watched for, in whose name, and who is told.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "task/vocabulary.h"

namespace runwatch::rule {

enum class When : std::uint8_t {
  task_failed,       // with members: tasks whose attempt failed and stayed failed
  failure_ratio,     // of a run's attempts
  call_outcome,      // share of attempts that ended so
  task_stuck,        // an unfinished status held for too long
  run_stalled,       // unfinished, and nothing changes
  run_cost,          // told once
  run_finished,      // an event
  task_finished,     // an event for each attempt
  unknown_status,    // of a space, told once for each value
  poll_failing,      // of a space, or of the account
  delivery_failing,  // of a receiver, told to the others
};
inline constexpr std::array<std::string_view, 11> kWhenNames{
    "task_failed",  "failure_ratio", "call_outcome",   "task_stuck",   "run_stalled",     "run_cost",
    "run_finished", "task_finished", "unknown_status", "poll_failing", "delivery_failing"};
constexpr std::string_view name(When when) { return kWhenNames[task::index(when)]; }
constexpr bool is_event(When when) { return when == When::run_finished || when == When::task_finished; }
constexpr bool has_members(When when) { return when == When::task_failed; }

// What a notice says. `ended`: over without a recovery. A receiver takes some of them.
enum class Kind : std::uint8_t { firing, update, resolved, ended, event };
inline constexpr std::array<std::string_view, 5> kKindNames{"firing", "update", "resolved", "ended", "event"};
constexpr std::string_view name(Kind kind) { return kKindNames[task::index(kind)]; }

struct Rule {
  std::string name;  // by which it is the same one after a reload
  When when = When::task_failed;
  core::Duration lasting{};              // `for`
  std::uint64_t at_least = 1;            // attempts, those that recovered included, before it opens
  std::vector<std::string> spaces;       // labels; empty: all
  std::vector<task::RunMode> run_modes;  // empty: all
  std::string severity = "warning";
  std::vector<std::string> receivers;  // empty: all
  std::string runbook;
  std::map<std::string, std::string> labels;
  std::vector<task::FailureReason> reasons;  // task_failed; empty: all
  std::vector<task::Status> statuses;        // task_stuck; task_finished, where empty means all finished ones
  std::vector<task::CallStatus> outcomes;    // call_outcome; task_finished, where empty means all
  double above = 0;                          // failure_ratio, call_outcome: 0 … 1; run_cost: an amount
  std::uint64_t min_finished = 20;           // failure_ratio, call_outcome
  core::Duration window{};                   // failure_ratio, call_outcome; 0: the whole run

  bool operator==(const Rule&) const = default;
};

// A receiver as far as rules concern it.
struct Receiver {
  std::string name;
  std::string type{};                                                        // another type is another receiver
  std::array<bool, kKindNames.size()> takes{true, true, true, false, true};  // by Kind
  bool by_level = false;  // is shown the open incidents as they stand, and gets no notices
  bool includes = false;  // its task_finished events carry parts of the task's own row

  bool operator==(const Receiver&) const = default;
};

struct Settings {
  std::string external_url;  // for links, without trailing slash; may be empty
  core::Duration group_wait = std::chrono::seconds(10);
  core::Duration group_interval = std::chrono::minutes(5);
  core::Duration repeat_interval = std::chrono::hours(4);  // 0: never
  bool digest = false;                                     // one event for each baseline run that has failures
  std::vector<Rule> rules;
  std::vector<Receiver> receivers;

  bool operator==(const Settings&) const = default;
};

}  // namespace runwatch::rule
