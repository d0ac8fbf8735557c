#include "rule/incident.h"

namespace runwatch::rule {

core::WallTime Instant::lived_of(core::WallTime recorded) const {
  auto at = recorded + (lived - wall);
  for (auto offset = offsets.rbegin(); offset != offsets.rend(); ++offset) {
    at = recorded + offset->ahead;
    if (at >= offset->since && at <= lived) break;
  }
  return at;
}

}  // namespace runwatch::rule
