// Does one job: the walk over the platform's pages, without any state but the connection.
//
// Threads: the Api's.
#pragma once

#include <stop_token>

#include "core/clock.h"
#include "unpod/api.h"
#include "watch/job.h"

namespace runwatch::watch {

Fetched fetch(const Planned& planned, unpod::Api& api, const core::Clock& clock, std::stop_token stop);

}  // namespace runwatch::watch
