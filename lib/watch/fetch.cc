#include <algorithm>
#include <utility>

#include "watch/job.h"

namespace runwatch::watch {
namespace {

// The run list is newest first: it was read far enough where all rows are older than this. Wanted runs may be older
// than the age limit; one whose id does not tell its time, or tells one to come, is looked for to the end.
core::WallTime oldest_wanted(const Job& job, core::WallTime now) {
  if (job.wanted_ids.empty()) return std::min(now - job.max_age, job.oldest_watched);
  constexpr core::Duration kSlack = std::chrono::hours(1);  // the clock that made an id may be another machine's
  core::WallTime oldest = core::WallTime::max();
  for (const auto& id : job.wanted_ids) {
    const auto made = task::time_of_id(id);
    if (made == task::kNoTime || made > now + kSlack) return task::kNoTime;
    oldest = std::min(oldest, made - kSlack);
  }
  return oldest;
}

template <class T>
decltype(Fetched::outcome) outcome_of(unpod::Answer<T>&& answer) {
  if (answer) return std::move(*answer);
  return std::move(answer.error());
}

unpod::Answer<Discovered> discover(const Job& job, core::WallTime now, unpod::Api& api, std::stop_token stop) {
  Discovered found;
  if (job.wants_name) {
    auto info = api.space(job.space_token, stop);
    if (!info) return std::unexpected(std::move(info.error()));
    found.info = std::move(*info);
  }
  auto list = api.runs(job.space_token, oldest_wanted(job, now), stop);
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
      fetched.outcome = outcome_of(api.spaces(stop));
      break;
    case JobKind::discovery:
      fetched.outcome = outcome_of(discover(planned.job, fetched.began.wall, api, stop));
      break;
    case JobKind::poll:
      fetched.outcome = outcome_of(
          api.tasks(planned.job.space_token, planned.job.run_id, planned.job.digests, stop, planned.job.wanted));
      break;
  }
  fetched.took = std::chrono::duration_cast<core::Duration>(clock.steady_now() - start);
  return fetched;
}

}  // namespace runwatch::watch
