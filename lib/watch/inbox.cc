#include "watch/inbox.h"

#include <utility>

namespace runwatch::watch {

void Inbox::put(Message message) {
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(message));
  }
  changed_.notify_all();
}

bool Inbox::has_room(std::stop_token stop, core::Duration patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::move(stop), patience, [this] { return queue_.size() < capacity_; });
}

Message Inbox::take(std::stop_token stop, core::Duration patience) {
  Message first = Tick{};
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::move(stop), patience, [this] { return !queue_.empty(); })) return first;
    first = std::move(queue_.front());
    queue_.pop_front();
  }
  changed_.notify_all();
  return first;
}

}  // namespace runwatch::watch
