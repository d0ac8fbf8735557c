// A bounded queue in which peers take turns, so that who asks much waits for itself. Private to this room.
//
// Threads: the caller's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace runwatch::http {

template <class Peer, class Item>
class Turns {
 public:
  Turns(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  // What found no room: `item` itself where its peer has its share, else the newest of the peer that has the most.
  std::optional<Item> add(const Peer& peer, Item item) {
    const auto known = lines_.find(peer);
    const auto own = known == lines_.end() ? 0 : known->second.size();
    if (own >= most_of_one_) return item;
    std::optional<Item> dropped;
    if (size_ >= most_) {
      const auto longest = std::ranges::max_element(lines_, {}, [](const auto& line) { return line.second.size(); });
      if (longest->second.size() <= own + 1) return item;
      dropped = std::move(longest->second.back());
      longest->second.pop_back();
      --size_;
    }
    if (own == 0) order_.push_back(peer);
    lines_[peer].push_back(std::move(item));
    ++size_;
    return dropped;
  }

  // The oldest of the peer whose turn it is.
  std::optional<Item> next() {
    if (order_.empty()) return std::nullopt;
    const Peer peer = std::move(order_.front());
    order_.pop_front();
    const auto line = lines_.find(peer);
    std::optional<Item> item = std::move(line->second.front());
    line->second.pop_front();
    --size_;
    if (line->second.empty())
      lines_.erase(line);
    else
      order_.push_back(peer);
    return item;
  }

 private:
  std::size_t most_, most_of_one_;
  std::size_t size_ = 0;
  std::map<Peer, std::deque<Item>> lines_;  // none is empty
  std::deque<Peer> order_;                  // each of `lines_` once
};

}  // namespace runwatch::http
