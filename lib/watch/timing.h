// When to ask again: pure functions of what is known of a run and of how the last attempt ended.
#pragma once

#include "core/clock.h"
#include "task/run.h"
#include "view/poll_reason.h"
#include "watch/step.h"

namespace runwatch::watch {

// At least one task and, with those that are gone, at least as many as the run was created with, all finished, and the
// run's own status finished or not given.
bool is_finished_run(const task::RunRecord& run);
// Sets or clears `finished` by what is known of the run.
void update_finished(task::RunRecord& run, core::WallTime now);

// How long the run has not changed, or has been retired: no longer than either clock says.
core::Duration quiet_for(const Run& run, const Moment& now);
core::Duration retired_for(const Run& run, const Moment& now);

bool is_idle(const Run& run, const Moment& now);
bool is_due_to_retire(const Run& run, const Moment& now, core::Duration retire_after);
core::Duration interval_of(const Run& run, const Moment& now, const Settings& settings);

// When to ask again after what was due at `due` succeeded: an `interval` later, but not before now; the first time
// anywhere within an interval from now, so that what began together is spread.
core::SteadyTime next_beat(bool first, core::SteadyTime due, core::Duration interval, const Context& context);

// After the `failures`-th failure in a row of a job that is asked every `interval`: 1 s, doubling, up to `interval`;
// for reasons that time alone does not mend, `patient` (403, 404), which a shrunken answer never waits for.
core::Duration delay_after_failure(view::PollReason reason, int failures, core::Duration interval,
                                   core::Duration patient, double random);
core::SteadyTime retry_at(view::PollReason reason, int failures, core::Duration interval, const Context& context);

}  // namespace runwatch::watch
