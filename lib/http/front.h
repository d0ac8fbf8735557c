// The thread that holds the connections: accepts, reads request heads, sends answers, and ends what takes too long.
//
// All connection state is touched by this thread alone; workers hand their answers over through a queue and an eventfd.
// No peer can make it wait: sockets never block, and every phase of a connection but the handler's has a deadline.
// Owns: the listening socket, the connections and the thread; `stop`, or the destructor, closes and joins.
// Threads: `hand_over`, `stop` and `last_progress` from any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "core/guarded.h"
#include "http/epoll.h"
#include "http/listen.h"
#include "http/parking.h"
#include "http/server.h"
#include "http/workers.h"

namespace runwatch::http {

class Front {
 public:
  using Ask = std::function<void(Job)>;

  // Throws std::system_error when the process is out of descriptors.
  Front(Listener listener, const ServerOptions& options);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  void start(Ask ask);
  void stop();
  void hand_over(std::uint64_t connection, Answer answer);
  core::SteadyTime last_progress() const;

 private:
  void run();
  void turn();
  std::chrono::milliseconds wait_limit() const;
  void wake() const;

  void accept_new();
  bool accept_one();
  bool make_room();
  void pause_accepting();
  void resume_accepting();

  void on_event(std::uint64_t id, std::uint32_t events);
  void read(Peer& peer);
  void drain(Peer& peer);
  void advance(Peer& peer);
  void send_answer(Peer& peer, Answer answer);
  void flush(Peer& peer);
  void after_answer(Peer& peer);
  void take_answers();
  void end_overdue();
  void listen_for(Peer& peer, std::uint32_t events) const;
  void close(const Peer& peer);
  void abandon(const Peer& peer);

  const ServerOptions options_;
  Listener listener_;
  Epoll epoll_;
  core::Fd wake_;
  Ask ask_;
  core::SteadyTime now_;
  core::SteadyTime accept_again_ = core::SteadyTime::max();  // max: accepting
  std::uint64_t next_id_;
  Parking parking_;
  std::vector<char> scratch_;
  core::Guarded<std::vector<std::pair<std::uint64_t, Answer>>> answers_;
  std::atomic<core::SteadyTime::rep> progress_;
  std::atomic<bool> stopping_ = false;
  std::jthread thread_;
};

}  // namespace runwatch::http
