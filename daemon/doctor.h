// What `check --live` says: one line for each thing that it looked at, with a tick or what is wrong and how to mend it.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "daemon/commands.h"

namespace runwatch::daemon {

class Findings {
 public:
  void good(std::string_view what, std::string_view text) { print("✓", what, text); }
  // The exit code is that of the first one, but for EX_NOPERM, which goes before all others.
  void bad(std::string_view what, std::string_view text, int code) {
    print("✗", what, text);
    if (code_ == EX_OK || code == EX_NOPERM) code_ = code;
  }
  int code() const { return code_; }

 private:
  static void print(std::string_view mark, std::string_view what, std::string_view text) {
    fmt::print("{} {:<24} {}\n", mark, what, text);
  }

  int code_ = EX_OK;
};

// What surrounds the daemon: names, connections, certificates and clocks of the platform, of each receiver and of the
// heartbeat's address; room for the database. Nothing is sent to a receiver.
// Returns whether the platform can be talked to.
bool look_at_surroundings(const config::Config& config, Findings& findings);

}  // namespace runwatch::daemon
