// What is known of alerts after a commit: incidents as they stand, receivers and their queues, silences.
//
// Threads: any, read only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "rule/incident.h"
#include "rule/notice.h"

namespace runwatch::view {

struct IncidentStanding {
  rule::Phase phase = rule::Phase::gathering;
  rule::Notice notice;                            // what would be told of it now
  core::WallTime told = task::kNoTime;            // its newest notice; none: nobody was told yet
  core::WallTime silenced_until = task::kNoTime;  // none: it is not
  std::vector<std::string> shown_to;              // receivers that are shown it as it stands, and get no notices

  bool silenced() const { return silenced_until != task::kNoTime; }
  // Somebody has to look at it.
  bool pressing() const { return phase == rule::Phase::open && !silenced(); }
  // By a silence: nobody is sent or shown it. What was told before is shown until it ends.
  bool held() const { return silenced() && told == task::kNoTime; }
  // Somebody was sent, or is shown, that it is there.
  bool known() const { return told != task::kNoTime || (phase == rule::Phase::open && !held() && !shown_to.empty()); }

  bool operator==(const IncidentStanding&) const = default;
};

struct ReceiverStanding {
  std::string name;
  std::string type;
  std::uint64_t pending = 0;
  std::uint64_t dead = 0;
  core::WallTime oldest = task::kNoTime;         // commit of the oldest that waits
  core::WallTime due = task::kNoTime;            // when the first of them is to go
  std::optional<core::SteadyTime> due_steady{};  // the same
  core::WallTime failing_since = task::kNoTime;  // none: it takes what it is sent, or what waited was dropped by hand
  std::string last_failure;                      // reason of the newest attempt, where it failed
  std::string last_error;                        // the same in words, with what to mend; without secrets
  bool disabled = false;                         // it answered 410

  bool failing() const { return failing_since != task::kNoTime || disabled; }
  // What was put into its queue then is in it still.
  bool holds_from(core::WallTime then) const { return pending > 0 && oldest != task::kNoTime && oldest <= then; }

  bool operator==(const ReceiverStanding&) const = default;
};

struct Alerts {
  std::vector<IncidentStanding> incidents;  // newest first; what is over, for a while
  std::vector<ReceiverStanding> receivers;
  std::vector<rule::Silence> silences;
  bool is_full = false;  // the outbox: events wait for room
  bool delivers = true;  // false: it was one look, which tells nobody

  const ReceiverStanding* receiver(std::string_view name) const {
    const auto found = std::ranges::find(receivers, name, &ReceiverStanding::name);
    return found == receivers.end() ? nullptr : &*found;
  }
  // Somebody knows of it, and not only the queues of receivers that take nothing.
  bool reached(const IncidentStanding& incident) const {
    const auto takes = [&](const std::string& name) {
      const auto* its = receiver(name);
      return its == nullptr || !its->failing() || !its->holds_from(incident.told);
    };
    if (!incident.known()) return false;
    const auto& told = incident.notice.receivers;
    return incident.told == task::kNoTime || !incident.shown_to.empty() || told.empty() ||
           std::ranges::any_of(told, takes);
  }

  bool operator==(const Alerts&) const = default;
};

}  // namespace runwatch::view
