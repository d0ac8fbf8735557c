#include "watch/dispatcher.h"

#include <algorithm>
#include <utility>

namespace runwatch::watch {

void Dispatcher::plan(std::vector<Planned> jobs) {
  if (jobs.empty()) return;
  {
    std::lock_guard lock(mutex_);
    for (auto& [job, due] : jobs) put(due, std::move(job));
  }
  changed_.notify_all();
}

void Dispatcher::put(core::SteadyTime due, Job job) {
  const auto older = by_subject_.find(subject(job));
  if (older != by_subject_.end()) jobs_.erase(older->second);
  const auto key = subject(job);
  by_subject_[key] = jobs_.emplace(due, std::move(job));
}

void Dispatcher::revise(const std::function<std::optional<core::SteadyTime>(const Job&)>& due_by) {
  {
    std::lock_guard lock(mutex_);
    by_subject_.clear();
    for (auto& [due, job] : std::exchange(jobs_, {})) {
      if (const auto latest = due_by(job)) put(std::min(due, *latest), job);
    }
  }
  changed_.notify_all();
}

std::optional<Planned> Dispatcher::next(std::stop_token stop, core::Duration patience) {
  std::unique_lock lock(mutex_);
  const auto give_up = clock_.steady_now() + patience;
  while (!stop.stop_requested()) {
    const auto now = clock_.steady_now();
    if (!jobs_.empty() && jobs_.begin()->first <= now) {
      by_subject_.erase(subject(jobs_.begin()->second));
      auto first = jobs_.extract(jobs_.begin());
      return Planned{std::move(first.mapped()), first.key()};
    }
    if (now >= give_up) return std::nullopt;
    const auto due = jobs_.empty() ? give_up : std::min(give_up, jobs_.begin()->first);
    changed_.wait_until(lock, stop, due, [&] { return !jobs_.empty() && jobs_.begin()->first < due; });
  }
  return std::nullopt;
}

}  // namespace runwatch::watch
