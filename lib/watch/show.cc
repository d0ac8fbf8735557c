#include "watch/show.h"

#include <fmt/format.h>

#include <algorithm>

namespace runwatch::watch {
namespace {

using task::kNoTime;

core::WallTime from_second(std::uint32_t second) {
  return second == 0 ? kNoTime : core::WallTime(std::chrono::seconds(second));
}

// The newest attempts of a space: its discovery's and each watched run's.
template <class F>
void for_each_attempt(const SpaceState& space, F visit) {
  visit(space.discovery);
  for (const auto number : space.order) visit(space.runs.at(number).attempts);
}

void show_attempts(const SpaceState& space, view::SpaceSnapshot& out) {
  bool failed = false;
  bool all_complete = true;
  bool all_succeeded = true;
  core::WallTime oldest = core::WallTime::max();
  for_each_attempt(space, [&](const Attempts& attempts) {
    failed = failed || attempts.complete == false;
    // A run that came after all others were judged takes nothing back before its own first poll ended.
    all_complete = all_complete && (attempts.complete || space.judged);
    if (attempts.last_success != kNoTime) {
      oldest = std::min(oldest, attempts.last_success);
    } else {
      all_succeeded = all_succeeded && space.judged;
    }
    const bool newer = attempts.error && (!out.last_error || attempts.error->at > out.last_error->at);
    if (newer) out.last_error = attempts.error;
  });
  if (failed || all_complete) out.up = !failed;
  if (all_succeeded && oldest != core::WallTime::max()) out.last_success = oldest;
}

std::optional<core::SteadyTime> well_until(const Attempts& attempts, core::Duration interval) {
  return attempts.succeeded_at ? std::optional(*attempts.succeeded_at + 3 * interval) : std::nullopt;
}

bool was_tried(const SpaceState& space) {
  if (!space.settings.names_runs()) return space.discovery.tried;
  return std::ranges::all_of(space.order, [&](auto n) { return space.runs.at(n).attempts.tried; });
}

}  // namespace

bool is_judged(const SpaceState& space) {
  bool all = space.discovery.complete == true;  // before that it is not known which runs there are
  for_each_attempt(space, [&](const Attempts& attempts) { all = all && attempts.complete; });
  return all;
}

std::shared_ptr<const view::RunSnapshot> show(const RunState& run) {
  auto out = std::make_shared<view::RunSnapshot>();
  const auto& record = run.record;
  out->number = record.number;
  out->run_id = record.row.run_id;
  if (record.row.status_given) out->status = record.row.status;
  // Not said at all is `other`, too, once the list or the tasks could have said it.
  const bool unsaid_mode = record.listed && record.mode == task::RunMode::none;
  const bool unsaid_execution = run.known.size() > 0 && record.execution == task::ExecutionType::none;
  out->mode = unsaid_mode ? task::RunMode::other : record.mode;
  out->execution = unsaid_execution ? task::ExecutionType::other : record.execution;
  out->created = record.row.created;
  out->last_change = record.last_change;
  out->finished = record.finished;
  out->taken_up = record.taken_up;
  out->polled = record.polled;
  out->unknown = run.unknown;
  out->tasks = record.tasks;
  out->batch_count = record.row.batch_count;
  out->last_error = run.attempts.last_error;
  out->recovered = run.attempts.recovered;
  out->failed_polls = run.attempts.failures;
  out->failing_since = run.attempts.failing_since;
  out->failures = record.failures;
  if (run.history) out->history = {run.history, &run.history->points};
  const auto oldest = run.known.oldest();
  std::ranges::transform(oldest, out->oldest.begin(), from_second);
  return out;
}

std::shared_ptr<const view::SpaceSnapshot> show(const SpaceState& space, const Settings& settings) {
  auto out = std::make_shared<view::SpaceSnapshot>();
  out->name = space.name;
  show_attempts(space, *out);
  out->runs_listed = space.listed;
  out->runs_not_watched = space.not_watched;
  out->counters = space.counters;
  out->counting_since = space.record.first_discovery;
  for (const auto& [number, run] : space.runs) {
    out->counted = out->counted || run.record.polled;
    if (run.record.retired) ++out->runs_retired;
    for (std::size_t i = 0; i < task::kStatusCount; ++i) out->tasks[i] += run.record.tasks[i];
  }
  out->well_until = well_until(space.discovery, settings.discovery_interval);
  out->poll_interval = space.order.empty() ? settings.interval : core::Duration::max();
  out->runs.reserve(space.order.size());
  for (const auto number : space.order) {
    const RunState& run = space.runs.at(number);
    out->runs.push_back(run.shown);
    out->tasks_tracked += run.known.size();
    out->poll_interval = std::min(out->poll_interval, run.interval);
    if (run.attempts.tried) out->well_until = std::min(out->well_until, well_until(run.attempts, run.interval));
    if (run.attempts.error) ++out->runs_failing;
    if (run.unknown) ++out->runs_unknown;
  }
  return out;
}

view::OrganizationSnapshot show(const Attempts& organization, const Settings& settings) {
  return {organization.complete, organization.last_success, organization.error,
          well_until(organization, settings.discovery_interval)};
}

std::string not_ready(const std::vector<const SpaceState*>& spaces) {
  for (const auto* space : spaces) {
    if (was_tried(*space)) continue;
    return fmt::format("space {}: {} not tried yet", space->name,
                       space->settings.names_runs() ? "its named runs were" : "its run list was");
  }
  return {};
}

}  // namespace runwatch::watch
