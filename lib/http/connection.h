// What one connection has received and has yet to send: its part of the protocol, with no socket and no clock in it.
//
//   idle ─► receiving ─► answering (a worker has the request) ─► writing ─► idle, or draining ─► closed
//
// Draining: our end is shut, the peer's is read and thrown away for a while, for a socket closed with unread input
// sends a reset that can overtake the answer. Threads: the front's alone.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

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

}  // namespace runwatch::http
