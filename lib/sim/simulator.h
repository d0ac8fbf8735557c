// A simulated platform on a socket: the counterpart of `runwatch demo`, of `runwatch simulate` and of system tests.
//
// Speaks the real API below /api/v2/platform/ over HTTP, moves its world with the clock, keeps a journal if asked to.
// Owns: the listener, the world, the journal; the destructor stops all of it, interrupting answers that are held back.
// Threads: its server's own; the methods here may be called from any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "sim/options.h"
#include "sim/platform.h"

namespace runwatch::sim {

struct ListenOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::string journal{};   // a file; empty: none
  bool control = true;     // answer below /_sim/
};

class Simulator {
 public:
  virtual ~Simulator() = default;
  virtual std::string address() const = 0;   // `127.0.0.1:10321`
  virtual std::string base_url() const = 0;  // `http://127.0.0.1:10321`
  virtual std::vector<SpaceName> spaces() const = 0;
};

// Listens before it returns. `clock` must outlive the simulator. The world begins at its wall time and then follows its
// steady time, so a wall clock that jumps does not shake it.
// Fails: `invalid` for options out of range or a journal that cannot be opened, `busy` when the port is taken.
core::Result<std::unique_ptr<Simulator>> simulate(const Options& options, const ListenOptions& listen,
                                                  const core::Clock& clock);

}  // namespace runwatch::sim
