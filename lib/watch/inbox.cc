#include "watch/inbox.h"

#include <utility>

namespace runwatch::watch {

void Inbox::put(Fetched fetched, std::stop_token stop) {
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return queue_.size() < capacity_; })) return;
    queue_.push_back(std::move(fetched));
  }
  changed_.notify_all();
}

std::optional<Fetched> Inbox::take(std::stop_token stop, core::Duration patience) {
  std::optional<Fetched> first;
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, stop, patience, [this] { return !queue_.empty(); })) return first;
    first = std::move(queue_.front());
    queue_.pop_front();
  }
  changed_.notify_all();
  return first;
}

}  // namespace runwatch::watch
