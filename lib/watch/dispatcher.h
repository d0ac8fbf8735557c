// The jobs to come, oldest due first. A job that is being done is not in here, so none is ever done twice at once.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/clock.h"
#include "watch/job.h"

namespace runwatch::watch {

class Dispatcher {
 public:
  explicit Dispatcher(const core::Clock& clock) : clock_(clock) {}

  void plan(std::vector<Planned> jobs);
  // The first job that is due, waiting at most `patience` for one.
  std::optional<Planned> next(std::stop_token stop, core::Duration patience);

 private:
  const core::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::multimap<core::SteadyTime, Job> jobs_;
};

}  // namespace runwatch::watch
