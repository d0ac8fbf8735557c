// Exponential back-off with jitter, as a pure function of the number of failures in a row.
#pragma once

#include <algorithm>
#include <cmath>

#include "core/clock.h"

namespace runwatch::core {

struct Backoff {
  Duration first;  // after the first failure
  Duration limit;  // never longer

  // first · 2^(failures − 1) up to `limit`, then scaled by 0.75 … 1.25 as `random` goes from 0 to 1; never above
  // `limit`. `failures` ≥ 1.
  Duration delay(int failures, double random) const {
    const auto most = static_cast<double>(limit.count());
    const double base = std::min(std::ldexp(static_cast<double>(first.count()), failures - 1), most);
    const double scaled = base * (0.75 + 0.5 * std::clamp(random, 0.0, 1.0));
    return scaled >= most ? limit : Duration(static_cast<Duration::rep>(scaled));
  }
};

}  // namespace runwatch::core
