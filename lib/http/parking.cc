#include "http/parking.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace runwatch::http {
namespace {

using namespace std::chrono_literals;

constexpr auto kStalled = 1s;
constexpr core::SteadyTime::duration kNoLimit = core::SteadyTime::duration::max();

}  // namespace

Parking::Parking(Limits limits) : limits_{limits.idle, limits.receiving, kNoLimit, limits.writing, limits.draining} {}

Peer& Parking::add(Peer peer, core::SteadyTime now) {
  Queue& idle = queue(Phase::idle);
  idle.push_back(std::move(peer));
  Peer& added = idle.back();
  by_id_.emplace(added.id, std::prev(idle.end()));
  added.since = added.last_output = now;
  return added;
}

Peer* Parking::find(std::uint64_t id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &*found->second;
}

void Parking::remove(std::uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  queue(found->second->parked).erase(found->second);
  by_id_.erase(found);
}

void Parking::park(Peer& peer, core::SteadyTime now) {
  const Phase to = peer.connection.phase();
  if (to == peer.parked) return;
  queue(to).splice(queue(to).end(), queue(peer.parked), by_id_.at(peer.id));
  peer.parked = to;
  peer.since = now;
}

core::SteadyTime Parking::deadline(const Queue& queue) const {
  if (queue.empty()) return core::SteadyTime::max();
  const Peer& first = queue.front();
  const auto limit = limits_.at(static_cast<std::size_t>(first.parked));
  return limit == kNoLimit ? core::SteadyTime::max() : first.since + limit;
}

core::SteadyTime Parking::next_deadline() const {
  auto next = core::SteadyTime::max();
  for (const Queue& each : queues_) next = std::min(next, deadline(each));
  return next;
}

Peer* Parking::overdue(core::SteadyTime now) {
  for (Queue& each : queues_) {
    if (deadline(each) <= now) return &each.front();
  }
  return nullptr;
}

Peer* Parking::most_dispensable(core::SteadyTime now) {
  for (const Phase phase : {Phase::idle, Phase::receiving, Phase::draining}) {
    if (!queue(phase).empty()) return &queue(phase).front();
  }
  Queue& writing = queue(Phase::writing);
  const auto stalled = std::ranges::min_element(writing, {}, &Peer::last_output);
  return stalled != writing.end() && now - stalled->last_output > kStalled ? &*stalled : nullptr;
}

Peer* Parking::any() { return by_id_.empty() ? nullptr : &*by_id_.begin()->second; }

}  // namespace runwatch::http
