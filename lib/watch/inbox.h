// What the fetchers hand to the ledger: a short queue that makes them wait when it is full.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

#include "core/clock.h"
#include "watch/job.h"

namespace runwatch::watch {

class Inbox {
 public:
  explicit Inbox(std::size_t capacity) : capacity_(capacity) {}

  // Dropped when `stop` comes first: what was not committed is asked for again.
  void put(Fetched fetched, std::stop_token stop);
  std::optional<Fetched> take(std::stop_token stop, core::Duration patience);

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Fetched> queue_;
};

}  // namespace runwatch::watch
