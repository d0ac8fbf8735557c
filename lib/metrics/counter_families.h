// The counters and histograms of a space: what they are called, and their lines as pure functions of its totals.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "metrics/text.h"
#include "task/counters.h"

namespace runwatch::metrics {

struct CounterFamily {
  task::Family family;
  Heading heading;
  std::array<std::string_view, 2> labels = {};  // names of its dimensions, beside `space`
};

// In the order of task::Family.
std::span<const CounterFamily> counter_families();

struct CounterContext {
  TextFormat format = TextFormat::prometheus;
  // The value of `_created`, which text never has; kNoTime: none.
  core::WallTime created = task::kNoTime;
};

// Every series of the family, those never counted with 0; `labels` is `space="…"`.
void append_counters(std::string& out, const CounterFamily& family, std::string_view labels,
                     const task::Counters& counters, const CounterContext& context);

}  // namespace runwatch::metrics
