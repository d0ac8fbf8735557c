#include "task/run.h"

#include <numeric>

namespace runwatch::task {

bool is_to_move(const StatusCounts& tasks, std::optional<Status> own, std::uint64_t batch_count) {
  const bool parked = own == Status::scheduled || own == Status::hold;
  const auto in = [&tasks](Status status) { return tasks[index(status)]; };
  const auto waiting = in(Status::scheduled) + in(Status::hold) + (parked ? in(Status::pending) : 0);
  const auto ended = in(Status::completed) + in(Status::partially_completed) + in(Status::failed);
  const auto all = std::reduce(tasks.begin(), tasks.end());
  if (all == ended) return !parked && (all > 0 || batch_count > 0);
  return all > ended + waiting;
}

}  // namespace runwatch::task
