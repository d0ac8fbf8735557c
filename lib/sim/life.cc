// The part of World that makes things happen in time.
#include <algorithm>

#include "sim/world.h"

namespace runwatch::sim {

using namespace std::chrono_literals;

void World::advance(core::WallTime now) {
  while (!events_.empty() && events_.top().at <= now) {
    const Event event = events_.top();
    events_.pop();
    now_ = std::max(now_, event.at);
    happen(event);
  }
  now_ = std::max(now_, now);
}

void World::push(core::WallTime at, What what, const Run& run, const Task* task) {
  events_.push({at, order_++, what, task ? task->attempt : std::uint16_t{0}, run.ticks, task ? task->ticks : 0});
}

void World::happen(const Event& event) {
  if (event.what == What::new_run) {
    begin_run(event.run);
    const auto next = event.at + scaled(options_.new_run_period, options_);
    events_.push({next, order_++, What::new_run, 0, event.run, 0});
    return;
  }
  const auto run = by_ticks_.find(event.run);
  if (run != by_ticks_.end()) happen_to_run(event, *run->second);
}

void World::happen_to_run(const Event& event, Run& run) {
  if (event.what == What::arrival) {
    if (is_finished(run.state)) return;
    add_task(run);
    push(event.at + scaled(options_.arrival_period, options_), What::arrival, run);
    return;
  }
  Task* task = find_task(run, event.task);
  if (!task || task->forced) return;
  if (event.what == What::vanish)
    erase(run, *task);
  else if (task->attempt == event.attempt)
    happen_to(event, run, *task);
}

void World::happen_to(const Event& event, Run& run, Task& task) {
  switch (event.what) {
    case What::dispatch:
      if (is_queued(task.state)) dispatch(run, task);
      break;
    case What::park:
      set(run, task, State::hold);
      break;
    case What::release:
      set(run, task, run.style.queued);
      push(now_ + fate(options_, subject(task.ticks), task.attempt + 1U).wait, What::dispatch, run, &task);
      break;
    case What::connect:
      if (fate(options_, subject(task.ticks), task.attempt).shows_running) task.output = Output::running;
      set(run, task, State::in_progress);
      break;
    case What::end:
      finish(run, task);
      break;
    case What::output:
      if (is_finished(task.state)) task.output = Output::full;
      break;
    case What::requeue: {
      // None when the share of failures was changed meanwhile.
      const auto requeue = fate(options_, subject(task.ticks), task.attempt).requeue.value_or(Requeue{});
      if (!requeue.keeps_output) task.output = Output::none;
      set(run, task, requeue.state);
      push(now_ + fate(options_, subject(task.ticks), task.attempt + 1U).wait, What::dispatch, run, &task);
      break;
    }
    case What::vanish:
    case What::new_run:
    case What::arrival:
      break;
  }
}

// A task as it enters its run: perhaps parked on the way to its first attempt, perhaps deleted some day.
void World::queue(Run& run, const Task& task, core::Duration wait) {
  if (const auto parked = hold(options_, subject(task.ticks)); parked && parked->after < wait) {
    push(now_ + parked->after, What::park, run, &task);
    push(now_ + parked->after + parked->span, What::release, run, &task);
  } else {
    push(now_ + wait, What::dispatch, run, &task);
  }
  if (const auto after = vanishing(options_, subject(task.ticks))) push(now_ + *after, What::vanish, run, &task);
}

void World::dispatch(Run& run, Task& task) {
  ++task.attempt;
  const auto f = fate(options_, subject(task.ticks), task.attempt);
  task.output = Output::none;
  task.outcome = f.outcome;
  task.start = now_ + f.ring;
  task.end = task.start + f.talk;
  set(run, task, f.processing_first ? State::processing : State::in_progress);
  if (f.processing_first) push(task.start, What::connect, run, &task);
  if (f.stuck)
    push(now_ + f.requeue->after, What::requeue, run, &task);
  else
    push(task.end, What::end, run, &task);
}

void World::finish(Run& run, Task& task) {
  const auto f = fate(options_, subject(task.ticks), task.attempt);
  if (f.output_delay == 0ms) {
    task.output = Output::full;
  } else {
    task.output = Output::none;
    push(now_ + f.output_delay, What::output, run, &task);
  }
  set(run, task, kOutcomes[task.outcome].state);
  if (f.requeue && task.state == State::failed) push(now_ + f.requeue->after, What::requeue, run, &task);
}

void World::set(Run& run, Task& task, State state) {
  --run.counts[index(task.state)];
  ++run.counts[index(state)];
  task.state = state;
  judge_run(run);
}

// A run follows its tasks: begun with the first attempt, finished with the last one, resumed by a retry.
void World::judge_run(Run& run) {
  const auto completed = run.counts[index(State::completed)];
  const auto partial = run.counts[index(State::partially_completed)];
  const auto failed = run.counts[index(State::failed)];
  const auto total = run.tasks.size();
  if (total == 0) return;
  if (completed + partial + failed == total) {
    run.state = failed == total ? State::failed : failed * 3 > total ? State::partially_completed : State::completed;
    return;
  }
  const auto untouched = run.counts[index(run.style.queued)] + run.counts[index(State::hold)];
  if (is_finished(run.state) || untouched < total) run.state = State::in_progress;
}

}  // namespace runwatch::sim
