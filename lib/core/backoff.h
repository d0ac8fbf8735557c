// Exponential back-off with jitter, as a pure function of the number of failures in a row.
#pragma once

#include "core/clock.h"

namespace runwatch::core {

struct Backoff {
  Duration first;  // after the first failure
  Duration limit;  // never longer

  // first · 2^(failures − 1) up to `limit`, then scaled by 0.75 … 1.25 as `random` goes from 0 to 1; never above
  // `limit`. `failures` ≥ 1.
  Duration delay(int failures, double random) const;
};

}  // namespace runwatch::core
