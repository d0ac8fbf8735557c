// Reloads that commands ask for, handed to the main loop, which alone does them.
//
// Threads: `ask` from any, which waits for its answer; the rest is main's.
#pragma once

#include <future>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/fd.h"
#include "core/guarded.h"

namespace runwatch::daemon {

// Keys as config::changed_keys names them, separated by commas.
struct Reloaded {
  std::string changed;  // in force now
  std::string waiting;  // changed in the file, in force after a restart
};

// Or why the file was refused.
using ReloadOutcome = core::Result<Reloaded>;

class ReloadRequests {
 public:
  ReloadRequests();
  ReloadRequests(const ReloadRequests&) = delete;
  ReloadRequests& operator=(const ReloadRequests&) = delete;

  // Fails: as the reload, `invalid` for a file with a mistake; `busy` when main does not come to it.
  ReloadOutcome ask();

  int fd() const { return fd_.get(); }  // readable while somebody waits
  // To all who asked so far.
  void answer(const ReloadOutcome& outcome);

 private:
  core::Fd fd_;
  core::Guarded<std::vector<std::promise<ReloadOutcome>>> waiting_;
};

}  // namespace runwatch::daemon
