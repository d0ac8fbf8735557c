// A run after one event: what the events have in common.
#pragma once

#include "task/diff.h"
#include "watch/moment.h"
#include "watch/settings.h"
#include "watch/state.h"
#include "watch/step.h"

namespace runwatch::watch {

// Something about it is another: it is quiet from now on.
void mark_changed(Run& run, const Moment& now);
void retire(Run& run, const Moment& now);
// Watched again as if it had never been retired.
void take_up(Run& run);

// Takes the tasks' changes over into the run's record and the step.
void add_tasks(Step& step, Run& run, task::Diff&& diff, const Moment& now);

// The platform has the run no more: complete lists lack it, and its own polls find nothing. Runs named in the
// configuration stay.
bool is_lost(const Selection& selection, const Run& run);
// Its tasks leave and it retires, until its row returns.
void lose(Step& step, Run& after, const RunState& before, const Moment& now);

// What follows from the rest, once an event is applied.
void conclude(const Selection& selection, Run& run, const Context& context);

}  // namespace runwatch::watch
