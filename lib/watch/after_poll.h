// A run's record after a whole walk over its tasks, as a pure function.
#pragma once

#include "core/clock.h"
#include "task/diff.h"
#include "task/run.h"

namespace runwatch::watch {

task::RunRecord after_poll(const task::RunRecord& run, const task::ObservedRun& observed, const task::Diff& diff,
                           core::WallTime now, core::Duration retire_after);

}  // namespace runwatch::watch
