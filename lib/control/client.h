// The commands' end of the control socket.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "core/error.h"

namespace runwatch::control {

// Whom to ask, and how long to wait.
struct Target {
  std::filesystem::path socket;
  std::filesystem::path database{};   // the daemon's; empty: whichever it has
  std::chrono::seconds patience{30};  // the daemon answers most questions between two of its steps
};

// The JSON that the daemon at `socket` answers, as it came. `method` is GET or POST. Fails: `unavailable` when no
// daemon answers there, `invalid` for what it refuses, `busy` for what it cannot do now.
core::Result<std::string> ask(const Target& target, const std::string& method, const std::string& path,
                              const std::string& body = {});

}  // namespace runwatch::control
