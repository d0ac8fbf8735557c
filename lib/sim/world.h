// The truth of a simulated platform: organizations' spaces, runs and tasks that live as time is passed in.
//
// Everything that happens by itself follows from the options alone: the same seed gives the same story, however finely
// time is sliced and whenever it begins. Interventions from outside (faults, a test) leave the rest of the story alone.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sim/fate.h"
#include "sim/model.h"
#include "sim/options.h"

namespace runwatch::sim {

class World {
 public:
  // `options` as `check` likes them. The world is then as it stands at `start`, its history behind it.
  World(Options options, core::WallTime start);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void advance(core::WallTime now);  // never backwards
  core::WallTime now() const { return now_; }
  const Options& options() const { return options_; }
  const std::vector<Space>& spaces() const { return spaces_; }

  Space* find_space(std::string_view token);
  Run* find_run(std::string_view id);

  // Interventions.
  Run& add_run(std::size_t space, std::size_t tasks);
  Task& add_task(Run& run);
  // Deletes up to `count` tasks, chosen by `pick`; returns how many.
  std::size_t vanish(Run& run, std::size_t count, std::uint64_t pick);
  void erase(Run& run, Task& task);
  // From the next attempts on.
  void set_failure_rate(double rate) { options_.failure_rate = rate; }
  // Puts a task where the caller wants it; from then on it moves no more by itself. A finished state with `new_call`
  // is a new attempt that ends now, its output there at once.
  void force(Run& run, Task& task, State state, bool new_call);
  // One step of `changing`.
  void step(Run& run);

 private:
  enum class What : std::uint8_t { new_run, arrival, dispatch, park, release, connect, end, output, requeue, vanish };
  struct Event {
    core::WallTime at;
    std::uint64_t order;
    What what;
    std::uint16_t attempt;
    std::uint64_t run;   // ticks; of new_run: the space
    std::uint64_t task;  // ticks
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  void add_spaces();
  void settle(Run& run);
  std::uint64_t next_ticks(core::WallTime created);
  Run& create_run(std::size_t space);
  void begin_run(std::size_t space);
  Task& create_task(Run& run);
  void forget_oldest(Space& space);
  void queue(Run& run, const Task& task, core::Duration wait);
  void push(core::WallTime at, What what, const Run& run, const Task* task = nullptr);
  void happen(const Event& event);
  void happen_to_run(const Event& event, Run& run);
  void happen_to(const Event& event, Run& run, Task& task);
  void dispatch(Run& run, Task& task);
  void finish(Run& run, Task& task);
  void set(Run& run, Task& task, State state);
  void judge_run(Run& run);
  // What dice are thrown for: the story is the same whenever it begins.
  std::uint64_t subject(std::uint64_t ticks) const { return ticks - origin_; }

  Options options_;
  core::WallTime now_;
  std::uint64_t origin_;  // ticks
  std::vector<Space> spaces_;
  std::unordered_map<std::uint64_t, Run*> by_ticks_;
  std::unordered_map<std::string_view, Run*> by_id_;  // views of Run::id
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  std::uint64_t last_ticks_ = 0;
  std::uint32_t numbers_ = 0;
};

Task* find_task(Run& run, std::uint64_t ticks);

}  // namespace runwatch::sim
