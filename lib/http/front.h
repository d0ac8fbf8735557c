// The thread that holds the connections: accepts, reads request heads, sends answers, and ends what takes too long.
//
// All connection state is touched by this thread alone; workers hand their answers over through a queue and an eventfd.
// No peer can make it wait: sockets never block, and every phase of a connection but the handler's has a deadline.
// Owns: the listening socket, the connections, the workers and the thread; the destructor closes and joins.
// Threads: `hand_over` and `last_progress` from any.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/fd.h"
#include "core/guarded.h"
#include "http/connection.h"
#include "http/listen.h"
#include "http/server.h"

namespace runwatch::http {

// Takes what a system call gave; throws std::system_error if it was an error.
inline core::Fd checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::system_category(), what);
  return core::Fd(fd);
}

// The kernel's list of descriptors to watch, each known by a number of ours.
class Epoll {
 public:
  Epoll() : fd_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll")) {}

  // False when the kernel's limits are reached.
  bool add(int fd, std::uint64_t id, std::uint32_t events) const { return control(EPOLL_CTL_ADD, fd, id, events); }
  void change(int fd, std::uint64_t id, std::uint32_t events) const { control(EPOLL_CTL_MOD, fd, id, events); }

  // Valid until the next call.
  std::span<const epoll_event> wait(std::chrono::milliseconds limit) {
    const int count =
        ::epoll_wait(fd_.get(), events_.data(), static_cast<int>(events_.size()), static_cast<int>(limit.count()));
    return std::span(events_).first(count < 0 ? 0 : static_cast<std::size_t>(count));
  }

 private:
  bool control(int operation, int fd, std::uint64_t id, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    return ::epoll_ctl(fd_.get(), operation, fd, &event) == 0;
  }

  core::Fd fd_;
  std::array<epoll_event, 128> events_{};
};

class Front final : public Server {
 public:
  // Throws std::system_error when the process is out of descriptors.
  Front(Listener listener, const ServerOptions& options, Handler handler);
  ~Front() override;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  std::string address() const override { return listener_.address; }
  std::uint16_t port() const override { return listener_.port; }
  core::SteadyTime last_progress() const override;

 private:
  void run();
  void turn();
  std::chrono::milliseconds wait_limit() const;
  void wake() const;
  void hand_over(std::uint64_t connection, Answer answer);

  bool accept_one();
  bool make_room();

  void on_event(std::uint64_t id, std::uint32_t events);
  void read(Peer& peer);
  void drain(Peer& peer);
  void advance(Peer& peer);
  void send_answer(Peer& peer, Answer answer);
  void flush(Peer& peer);
  void after_answer(Peer& peer);
  void take_answers();
  void listen_for(Peer& peer, std::uint32_t events) const;
  void close(const Peer& peer);
  void abandon(const Peer& peer);

  const ServerOptions options_;
  Listener listener_;
  Epoll epoll_;
  core::Fd wake_;
  core::SteadyTime now_;
  core::SteadyTime accept_again_ = core::SteadyTime::max();  // max: accepting
  std::uint64_t next_id_;
  Parking parking_;
  std::vector<char> scratch_;
  core::Guarded<std::vector<std::pair<std::uint64_t, Answer>>> answers_;
  std::atomic<core::SteadyTime::rep> progress_;
  std::atomic<bool> stopping_ = false;
  Workers workers_;
  std::jthread thread_;
};

}  // namespace runwatch::http
