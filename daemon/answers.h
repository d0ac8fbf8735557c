// What the daemon answers on its control socket: control/server.h says in which words.
//
// Threads: any; what concerns the store is asked of the ledger.
#pragma once

#include <functional>
#include <memory>

#include "control/server.h"
#include "rule/rule.h"
#include "view/snapshot.h"
#include "watch/watch.h"

namespace runwatch::daemon {

// `rules`: those in force, which are asked for at each answer that explains something.
control::Handler answers(watch::Watch& watch, const std::function<std::shared_ptr<const view::Snapshot>()>& snapshot,
                         const std::function<rule::Settings()>& rules);

}  // namespace runwatch::daemon
