// The pieces of one run and of one space, rendered. Private to the room.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "metrics/published.h"

namespace runwatch::metrics {

std::string space_labels(std::string_view name);

std::shared_ptr<const RunText> render_run(std::shared_ptr<const view::RunSnapshot> run, std::string_view space_labels);

Pieces render_gauges_of(const view::SpaceSnapshot& space, std::string_view labels);

// Both formats; `created` kNoTime: without `_created`.
std::shared_ptr<const CounterText> render_counters(std::shared_ptr<const task::Counters> counters,
                                                   core::WallTime created, std::string_view labels);

}  // namespace runwatch::metrics
