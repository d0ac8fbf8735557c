// What the daemon answers on its control socket: control/server.h says in which words.
//
// Threads: any; what concerns the store is asked of the ledger.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/reload_requests.h"
#include "control/server.h"
#include "rule/rule.h"
#include "view/snapshot.h"
#include "watch/watch.h"

namespace runwatch::daemon {

// `rules`: those in force, which are asked for at each answer that explains something.
control::Handler answers(watch::Watch& watch, const std::function<std::shared_ptr<const view::Snapshot>()>& snapshot,
                         const std::function<rule::Settings()>& rules);

// What is asked of the daemon as a whole.
struct DaemonHooks {
  std::function<std::shared_ptr<const view::Snapshot>()> snapshot;
  std::function<std::optional<std::string>()> stuck_loop;
  std::function<control::ReloadOutcome()> reload;
  std::function<bool()> is_stopping;
  std::filesystem::path database;  // a copy of it is made beside it
};
void answer_about_daemon(control::Handler& handler, watch::Watch& watch, const DaemonHooks& hooks);

}  // namespace runwatch::daemon
