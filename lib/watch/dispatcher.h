// The jobs to come, oldest due first. A job that is being done is not in here, and of two about the same thing only the
// newer one is.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <tuple>
#include <vector>

#include "core/clock.h"
#include "watch/job.h"

namespace runwatch::watch {

class Dispatcher {
 public:
  explicit Dispatcher(const core::Clock& clock) : clock_(clock) {}

  void plan(std::vector<Planned> jobs);
  // No job waits longer than until `due_by` of it; one without goes.
  void revise(const std::function<std::optional<core::SteadyTime>(const Job&)>& due_by);
  // The first job that is due, waiting at most `patience` for one.
  std::optional<Planned> next(std::stop_token stop, core::Duration patience);

 private:
  using Jobs = std::multimap<core::SteadyTime, Job>;
  using Subject = std::tuple<JobKind, std::int64_t, std::int64_t>;

  static Subject subject(const Job& job) { return {job.kind, job.space, job.run}; }
  void put(core::SteadyTime due, Job job);

  const core::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Jobs jobs_;
  std::map<Subject, Jobs::iterator> by_subject_;
};

}  // namespace runwatch::watch
