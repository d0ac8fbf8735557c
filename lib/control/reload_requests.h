// Reloads that commands ask for, handed to the main loop, which alone does them.
//
// Threads: `ask` from any, which waits for its answer; the rest is the main loop's.
#pragma once

#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/fd.h"
#include "core/guarded.h"

namespace runwatch::control {

// Keys as config::changed_keys names them, separated by commas.
struct Reloaded {
  std::string changed;         // in force now
  std::string waiting;         // changed in the file, in force after a restart
  std::uint64_t given_up = 0;  // notices for receivers that went, or became others
};

// Or why the file was refused.
using ReloadOutcome = core::Result<Reloaded>;

class ReloadRequests {
 public:
  using Asked = std::vector<std::promise<ReloadOutcome>>;

  ReloadRequests();
  ReloadRequests(const ReloadRequests&) = delete;
  ReloadRequests& operator=(const ReloadRequests&) = delete;

  // Fails: as the reload, `invalid` for a file with a mistake; `busy` when main does not come to it, or ends.
  ReloadOutcome ask();

  int fd() const { return fd_.get(); }  // readable while somebody waits
  // Those who asked so far, to be taken before the file is read: who asks while it is has changed it once more.
  Asked take();
  static void answer(Asked asked, const ReloadOutcome& outcome);
  // There are no reloads any more: what all are told who asked, and who will.
  void end(const core::Error& why);

 private:
  struct Waiting {
    Asked asked;
    std::optional<core::Error> ended;
  };

  core::Fd fd_;
  core::Guarded<Waiting> waiting_;
};

}  // namespace runwatch::control
