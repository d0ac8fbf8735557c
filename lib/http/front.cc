#include "http/front.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace runwatch::http {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kListenerId = 0;
constexpr std::uint64_t kWakeId = 1;
constexpr std::uint64_t kFirstId = 2;
constexpr auto kLongestWait = 500ms;  // the loop turns at least so often, for `last_progress`
constexpr auto kAcceptPause = 100ms;
constexpr auto kDrainTime = 1000ms;
constexpr int kAcceptsPerTurn = 64;
constexpr std::size_t kScratch = std::size_t{16} * 1024;

bool is_out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Front::Front(Listener listener, const ServerOptions& options, Handler handler)
    : options_(options),
      listener_(std::move(listener)),
      wake_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      now_(std::chrono::steady_clock::now()),
      next_id_(kFirstId),
      parking_({options.idle_timeout, options.header_timeout, Parking::kNoLimit, options.write_timeout, kDrainTime}),
      scratch_(kScratch),
      progress_(now_.time_since_epoch().count()),
      workers_(options.workers, std::move(handler),
               [this](std::uint64_t connection, Answer answer) { hand_over(connection, std::move(answer)); }) {
  if (!epoll_.add(listener_.socket.get(), kListenerId, EPOLLIN) || !epoll_.add(wake_.get(), kWakeId, EPOLLIN)) {
    throw std::system_error(errno, std::system_category(), "epoll_ctl");
  }
  thread_ = std::jthread([this] { run(); });
}

Front::~Front() {
  workers_.stop();
  stopping_ = true;
  wake();
  thread_.join();
}

void Front::wake() const {
  // Fails only when the counter is full: then a wake-up is pending anyway.
  [[maybe_unused]] const int full = ::eventfd_write(wake_.get(), 1);
}

void Front::hand_over(std::uint64_t connection, Answer answer) {
  const bool first = answers_.with([&](auto& waiting) {
    waiting.emplace_back(connection, std::move(answer));
    return waiting.size() == 1;
  });
  if (first) wake();
}

core::SteadyTime Front::last_progress() const {
  return core::SteadyTime(core::SteadyTime::duration(progress_.load(std::memory_order_relaxed)));
}

void Front::run() {
  pthread_setname_np(pthread_self(), "http-front");
  while (!stopping_) turn();
  listener_.socket = core::Fd();
  while (const Peer* peer = parking_.any()) abandon(*peer);
  // The answers of connections that are gone: their handlers are told here, on this thread.
  answers_.with([](auto& waiting) { return std::exchange(waiting, {}); });
}

std::chrono::milliseconds Front::wait_limit() const {
  const auto until = std::min({parking_.next_deadline(), accept_again_, now_ + kLongestWait});
  return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()));
}

void Front::turn() {
  const auto events = epoll_.wait(wait_limit());
  now_ = std::chrono::steady_clock::now();
  progress_.store(now_.time_since_epoch().count(), std::memory_order_relaxed);
  bool newcomers = false;
  for (const auto& event : events) {
    if (event.data.u64 == kListenerId)
      newcomers = true;
    else if (event.data.u64 == kWakeId)
      take_answers();
    else
      on_event(event.data.u64, event.events);
  }
  while (const Peer* peer = parking_.overdue(now_)) abandon(*peer);
  if (accept_again_ <= now_) {
    epoll_.change(listener_.socket.get(), kListenerId, EPOLLIN);
    accept_again_ = core::SteadyTime::max();
  }
  // Last: who was heard in this turn is not idle any more when a place is needed.
  for (int i = 0; newcomers && i < kAcceptsPerTurn; ++i) newcomers = accept_one();
}

// False when there is nobody to accept, or no means to.
bool Front::accept_one() {
  core::Fd socket(::accept4(listener_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (!is_out_of_resources(errno)) return true;  // the newcomer's trouble: gone before it was accepted
    if (make_room()) return true;
    // None of ours to give up: a level-triggered listener would keep the loop spinning.
    epoll_.change(listener_.socket.get(), kListenerId, 0);
    accept_again_ = now_ + kAcceptPause;
    return false;
  }
  if (parking_.size() >= static_cast<std::size_t>(std::max(options_.max_connections, 1)) && !make_room()) return true;
  bound_output(socket.get(), options_.write_timeout);
  Peer& peer = parking_.add(
      {.id = next_id_++, .socket = std::move(socket), .connection = Connection(options_.max_header_bytes)}, now_);
  if (!epoll_.add(peer.socket.get(), peer.id, EPOLLIN)) {
    parking_.remove(peer.id);
    return true;
  }
  peer.interest = EPOLLIN;
  return true;
}

bool Front::make_room() {
  const Peer* peer = parking_.most_dispensable(now_);
  if (peer == nullptr) return false;
  abandon(*peer);
  return true;
}

void Front::on_event(std::uint64_t id, std::uint32_t events) {
  Peer* peer = parking_.find(id);
  if (peer == nullptr) return;  // closed earlier in this turn
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return close(*peer);
  switch (peer->connection.phase()) {
    case Phase::idle:
    case Phase::receiving:
      return read(*peer);
    case Phase::answering:
      return listen_for(*peer, 0);  // more requests wait in the kernel
    case Phase::writing:
      return flush(*peer);
    case Phase::draining:
      return drain(*peer);
  }
}

void Front::read(Peer& peer) {
  const auto room = std::min(scratch_.size(), peer.connection.room());
  const auto count = ::recv(peer.socket.get(), scratch_.data(), room, 0);
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) close(peer);
    return;
  }
  if (count == 0) return close(peer);  // every request it sent whole has been answered
  peer.connection.receive({scratch_.data(), static_cast<std::size_t>(count)});
  advance(peer);
}

void Front::drain(Peer& peer) {
  const auto count = ::recv(peer.socket.get(), scratch_.data(), scratch_.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0 || peer.connection.drained(static_cast<std::size_t>(count))) close(peer);
}

void Front::advance(Peer& peer) {
  switch (peer.connection.next()) {
    case Connection::Next::wait:
      parking_.park(peer, now_);
      return listen_for(peer, EPOLLIN);
    case Connection::Next::ask:
      parking_.park(peer, now_);
      return workers_.submit({peer.id, peer.connection.take_head()});
    case Connection::Next::refuse:
      return send_answer(peer, refusal(peer.connection.status(), peer.connection.received()));
  }
}

void Front::send_answer(Peer& peer, Answer answer) {
  peer.connection.start(std::move(answer));
  peer.last_output = now_;
  parking_.park(peer, now_);
  flush(peer);
}

void Front::flush(Peer& peer) {
  auto parts = peer.connection.unsent();
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const auto count = ::sendmsg(peer.socket.get(), &message, MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) return close(peer);
  if (count > 0) {
    peer.connection.sent(static_cast<std::size_t>(count));
    peer.last_output = now_;
  }
  if (peer.connection.all_sent()) return after_answer(peer);
  listen_for(peer, EPOLLOUT);
}

void Front::after_answer(Peer& peer) {
  peer.connection.finish();
  parking_.park(peer, now_);
  if (peer.connection.phase() == Phase::idle) return advance(peer);  // perhaps the next request is here already
  ::shutdown(peer.socket.get(), SHUT_WR);
  listen_for(peer, EPOLLIN);
}

void Front::take_answers() {
  eventfd_t count = 0;
  ::eventfd_read(wake_.get(), &count);
  for (auto& [id, answer] : answers_.with([](auto& waiting) { return std::exchange(waiting, {}); })) {
    if (Peer* peer = parking_.find(id)) send_answer(*peer, std::move(answer));
  }
}

void Front::listen_for(Peer& peer, std::uint32_t events) const {
  if (peer.interest == events) return;
  epoll_.change(peer.socket.get(), peer.id, events);
  peer.interest = events;
}

// Output the kernel still holds goes on its way, for as long as TCP_USER_TIMEOUT lets it.
void Front::close(const Peer& peer) { parking_.remove(peer.id); }

// What the peer has not taken is dropped: a socket closed in the ordinary way would keep it in the kernel.
void Front::abandon(const Peer& peer) {
  if (peer.connection.phase() == Phase::writing || has_unacknowledged(peer.socket.get())) {
    reset_on_close(peer.socket.get());
  }
  close(peer);
}

}  // namespace runwatch::http
