#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "watch/after_poll.h"
#include "watch/ledger.h"
#include "watch/plan.h"
#include "watch/show.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

namespace log = core::log;

std::string shrunken_text(std::uint64_t missing) {
  return fmt::format(
      "the platform's answer lacks {} known tasks; they stay known until three answers in a row lack them", missing);
}

std::ptrdiff_t failing_runs(const SpaceState& space) {
  return std::ranges::count_if(space.order,
                               [&](auto number) { return space.runs.at(number).attempts.error.has_value(); });
}

void log_changes(const std::string& space, const task::RunRecord& before, const task::RunRecord& after) {
  const log::Fields fields{{"space", space}, {"run", after.row.run_id}};
  if (before.finished == task::kNoTime && after.finished != task::kNoTime) log::info("run finished", fields);
  if (before.finished != task::kNoTime && after.finished == task::kNoTime) log::info("run goes on", fields);
  if (after.retired) log::info("run retired", fields);
}

}  // namespace

void Ledger::take(unpod::TaskWalk& walk, const Fetched& fetched, Report& report) {
  const task::ObservedRun& observed = walk.run;
  SpaceState& space = spaces_.at(fetched.job.space);
  RunState& run = space.runs.at(fetched.job.run);
  const bool first_attempt = !run.attempts.tried;
  const auto now = deps_.clock.wall_now();
  const task::DiffContext context{run.record.baseline && !run.record.polled, run.shrunken_streak, now};
  const task::Diff diff = task::diff(run.known, observed, context);
  task::RunRecord after = after_poll(run.record, observed, diff, now, settings_.retire_after);

  store::Batch batch;
  if (after != run.record) batch.runs.push_back(after);
  batch.run = run.record.number;
  batch.space = space.record.number;
  batch.at = now;
  batch.tasks = diff.updates;
  batch.changes = diff.changes;
  batch.increments = diff.tally.increments();
  batch.odd_ids = observed.odd_ids;
  const bool nothing_to_keep = batch.runs.empty() && !diff.changes_store();
  const Committed committed = nothing_to_keep ? Committed{} : commit(batch);

  account(fetched, observed.pages, observed.duplicate_rows);
  if (!committed) return attempt_failed(fetched, committed.error(), report);
  settle(space, run, std::move(after), diff);
  if (diff.missing == 0 && !run.record.retired) run.digests = std::move(walk.digests);
  if (diff.shrunken) return attempt_failed(fetched, view::PollReason::shrunken, shrunken_text(diff.missing), report);
  const bool recovered = run.attempts.error.has_value();
  run.attempts.succeed(now);
  if (recovered && failing_runs(space) == 0) log_recovery("polls are complete again", space);
  if (!run.record.retired) {
    report.next.push_back({poll_job(space, run), due_after(fetched, run.interval, first_attempt)});
  }
  tell(space);
}

// What is committed becomes what is known.
void Ledger::settle(SpaceState& space, RunState& run, task::RunRecord after, const task::Diff& diff) {
  log_changes(space.name, run.record, after);
  run.known.apply(diff.updates);
  run.digests.reset();
  if (!diff.tally.increments().empty()) {
    auto counters = std::make_shared<task::Counters>(*space.counters);
    counters->apply(diff.tally.increments());
    space.counters = std::move(counters);
  }
  const bool changed = after != run.record;
  run.record = std::move(after);
  run.shrunken_streak = diff.shrunken ? run.shrunken_streak + 1 : 0;
  run.interval = interval_of(run.record, deps_.clock.wall_now(), settings_);
  if (run.record.retired) {
    run.known = {};
    run.shown.reset();
    space.sort_order();
  } else if (changed) {
    run.shown = show(run);
  }
}

}  // namespace runwatch::watch
