// What one connection has received and has yet to send: its part of the protocol, with no socket and no clock in it;
// and where all of them wait.
//
//   idle ─► receiving ─► answering (a worker has the request) ─► writing ─► idle, or draining ─► closed
//
// Draining: our end is shut, the peer's is read and thrown away for a while, for a socket closed with unread input
// sends a reset that can overtake the answer. Threads: the front's alone.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/clock.h"
#include "core/fd.h"
#include "http/answer.h"
#include "http/request_scan.h"

namespace runwatch::http {

enum class Phase { idle, receiving, answering, writing, draining };

class Connection {
 public:
  explicit Connection(std::size_t max_header_bytes) : max_header_bytes_(max_header_bytes), scan_(max_header_bytes) {}

  Phase phase() const { return phase_; }

  // Idle and receiving only. How many more bytes may be received: never 0 there.
  std::size_t room() const { return max_header_bytes_ + 1 - received_.size(); }
  void receive(std::string_view bytes) { received_ += bytes; }

  enum class Next {
    wait,    // for more input; the phase is idle or receiving
    ask,     // `take_head` is for a worker; the phase is answering
    refuse,  // `status` says with what
  };
  Next next();
  int status() const { return status_; }
  std::string take_head();
  // What is known of the request, for a refusal.
  std::string_view received() const { return received_; }

  void start(Answer answer);  // the phase is writing
  std::array<iovec, 2> unsent() const;
  bool all_sent() const { return sent_ == answer_.head.size() + (answer_.body ? answer_.body->size() : 0); }
  void sent(std::size_t bytes) { sent_ += bytes; }
  // After the last byte: the phase is idle or draining.
  void finish();

  // Draining only: whether so much was thrown away that it is enough.
  bool drained(std::size_t bytes);

 private:
  std::size_t max_header_bytes_;
  Phase phase_ = Phase::idle;
  std::string received_;
  HeadScan scan_;
  int status_ = 0;
  Answer answer_;
  std::size_t sent_ = 0;
  std::size_t thrown_away_ = 0;
};

struct Peer {
  std::uint64_t id;
  core::Fd socket;
  Connection connection;
  std::uint32_t interest = 0;      // what epoll was told
  Phase parked = Phase::idle;      // the queue it is in
  core::SteadyTime since{};        // when it came there
  core::SteadyTime last_output{};  // when the kernel last took a byte
};

// All connections, each in the queue of its phase. Every phase lasts at most a fixed time, so a queue in order of
// arrival is in order of deadline too, and the first in it is the one that has been there longest.
class Parking {
 public:
  // How long a connection may stay in each phase, in the order of Phase.
  using Limits = std::array<core::SteadyTime::duration, 5>;
  static constexpr auto kNoLimit = core::SteadyTime::duration::max();

  explicit Parking(const Limits& limits) : limits_(limits) {}

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

  Limits limits_;
  std::array<Queue, 5> queues_;  // by phase
  std::unordered_map<std::uint64_t, Queue::iterator> by_id_;
};

}  // namespace runwatch::http
