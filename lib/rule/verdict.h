// What the rules about a run's state say of it: whether a condition holds, and until when that verdict stands by the
// clock alone. Pure; one function for each `when` that has no members and is no event.
#pragma once

#include <optional>
#include <string>

#include "core/clock.h"
#include "rule/incident.h"
#include "rule/rule.h"
#include "rule/window.h"
#include "task/run.h"

namespace runwatch::rule {

struct RunView;

struct Verdict {
  // Nothing: nothing can be said, and the last verdict stands (too few attempts, a blind run, an empty one).
  std::optional<bool> holds{};
  double value = 0;
  double threshold = 0;
  std::string why{};   // one sentence with the figures
  bool muted = false;  // it would hold, but the run is blind
  // When it may be another one without anything happening; kNoTime: not before something happens. Lived clock.
  core::WallTime next = task::kNoTime;
};

// `window` is that of the rule and run; null where the rule has none or nothing happened in it.
Verdict judge(const Rule& rule, const RunView& run, const Window* window, const Instant& now);

}  // namespace runwatch::rule
