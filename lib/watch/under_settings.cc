#include <algorithm>
#include <utility>

#include "core/digest.h"
#include "watch/run_after.h"
#include "watch/step.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

Run named_run(const SpaceState& space, const std::string& id, std::int64_t number) {
  Run run;
  run.record.number = number;
  run.record.space = space.record.number;
  run.record.row.run_id = id;
  run.record.row.created = task::time_of_id(id);
  run.record.baseline = true;  // the configuration brought it in: all that it has behind it was there before us
  return run;
}

// A change of the configuration puts runs away and takes them up again, whatever their age.
bool follow(Run& run, const Selection& selection, const Moment& now) {
  const bool admitted = selection.admits(run.record.row.run_id, run.record.row.mode);
  if (!run.record.retired && !admitted) {
    retire(run, now);
    return true;
  }
  if (run.record.retired && admitted && selection.is_by_id() && run.record.finished == task::kNoTime) {
    take_up(run);
    return true;
  }
  return false;
}

}  // namespace

Step under_settings(const SpaceState& space, SpaceSettings settings, bool entering, std::int64_t first_number,
                    const Context& context) {
  const Selection selection(settings);
  Step step;
  if (entering || settings != space.settings) step.next.push_back({JobKind::discovery});
  for (const auto& [number, run] : space.runs) {
    Run after = run.value();
    const bool followed = follow(after, selection, context.now);
    conclude(selection, after, context);
    const bool begins = !after.record.retired && (entering || followed);
    if (begins) step.next.push_back({JobKind::poll, number});
    if (begins && after.record.polled) step.recalled.push_back(number);
    if (entering || followed || after.interval != run.interval) step.runs.push_back(std::move(after));
  }
  for (const auto& id : settings.run_ids) {
    if (space.find_run(id) != nullptr) continue;
    Run run = named_run(space, id, first_number++);
    conclude(selection, run, context);
    step.next.push_back({JobKind::poll, run.record.number});
    step.runs.push_back(std::move(run));
  }
  step.space = space.value();
  step.space->selection = selection;
  if (!settings.token.empty()) step.space->record.key = core::SpaceKeys(settings.token).current;
  if (settings.token.empty()) step.next.clear();  // nothing to ask with yet
  step.space->settings = std::move(settings);
  return step;
}

}  // namespace runwatch::watch
