#include "watch/plan.h"

#include <algorithm>

namespace runwatch::watch {

Job poll_job(const SpaceState& space, const RunState& run) {
  Job job;
  job.kind = JobKind::poll;
  job.space = space.record.number;
  job.run = run.record.number;
  job.ticket = run.ticket;
  job.space_token = space.settings.token;
  job.run_id = run.record.row.run_id;
  job.digests = run.digests;
  return job;
}

Job discovery_job(const SpaceState& space) {
  Job job;
  job.kind = JobKind::discovery;
  job.space = space.record.number;
  job.ticket = space.ticket;
  job.space_token = space.settings.token;
  job.wants_name = !space.settings.name && space.record.slug.empty();
  job.max_age = space.settings.max_age;
  job.wanted_ids = space.settings.run_ids;
  for (const auto number : space.order) {
    const auto& row = space.runs.at(number).record.row;  // whose place in the list the younger of its times tells
    const auto created = std::max(row.created, task::time_of_id(row.run_id));
    if (created != task::kNoTime) job.oldest_watched = std::min(job.oldest_watched, created);
  }
  return job;
}

}  // namespace runwatch::watch
