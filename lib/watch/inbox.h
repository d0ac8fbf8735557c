// What reaches the ledger from other threads: answers that were fetched, and what somebody asks of it.
//
// Putting never waits. Fetchers ask for room before they fetch, so that a ledger that is held up by its disk is not
// buried in answers.
// Threads: any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <variant>

#include "core/clock.h"
#include "watch/job.h"
#include "watch/ledger.h"

namespace runwatch::watch {

// Nothing came for a while: it is time to look at the clock.
struct Tick {};

// Called on the ledger's thread, between two steps. Whoever asks keeps the future of the answer.
using Question = std::move_only_function<void(Ledger&)>;

using Message = std::variant<Tick, Fetched, Question>;

class Inbox {
 public:
  explicit Inbox(std::size_t capacity) : capacity_(capacity) {}

  void put(Message message);
  // False after `patience` or on `stop`.
  bool has_room(std::stop_token stop, core::Duration patience);
  // The oldest message; a Tick after `patience` or on `stop`.
  Message take(std::stop_token stop, core::Duration patience);

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Message> queue_;
};

}  // namespace runwatch::watch
