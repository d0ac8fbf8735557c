#include "core/backoff.h"

#include <algorithm>

namespace runwatch::core {

Duration Backoff::delay(int failures, double random) const {
  Duration base = std::min(first, limit);
  for (int i = 1; i < failures && base < limit; ++i) base = base > limit / 2 ? limit : base * 2;
  const double scale = 0.75 + 0.5 * std::clamp(random, 0.0, 1.0);
  // A limit of centuries would not survive the way through double: compare there, convert below it.
  const double scaled = static_cast<double>(base.count()) * scale;
  if (scaled >= static_cast<double>(limit.count())) return limit;
  return Duration(static_cast<Duration::rep>(scaled));
}

}  // namespace runwatch::core
