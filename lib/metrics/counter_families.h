// The counters and histograms of a space, as pure functions of its totals.
#pragma once

#include <string>
#include <string_view>

#include "metrics/text.h"
#include "task/counters.h"

namespace runwatch::metrics {

Heading heading_of(const task::FamilyInfo& family);

struct CounterContext {
  TextFormat format = TextFormat::prometheus;
  // The value of `_created`, which text never has; kNoTime: none.
  core::WallTime created = task::kNoTime;
};

// Every series of the family, those never counted with 0; `labels` is `space="…"`.
void append_counters(std::string& out, const task::FamilyInfo& family, std::string_view labels,
                     const task::Counters& counters, const CounterContext& context);

}  // namespace runwatch::metrics
