// What the simulated platform holds: spaces, their runs, their tasks, as values.
//
// The words of this room are its own: it says what a platform says and shares no table with those who read it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"

namespace runwatch::sim {

enum class State : std::uint8_t {
  pending,
  scheduled,
  processing,
  in_progress,
  hold,
  completed,
  partially_completed,
  failed
};
inline constexpr std::array<std::string_view, 8> kStateNames{
    "pending", "scheduled", "processing", "in_progress", "hold", "completed", "partially_completed", "failed"};

constexpr std::size_t index(State s) { return static_cast<std::size_t>(s); }
constexpr std::string_view name(State s) { return kStateNames[index(s)]; }
constexpr bool is_finished(State s) { return s >= State::completed; }
constexpr bool is_queued(State s) { return s == State::pending || s == State::scheduled; }
constexpr bool is_running(State s) { return s == State::processing || s == State::in_progress; }

enum class Output : std::uint8_t {
  none,     // `{}`
  running,  // what is known while the call goes on
  full,
};

// An id is the letter and the hex digits of a version-1 UUID, whose clock is unique on the platform: `ticks`, in 100 ns
// since 1582.
struct Task {
  std::uint64_t ticks = 0;
  core::WallTime created{};
  core::WallTime start{};  // of the latest attempt
  core::WallTime end{};
  std::uint32_t number = 0;   // order of creation over the whole platform
  std::uint16_t attempt = 0;  // the latest one; 0: not tried yet
  State state = State::pending;
  Output output = Output::none;
  std::uint8_t outcome = 0;  // of the latest attempt, in kOutcomes
  bool odd = false;          // its unfinished statuses are spelt oddly
  bool forced = false;       // driven from outside: its own story goes on no more

  bool operator==(const Task&) const = default;
};

enum class Kind : std::uint8_t { call, email };

// How the rows of a run are written. One form of time for all of a run: mixing seconds and microseconds would let a
// call start before its task was created.
struct Style {
  bool older_shape = false;
  std::uint8_t time_form = 0;
  std::uint8_t mode = 0;
  Kind kind = Kind::call;
  State queued = State::pending;
  bool extended = false;  // with the fields that a later release may list
};

struct Run {
  std::uint64_t ticks = 0;
  std::string id;
  core::WallTime created{};
  std::size_t space = 0;
  std::uint32_t number = 0;
  std::size_t batch_count = 0;
  Style style;
  State state = State::pending;
  std::vector<Task> tasks;  // oldest first
  std::array<std::size_t, kStateNames.size()> counts{};
  std::size_t cursor = 0;                               // of `changing`
  bool removed = false;                                 // as if deleted, until it is restored; lives on unseen
  std::map<std::string, std::string, std::less<>> row;  // what fields of its row say in place of the truth, as JSON
  // The same of a task's row, by its ticks: as they stand there, be it JSON or not.
  std::map<std::uint64_t, std::map<std::string, std::string, std::less<>>> said;
};

struct Space {
  std::string token;
  std::string name;
  std::string slug;
  std::vector<std::unique_ptr<Run>> runs;  // oldest first
  bool removed = false;
};

}  // namespace runwatch::sim
