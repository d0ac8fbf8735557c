// The jobs of a space, made from what is known of it.
#pragma once

#include "watch/job.h"
#include "watch/state.h"

namespace runwatch::watch {

Job poll_job(const SpaceState& space, const RunState& run);
Job discovery_job(const SpaceState& space);

}  // namespace runwatch::watch
