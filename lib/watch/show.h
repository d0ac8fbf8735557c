// State to snapshot, as pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "task/snapshot.h"
#include "watch/settings.h"
#include "watch/state.h"

namespace runwatch::watch {

std::shared_ptr<const task::RunSnapshot> show(const RunState& run);
std::shared_ptr<const task::SpaceSnapshot> show(const SpaceState& space, const Settings& settings);

// Empty when every space's discovery, or each of its named runs, was tried; else what is still to come.
std::string not_ready(const std::vector<const SpaceState*>& spaces);

}  // namespace runwatch::watch
