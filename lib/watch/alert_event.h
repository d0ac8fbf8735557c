// A step as alert rules see it: what they are told of its runs, changes and sight.
//
// Pure. Threads: any.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "rule/book.h"
#include "watch/state.h"
#include "watch/step.h"

namespace runwatch::watch {

rule::SpaceView space_view(const SpaceState& space);
// A run as it is known, outside of a step. `with_oldest`: a rule asks since when tasks wait.
rule::RunView run_view(const RunState& run, const Moment& now, bool with_oldest);
// The step before it is taken over; it refers to both.
rule::Event event_of(const SpaceState& space, const Step& step, const Moment& now, bool with_oldest);

// What of a space's newest attempts failed, were the step taken over; whether the cause is one of the whole account.
// Nothing: none failed, and not all were judged yet.
std::optional<rule::Sight> sight_of(const SpaceState& space, const Step* step = nullptr);
bool is_of_account(const view::PollError& why);

}  // namespace runwatch::watch
