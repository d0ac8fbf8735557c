#include <algorithm>
#include <numeric>
#include <utility>

#include "core/log.h"
#include "watch/ledger.h"
#include "watch/show.h"

namespace runwatch::watch {
namespace {

constexpr core::Duration kPurgeEvery = std::chrono::hours(1);

metrics::StoreError to_meter(store::FailureKind kind) {
  static_assert(static_cast<int>(store::FailureKind::other) == static_cast<int>(metrics::StoreError::other));
  return static_cast<metrics::StoreError>(kind);  // the same kinds in the same order
}

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

store::Batch to_batch(const SpaceState& space, const Step& step, core::WallTime now) {
  store::Batch batch;
  if (step.space && (!space.stored || step.space->record != space.record)) batch.spaces.push_back(step.space->record);
  for (const auto& run : step.runs) {
    const auto known = space.runs.find(run.record.number);
    const bool is_new = known == space.runs.end();
    if (is_new || known->second.record != run.record) batch.runs.push_back(run.record);
    const bool has_points = run.history && (is_new || known->second.history != run.history);
    if (has_points) batch.histories.emplace_back(run.record.number, run.history);
  }
  batch.run = step.run;
  batch.space = space.record.number;
  batch.at = now;
  if (std::ranges::any_of(step.tasks, &task::TaskUpdate::stored)) {
    batch.tasks = step.tasks;
    batch.odd_ids = step.odd_ids;
  }
  batch.changes = step.changes;
  batch.increments = step.tally.increments();
  batch.forgotten_runs = step.forgotten;
  return batch;
}

}  // namespace

Ledger::Committed Ledger::carry_out(SpaceState& space, Step step, Report& report) {
  auto recalled = recall(step.recalled);
  if (!recalled) return std::unexpected(std::move(recalled.error()));
  const auto at = deps_.clock.wall_now();  // of the batch and of all that it brings
  auto news = decide(space, step, at);
  if (!news) return std::unexpected(std::move(news.error()));
  add_told_runs(space, step, news->decision);
  hasten(step, news->decision);
  auto batch = to_batch(space, step, at);
  add(batch, *news);
  if (auto committed = commit(batch); !committed) return committed;
  log_.tell(space, step, deps_.clock.steady_now());
  take_over(space, step, std::move(*recalled));
  take_over(*news);
  if (!windows_.empty()) {
    for (const auto& change : step.changes) alerts_.remember(step.run, alerts_.now().lived, change);
  }
  plan(space, step.next, report);
  space.judged = space.judged || is_judged(space);
  space.changed = true;
  has_news_ = true;
  return {};
}

// Before anything is committed: a run that is watched again without what was known of it would be all news.
std::expected<Ledger::Recalled, store::Failure> Ledger::recall(const std::vector<std::int64_t>& runs) {
  Recalled recalled;
  for (const auto number : runs) {
    if (deps_.store == nullptr) continue;
    auto tasks = deps_.store->load_tasks(number);
    if (!tasks) return std::unexpected(std::move(tasks.error()));
    auto points = deps_.store->load_points(number);
    if (!points) return std::unexpected(std::move(points.error()));
    recalled.push_back({number, std::move(*tasks), std::move(*points)});
  }
  return recalled;
}

Ledger::Committed Ledger::commit(store::Batch& batch) {
  if (deps_.store == nullptr || batch.empty()) return {};
  batch.lived = alerts_.now().lived;
  const auto start = deps_.clock.steady_now();
  const bool purges = start >= next_purge_;
  if (purges) batch.outbox_before = purges_before(start);
  auto committed = deps_.store->commit(batch);
  if (committed) {
    committed_at_ = deps_.clock.steady_now();
    if (purges) purged();
    deps_.meters.store_committed(deps_.clock.steady_now() - start);
    deps_.meters.store_size(deps_.store->database_size().count, deps_.store->wal_size().count);
  } else {
    deps_.meters.store_error(to_meter(committed.error().kind));
  }
  return committed;
}

// A purge is permanent: as long ago as both clocks say.
core::WallTime Ledger::purges_before(core::SteadyTime now) {
  const auto wall = deps_.clock.wall_now();
  const auto steady = std::chrono::duration_cast<core::Duration>(now.time_since_epoch());
  if (!wall_ahead_) wall_ahead_ = wall.time_since_epoch() - steady;
  return std::min(wall, core::WallTime(steady + *wall_ahead_)) - settings_.retention;
}

// Notices that ended long ago went along with something else.
void Ledger::purged() {
  const auto now = deps_.clock.steady_now();
  next_purge_ = now + kPurgeEvery;
  scrub_by_ = now;
  for (auto& [name, standing] : queues_) {
    const auto before = standing.dead;
    count_queue(name);
    if (standing.dead < before) {
      core::log::warning("notices that were given up are kept no longer: store.retention is over",
                         {{"receiver", name}, {"notices", before - standing.dead}});
    }
  }
}

// What is committed becomes what is known.
void Ledger::take_over(SpaceState& space, Step& step, Recalled recalled) {
  space.stored = true;
  if (step.space) static_cast<Space&>(space) = std::move(*step.space);
  if (step.run != 0) space.runs.at(step.run).known.apply(step.tasks);
  if (!step.tally.increments().empty()) {
    auto counters = std::make_shared<task::Counters>(*space.counters);
    counters->apply(step.tally.increments());
    space.counters = std::move(counters);
  }
  bool same_order = step.forgotten.empty();
  for (auto& after : step.runs) {
    const bool changed = space.shows_otherwise(after);
    const auto known = space.runs.find(after.record.number);
    same_order = same_order && known != space.runs.end() && known->second.record.retired == after.record.retired;
    RunState& run = space.put_run(std::move(after));
    last_run_ = std::max(last_run_, run.record.number);
    if (run.record.retired) {
      run.known = {};
      run.shown.reset();
    } else if (changed) {
      run.shown = show(run);
    }
  }
  for (auto& [number, known, history] : recalled) {
    RunState& run = space.runs.at(number);
    const auto counts = known.counts();  // what format 1 of the store did not count
    run.record.gone = known.size() - std::reduce(counts.begin(), counts.end());
    run.known = std::move(known);
    if (!history.points.empty()) run.history = std::make_shared<const task::History>(std::move(history));
    run.shown = show(run);
  }
  for (const auto number : step.forgotten) space.forget_run(number);
  if (!same_order) space.sort_order();
}

void Ledger::plan(SpaceState& space, const std::vector<Ask>& asks, Report& report) {
  if (roster_.is_hidden(space)) return;
  for (const auto& ask : asks) {
    const bool is_poll = ask.kind == JobKind::poll;
    auto& ticket = is_poll ? space.runs.at(ask.run).ticket : space.ticket;
    ticket = ++last_ticket_;
    report.next.push_back(
        {is_poll ? poll_job(space, space.runs.at(ask.run)) : discovery_job(space), ask.due.value_or(soon())});
    if (is_poll) report.next.back().job.wanted = alerts_.book().wanted(ask.run);
  }
}

}  // namespace runwatch::watch
