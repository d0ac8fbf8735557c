#include "view/health.h"

#include <algorithm>

namespace runwatch::view {
namespace {

// The switch is to go off when notices are not delivered.
constexpr core::Duration kLongestDue = std::chrono::minutes(5);

}  // namespace

bool is_well(const Snapshot& snapshot, core::SteadyTime now, core::Duration paused) {
  const auto is_fresh = [&](const auto& until) { return until && now <= *until + paused; };
  const auto& list = snapshot.organization;
  const auto is_on_its_way = [&](const auto& receiver) {
    return !receiver.due_steady || now - *receiver.due_steady <= kLongestDue;
  };
  return snapshot.ready() && (!list || is_fresh(list->well_until)) &&
         std::ranges::all_of(snapshot.spaces, [&](const auto& space) { return is_fresh(space->well_until); }) &&
         std::ranges::all_of(snapshot.alerts->receivers, is_on_its_way);
}

}  // namespace runwatch::view
