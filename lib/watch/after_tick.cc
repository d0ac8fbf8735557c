#include <algorithm>

#include "watch/step.h"
#include "watch/timing.h"

namespace runwatch::watch {

Step after_tick(const SpaceState& space, const Context& context) {
  Step step;
  auto since = space.record.first_discovery;
  for (const auto& [number, run] : space.runs) {
    const bool old = run.record.retired && retired_for(run, context.now) > context.settings.retention;
    // Not one that would be entered anew at once: what it has behind it would be told again.
    if (!old || space.selection.fits(run.record.row, context.now.wall)) continue;
    step.forgotten.push_back(number);
    // Should it come back all the same, after the clock was set back maybe, what it has behind it is no news.
    since = std::max(since, run.record.row.created + std::chrono::seconds(1));
  }
  if (since != space.record.first_discovery) {
    step.space = space.value();
    step.space->record.first_discovery = since;
  }
  return step;
}

}  // namespace runwatch::watch
