#include "watch/fetch.h"

#include <algorithm>
#include <utility>

namespace runwatch::watch {
namespace {

// The run list is newest first: it was read far enough at the first row created before this. Wanted runs may be older
// than the age limit; one whose id does not tell its time is looked for to the end.
core::WallTime oldest_wanted(const Job& job, core::WallTime now) {
  if (job.wanted_ids.empty()) return std::min(now - job.max_age, job.oldest_watched);
  core::WallTime oldest = core::WallTime::max();
  for (const auto& id : job.wanted_ids) oldest = std::min(oldest, task::time_of_id(id));
  // Rows carry whole seconds, and the clock that made the id may be another machine's.
  return oldest == task::kNoTime ? oldest : oldest - std::chrono::hours(1);
}

template <class T>
void keep(Fetched& fetched, unpod::Answer<T>&& answer) {
  if (answer) {
    fetched.outcome = std::move(*answer);
  } else {
    fetched.outcome = std::move(answer.error());
  }
}

unpod::Answer<Discovered> discover(const Job& job, core::WallTime now, unpod::Api& api, std::stop_token stop) {
  Discovered found;
  if (job.wants_name) {
    auto info = api.space(job.space_token, stop);
    if (!info) return std::unexpected(std::move(info.error()));
    found.info = std::move(*info);
  }
  const auto oldest = oldest_wanted(job, now);
  const auto enough = [oldest](const task::ObservedRunRow& row) {
    return row.created != task::kNoTime && row.created < oldest;
  };
  auto list = api.runs(job.space_token, enough, stop);
  if (!list) return std::unexpected(std::move(list.error()));
  found.list = std::move(*list);
  return found;
}

}  // namespace

Fetched fetch(const Planned& planned, unpod::Api& api, const core::Clock& clock, std::stop_token stop) {
  Fetched fetched{.job = planned.job, .due = planned.due, .began = Moment::now(clock), .outcome = unpod::Failure{}};
  const auto start = clock.steady_now();
  switch (planned.job.kind) {
    case JobKind::spaces:
      keep(fetched, api.spaces(stop));
      break;
    case JobKind::discovery:
      keep(fetched, discover(planned.job, fetched.began.wall, api, stop));
      break;
    case JobKind::poll:
      keep(fetched, api.tasks(planned.job.space_token, planned.job.run_id, planned.job.digests, stop));
      break;
  }
  fetched.took = std::chrono::duration_cast<core::Duration>(clock.steady_now() - start);
  return fetched;
}

}  // namespace runwatch::watch
