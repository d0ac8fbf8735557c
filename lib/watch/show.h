// State to snapshot, as pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "view/snapshot.h"
#include "watch/settings.h"
#include "watch/state.h"

namespace runwatch::watch {

std::shared_ptr<const view::RunSnapshot> show(const RunState& run);
std::shared_ptr<const view::SpaceSnapshot> show(const SpaceState& space, const Settings& settings);

view::OrganizationSnapshot show(const Attempts& organization, const Settings& settings);

// Whether each attempt of the space, its discovery and the polls of its watched runs, has come to a verdict.
bool is_judged(const SpaceState& space);

// Empty when every space's discovery, or each of its named runs, was tried; else what is still to come.
std::string not_ready(const std::vector<const SpaceState*>& spaces);

}  // namespace runwatch::watch
