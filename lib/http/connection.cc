#include "http/connection.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace runwatch::http {
namespace {

constexpr std::size_t kDrainBytes = std::size_t{256} * 1024;
constexpr auto kStalled = std::chrono::seconds(1);

// An empty string that keeps no memory: idle connections are many.
void release(std::string& text) { std::string().swap(text); }

}  // namespace

Connection::Next Connection::next() {
  if (received_.empty()) release(received_);
  const auto state = scan_.advance(received_);
  if (state == ScanState::complete) {
    phase_ = Phase::answering;
    return Next::ask;
  }
  if (state == ScanState::incomplete) {
    phase_ = received_.empty() ? Phase::idle : Phase::receiving;
    return Next::wait;
  }
  status_ = state == ScanState::too_large ? 431 : 400;
  return Next::refuse;
}

std::string Connection::take_head() {
  std::string head = received_.substr(scan_.begin(), scan_.end() - scan_.begin());
  received_.erase(0, scan_.end());
  scan_.reset();
  return head;
}

void Connection::start(Answer answer) {
  phase_ = Phase::writing;
  answer_ = std::move(answer);
  sent_ = 0;
}

std::array<iovec, 2> Connection::unsent() const {
  const auto part = [](const char* bytes, std::size_t size, std::size_t skip) {
    const auto from = std::min(size, skip);
    // iovec is for reading and writing alike, hence the cast; sendmsg only reads.
    return iovec{const_cast<char*>(bytes) + from, size - from};
  };
  const auto head = part(answer_.head.data(), answer_.head.size(), sent_);
  const auto of_body = sent_ - std::min(sent_, answer_.head.size());
  const std::string_view body = answer_.body ? *answer_.body : std::string_view();
  return {head, part(body.data(), body.size(), of_body)};
}

void Connection::finish() {
  phase_ = answer_.close ? Phase::draining : Phase::idle;
  answer_ = Answer{};
  sent_ = 0;
  if (phase_ == Phase::draining) release(received_);
}

bool Connection::drained(std::size_t bytes) {
  thrown_away_ += bytes;
  return thrown_away_ >= kDrainBytes;
}

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
