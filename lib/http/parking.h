// All connections, each in the queue of its phase. Every phase lasts at most a fixed time, so a queue in order of
// arrival is in order of deadline too, and the first in it is the one that has been there longest.
//
// Threads: the front's alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

#include "core/clock.h"
#include "core/fd.h"
#include "http/connection.h"

namespace runwatch::http {

struct Peer {
  std::uint64_t id;
  core::Fd socket;
  Connection connection;
  std::uint32_t interest = 0;      // what epoll was told
  Phase parked = Phase::idle;      // the queue it is in
  core::SteadyTime since{};        // when it came there
  core::SteadyTime last_output{};  // when the kernel last took a byte
};

class Parking {
 public:
  // How long a connection may stay in each phase; answering has no end of its own.
  struct Limits {
    core::Duration idle;
    core::Duration receiving;
    core::Duration writing;
    core::Duration draining;
  };

  explicit Parking(Limits limits);

  std::size_t size() const { return by_id_.size(); }
  Peer& add(Peer peer, core::SteadyTime now);
  Peer* find(std::uint64_t id);
  void remove(std::uint64_t id);
  // Moves it to the queue of its phase, where its time starts anew; nothing if it is there already.
  void park(Peer& peer, core::SteadyTime now);

  // Whose time is over; null if nobody's.
  Peer* overdue(core::SteadyTime now);
  // When the first time is over; max if nobody's.
  core::SteadyTime next_deadline() const;
  // Whom to close for a newcomer: the one idle longest, else the one that has been sending its request longest, else
  // one that drains, else one that has not read for a second. Null when all are being answered.
  Peer* most_dispensable(core::SteadyTime now);
  Peer* any();

 private:
  using Queue = std::list<Peer>;
  Queue& queue(Phase phase) { return queues_.at(static_cast<std::size_t>(phase)); }
  core::SteadyTime deadline(const Queue& queue) const;

  std::array<core::SteadyTime::duration, 5> limits_;  // by phase
  std::array<Queue, 5> queues_;                       // by phase
  std::unordered_map<std::uint64_t, Queue::iterator> by_id_;
};

}  // namespace runwatch::http
