// Notices on their way to receivers, as they are kept.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "rule/rule.h"
#include "task/observed.h"

namespace runwatch::store {

struct OutboxRow {
  // `dropped`: by a person, or because another row took its place.
  enum class State : std::uint8_t { pending, delivered, dead, dropped };
  static constexpr std::array<std::string_view, 4> kStateNames{"pending", "delivered", "dead", "dropped"};

  std::int64_t seq = 0;  // from 1 in the order of the batches, given by the store; 0: new
  std::string receiver;
  std::string id;             // of the notice, the same over retries and replays
  std::int64_t incident = 0;  // its number; 0: an event, which waits for no other
  std::int64_t run = 0;       // number of the run it is about; 0: none
  // Of what it tells: an event's change in the run's history, else (0) since when its incident is, wall.
  std::int64_t change = 0;
  core::WallTime since = task::kNoTime;
  std::string rule;
  rule::Kind kind = rule::Kind::event;
  core::WallTime created{};  // commit, wall
  core::WallTime due{};      // lived
  State state = State::pending;
  std::uint32_t tries = 0;     // that counted
  std::uint32_t refusals = 0;  // those among them that said the notice is at fault
  core::Duration aged{};       // how long it has been refused for its own sake
  bool sent = false;           // it may have been sent: nothing folds into it any more
  bool test = false;
  bool personal = false;  // its body carries parts of a task's own row
  std::string body;       // canonical; empty once it is delivered or dropped

  bool operator==(const OutboxRow&) const = default;
};
constexpr std::string_view name(OutboxRow::State state) { return OutboxRow::kStateNames[task::index(state)]; }

// A request that tried to deliver a row.
struct DeliveryAttempt {
  std::int64_t row = 0;  // seq
  core::WallTime at{};
  std::uint32_t status = 0;  // HTTP; 0: no answer
  std::string reason;        // empty: delivered
  core::Duration took{};

  bool operator==(const DeliveryAttempt&) const = default;
};

// What a receiver's rows come to.
struct Queue {
  std::uint64_t pending = 0;
  std::uint64_t dead = 0;
  std::uint64_t bytes = 0;                // of the bodies of both
  core::WallTime oldest = task::kNoTime;  // commit of the oldest that is pending
};

// Which rows: each member that is set narrows.
struct RowFilter {
  std::string id{};
  std::string receiver{};
  std::int64_t incident = 0;
  std::optional<OutboxRow::State> state{};
  std::int64_t run = 0;
  std::int64_t newest = 0;  // as many, newest first; 0: all, in order
};

}  // namespace runwatch::store
