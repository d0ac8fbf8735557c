// Short hands for the diff's tests: tasks by number, and a run that is polled again and again.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/digest.h"
#include "task/counters.h"
#include "task/diff.h"

namespace runwatch::task::test {

inline const core::WallTime kStart{std::chrono::seconds(1'770'000'000)};

inline TaskKey key(int n) {
  return make_task_key(fmt::format("T{:032x}", 0x11f0a000000000ULL + static_cast<unsigned>(n)));
}

struct Seen {
  int id;
  Status status;
  std::string call = {};
};

inline ObservedTask observed(const Seen& seen) {
  ObservedTask task;
  task.key = key(seen.id);
  task.status = seen.status;
  task.execution = ExecutionType::call;
  task.call = seen.call.empty() ? 0 : core::digest64(seen.call);
  task.created = kStart - std::chrono::hours(1);
  return task;
}

// A finished call with everything to tell.
inline ObservedTask full_call(int id, Status status, const std::string& call) {
  ObservedTask task = observed({id, status, call});
  task.started = kStart - std::chrono::minutes(30);
  task.ended = kStart - std::chrono::minutes(29);
  task.duration = 60.0F;
  task.cost = 0.05;
  task.call_status = CallStatus::completed;
  task.call_type = CallType::outbound;
  return task;
}

class Run {
 public:
  explicit Run(bool baseline = false) : baseline_(baseline) {}

  const Diff& poll(std::vector<ObservedTask> tasks) {
    ObservedRun run;
    run.tasks = std::move(tasks);
    return poll(run);
  }
  const Diff& poll(const ObservedRun& run) {
    now += std::chrono::seconds(30);
    last_ = diff(known, run, {baseline_ && polls_ == 0, streak_, now});
    streak_ = last_.shrunken ? streak_ + 1 : 0;
    if (!last_.shrunken) ++polls_;
    known.apply(last_.updates);
    counters.apply(last_.tally.increments());
    return last_;
  }
  const Diff& poll(const std::vector<Seen>& seen) {
    std::vector<ObservedTask> tasks;
    for (const auto& s : seen) tasks.push_back(observed(s));
    return poll(std::move(tasks));
  }

  double count(std::string_view cell) const {
    const auto found = find_cell(cell);
    if (!found) throw std::out_of_range(std::string(cell));
    return counters[*found];
  }
  double transitions(std::string_view from, std::string_view to) const {
    return count(fmt::format("unpod_task_transitions_total{{from=\"{}\",to=\"{}\"}}", from, to));
  }
  double total(Family family) const {
    double sum = 0;
    const auto& about = info(family);
    for (std::size_t s = 0; s < about.series.size(); ++s) {
      const auto buckets = about.is_histogram() ? about.bounds.size() + 1 : 1;
      for (std::size_t b = 0; b < buckets; ++b) sum += counters[about.cell(s) + b];
    }
    return sum;
  }

  KnownTasks known;
  Counters counters;
  core::WallTime now = kStart;

 private:
  bool baseline_;
  int polls_ = 0;
  int streak_ = 0;
  Diff last_;
};

}  // namespace runwatch::task::test
