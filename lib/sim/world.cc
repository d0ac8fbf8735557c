#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/dice.h"
#include "sim/id.h"

namespace runwatch::sim {

using namespace std::chrono_literals;

World::World(Options options, core::WallTime start)
    : options_(std::move(options)), now_(start), origin_(uuid_ticks(start - options_.history)) {
  add_spaces();
  const bool fixed = options_.fixed;
  const auto begin = now_ = start - (fixed ? 1h : options_.history);
  for (std::size_t i = 0; i < options_.runs; ++i) {
    const auto share = static_cast<core::Duration::rep>(i);
    if (!fixed) advance(begin + options_.history * share / static_cast<core::Duration::rep>(options_.runs));
    for (std::size_t space = 0; space < spaces_.size(); ++space) fixed ? settle(create_run(space)) : begin_run(space);
  }
  advance(start);
  const auto period = scaled(options_.new_run_period, options_);
  for (std::size_t space = 0; period > 0ms && !fixed && space < spaces_.size(); ++space) {
    events_.push({start + period, order_++, What::new_run, 0, space, 0});
  }
}

void World::add_spaces() {
  for (std::size_t i = 0; i < options_.spaces; ++i) {
    Space space{.token = make_space_token(options_.seed, i),
                .name = i < options_.space_names.size() ? options_.space_names[i] : fmt::format("space {}", i + 1),
                .slug = {},
                .runs = {}};
    space.slug = space.name;
    std::ranges::replace(space.slug, ' ', '-');
    spaces_.push_back(std::move(space));
  }
}

// Nine tasks of ten have their first attempt behind them; the others wait or are being called, for ever.
void World::settle(Run& run) {
  run.tasks.reserve(options_.tasks);
  for (std::size_t i = 0; i < options_.tasks; ++i) {
    Task& task = create_task(run);
    Dice dice(options_.seed, subject(task.ticks), 0xf1);
    const auto age = 1min + dice.between(0ms, 40min);
    task.odd = false;
    if (dice.chance(0.05)) continue;
    task.attempt = 1;
    const auto f = fate(options_, subject(task.ticks), 1);
    task.start = task.created + age;
    task.end = std::min(task.start + f.talk, task.created + 59min);
    if (dice.chance(0.05)) {
      set(run, task, State::in_progress);
      continue;
    }
    task.outcome = f.outcome;
    task.output = Output::full;
    set(run, task, kOutcomes[f.outcome].state);
  }
  run.batch_count = run.tasks.size();
}

Space* World::find_space(std::string_view token) {
  const auto found = std::ranges::find(spaces_, token, &Space::token);
  return found == spaces_.end() ? nullptr : &*found;
}

Run* World::find_run(std::string_view id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

Task* find_task(Run& run, std::uint64_t ticks) {
  const auto found = std::ranges::lower_bound(run.tasks, ticks, {}, &Task::ticks);
  return found == run.tasks.end() || found->ticks != ticks ? nullptr : &*found;
}

std::uint64_t World::next_ticks(core::WallTime created) {
  return last_ticks_ = std::max(last_ticks_ + 1, uuid_ticks(created));
}

Run& World::create_run(std::size_t space) {
  auto run = std::make_unique<Run>();
  run->ticks = next_ticks(now_);
  run->id = make_id('R', run->ticks, mix(options_.seed));
  run->created = now_;
  run->space = space;
  run->number = ++numbers_;
  run->style = style(options_, subject(run->ticks));
  run->state = run->style.queued;
  auto& runs = spaces_[space].runs;
  runs.push_back(std::move(run));
  by_ticks_[runs.back()->ticks] = runs.back().get();
  by_id_[runs.back()->id] = runs.back().get();
  return *runs.back();
}

Task& World::create_task(Run& run) {
  Task task;
  task.ticks = next_ticks(now_);
  task.created = now_;
  task.number = ++numbers_;
  task.state = run.style.queued;
  task.odd = is_odd(options_, subject(task.ticks));
  ++run.counts[index(task.state)];
  return run.tasks.emplace_back(task);
}

void World::begin_run(std::size_t space) {
  Dice dice(options_.seed, subject(uuid_ticks(now_)) + spaces_[space].runs.size(), space);
  const auto size = static_cast<double>(options_.tasks);
  add_run(space, static_cast<std::size_t>(std::lround(size * (1 + options_.tasks_spread * (2 * dice.unit() - 1)))));
}

Run& World::add_run(std::size_t space, std::size_t tasks) {
  forget_oldest(spaces_[space]);
  Run& run = create_run(space);
  run.batch_count = tasks;
  run.tasks.reserve(tasks);
  const auto gap = scaled(options_.dial_gap, options_);
  for (std::size_t i = 0; i < tasks; ++i) {
    const Task& task = create_task(run);
    queue(run, task, fate(options_, subject(task.ticks), 1).wait + gap * static_cast<core::Duration::rep>(i));
  }
  const auto period = scaled(options_.arrival_period, options_);
  if (period > 0ms) push(now_ + period, What::arrival, run);
  return run;
}

Task& World::add_task(Run& run) {
  Task& task = create_task(run);
  queue(run, task, fate(options_, subject(task.ticks), 1).wait);
  judge_run(run);
  return task;
}

void World::forget_oldest(Space& space) {
  if (space.runs.size() < options_.max_runs) return;
  const auto oldest = std::ranges::find_if(space.runs, [](const auto& run) { return is_finished(run->state); });
  if (oldest == space.runs.end()) return;
  by_ticks_.erase((*oldest)->ticks);
  by_id_.erase((*oldest)->id);
  space.runs.erase(oldest);
}

std::size_t World::vanish(Run& run, std::size_t count, std::uint64_t pick) {
  count = std::min(count, run.tasks.size());
  for (std::size_t i = 0; i < count; ++i) {
    pick = mix(pick);
    erase(run, run.tasks[pick % run.tasks.size()]);
  }
  return count;
}

void World::erase(Run& run, Task& task) {
  --run.counts[index(task.state)];
  run.tasks.erase(run.tasks.begin() + (&task - run.tasks.data()));
  judge_run(run);
}

void World::force(Run& run, Task& task, State state, bool new_call) {
  task.forced = true;
  if (is_finished(state) && (new_call || task.attempt == 0)) {
    ++task.attempt;
    task.start = task.end = now_;
    task.output = Output::full;
    const auto fits = std::ranges::find(kOutcomes, state, &Outcome::state);
    task.outcome = static_cast<std::uint8_t>(fits - kOutcomes.begin());
  }
  set(run, task, state);
}

void World::step(Run& run) {
  const auto size = run.tasks.size();
  if (size == 0 || options_.changing <= 0) return;
  const auto share = static_cast<std::size_t>(options_.changing * static_cast<double>(size));
  for (std::size_t i = 0; i < std::clamp<std::size_t>(share, 1, size); ++i) {
    Task& task = run.tasks[run.cursor++ % size];
    const auto end = kOutcomes[fate(options_, subject(task.ticks), task.attempt + 1U).outcome].state;
    const auto next = is_finished(task.state) ? run.style.queued : is_queued(task.state) ? State::in_progress : end;
    force(run, task, next, true);
    if (!is_finished(next)) task.output = Output::none;
  }
}

}  // namespace runwatch::sim
