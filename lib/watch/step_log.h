// What a step is worth saying to a person: failures and their end, runs that finish, go on, retire, return.
//
// The same trouble of a space again and again is one line in five minutes. Its end is one line, too, when nothing of
// the space fails any more; both tell how many lines were held back. Threads: one, the ledger's.
#pragma once

#include <string>
#include <string_view>

#include "core/log.h"
#include "watch/state.h"
#include "watch/step.h"

namespace runwatch::watch {

class StepLog {
 public:
  // Before the step is taken over.
  void tell(const SpaceState& space, const Step& step, core::SteadyTime now);
  // Of the organization's list of spaces; `why` null: it is complete again.
  void tell_organization(const view::PollError* why, core::SteadyTime now);

 private:
  void tell_failure(std::string_view message, const std::string& space, const std::string& run,
                    const view::PollError& why, core::SteadyTime now);
  void tell_recovery(std::string_view message, const std::string& space, core::SteadyTime now);
  void tell_run(const SpaceState& space, const RunState* before, const Run& after, core::SteadyTime now);

  core::log::RateLimit limit_{std::chrono::minutes(5)};
};

}  // namespace runwatch::watch
