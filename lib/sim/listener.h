// What a simulated peer listens with: cpp-httplib's sockets and threads, each connection with one of its own.
//
// For this room's sources only: it includes cpp-httplib.
// Owns: the listening socket and the threads. Threads: what derives from it calls `stop` first in its destructor.
#pragma once

#include <httplib.h>

#include <cstdint>
#include <string>
#include <thread>

#include "core/error.h"
#include "core/fd.h"

namespace runwatch::sim {

class Listener : protected httplib::Server {
 protected:
  Listener();  // throws std::system_error out of descriptors

  // Fails: `busy` when the port is taken, `invalid` for an address that is not ours.
  core::Result<void> start(const std::string& host, std::uint16_t port);
  void stop();

  const std::string& listening_at() const { return address_; }
  int interrupt() const { return interrupt_.get(); }  // ends every wait of a connection

 private:
  const core::Fd interrupt_;
  std::string address_;
  std::jthread thread_;  // accepts; ends the connections' threads with itself
};

}  // namespace runwatch::sim
