// The thread that holds the connections: accepts, reads heads, sends answers, and ends what takes too long. Only
// server.cc includes this, as Boost.Asio comes with it.
//
//   shaking hands ─► idle ─► receiving ─► asking (a worker has it) ─► writing ─► idle, or draining ─► ended
//
// Draining: our end is shut, the peer's is read and thrown away for a while, for a socket closed with unread input
// sends a reset that can overtake the answer.
// Threads: connections are touched by the loop's alone, but for a channel while it shakes hands.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/guarded.h"
#include "http/channel.h"
#include "http/head.h"
#include "http/listen.h"
#include "http/users.h"

namespace runwatch::http {

namespace asio = boost::asio;

// Threads that take work in the order in which it came. Work not begun when it stops is dropped.
class Lane {
 public:
  Lane(const char* name, int threads) : name_(name), count_(std::max(threads, 1)) {}
  ~Lane() { stop(); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void start();  // once; work may come before. Throws std::system_error when there are no threads to be had.
  void stop();
  template <class Work>
  void post(Work&& work) {
    asio::post(io_, std::forward<Work>(work));
  }

 private:
  const char* name_;
  int count_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> busy_{io_.get_executor()};
  std::once_flag started_;
  std::vector<std::jthread> threads_;
};

// What is in force of AccessSettings.
struct Access {
  static core::Result<std::shared_ptr<Access>> make(const AccessSettings& settings);
  Access(std::unique_ptr<Tls> t, const AccessSettings& settings)
      : tls(std::move(t)), users(settings.users), headers(settings.headers) {}

  std::unique_ptr<Tls> tls;  // null: in the clear
  Users users;
  std::vector<Header> headers;
  std::atomic<bool> looking = false;  // at the certificate's files
};

class Front;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Throws when there is no memory or no place in the kernel's list.
  Connection(Front& front, core::Fd socket, std::shared_ptr<Access> access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void begin();
  void start(Answer answer);
  void end(bool reset = false);
  void abandon();  // what the peer has not taken is dropped: closed in the ordinary way the kernel would keep it

  core::SteadyTime deadline() const { return deadline_; }
  // How little is lost with it, the least first; nothing while it is being answered.
  std::optional<std::pair<int, core::SteadyTime>> worth(core::SteadyTime now) const;

 private:
  enum class Phase { shaking, idle, receiving, asking, writing, draining };

  void enter(Phase phase, core::Duration limit);
  void wait(Wants wants);
  void go_on();
  void shake();
  void shaken(Wants wants);
  void read();
  bool advance();
  void take_head();
  void refuse(int status);
  void flush();
  void after_answer();
  void drain();

  Front& front_;
  core::Fd socket_;
  asio::posix::stream_descriptor ready_;  // of the same socket
  std::shared_ptr<Access> access_;        // when it was accepted
  Channel channel_;
  Phase phase_ = Phase::idle;
  bool shaking_elsewhere_ = false;
  bool ended_ = false;
  core::SteadyTime since_{}, deadline_{}, last_output_{};
  std::string received_;
  HeadScan scan_;
  Answer answer_;
  std::size_t sent_ = 0, thrown_away_ = 0;
};

class Front final : public Server {
 public:
  Front(std::vector<Listener> listeners, const ServerOptions& options, std::shared_ptr<Access> access, Handler handler);
  ~Front() override;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  std::vector<std::string> addresses() const override;
  std::uint16_t port() const override { return doors_.front().listener.port; }
  core::SteadyTime last_progress() const override;
  core::Result<void> replace_access(const AccessSettings& settings) override;

  const ServerOptions& options() const { return options_; }
  asio::io_context& loop() { return io_; }
  std::span<char> scratch() { return scratch_; }
  std::shared_ptr<Access> access() const {
    return access_.with([](const auto& access) { return access; });
  }
  Lane& handshakes() { return handshakes_; }
  // Finds out who asks for what, and answers by `Connection::start`.
  void ask(std::shared_ptr<Connection> connection, Head head);
  void forget(const std::shared_ptr<Connection>& connection) { connections_.erase(connection); }

 private:
  struct Door {
    Door(asio::io_context& io, Listener l) : listener(std::move(l)), ready(io, listener.socket.get()) {}
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;
    ~Door() {
      if (ready.is_open()) ready.release();
    }
    Listener listener;
    asio::posix::stream_descriptor ready;
    bool resting = false;  // out of descriptors: until the next tick
  };

  void run();
  void tick();
  void watch_door(Door& door);
  void accept(Door& door);
  bool make_room();
  void start_lanes(const Access& access);
  void route(std::shared_ptr<Connection> connection, Head head);
  void say(std::shared_ptr<Connection> connection, const Head& head, ServerResponse response);

  const ServerOptions options_;
  const Handler handler_;
  asio::io_context io_{1};
  std::deque<Door> doors_;
  asio::steady_timer ticker_{io_};
  unsigned ticks_ = 0;
  std::array<char, 16384> scratch_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  core::Guarded<std::shared_ptr<Access>> access_;
  std::atomic<core::SteadyTime::rep> progress_;
  Lane prompt_, slow_, passwords_, handshakes_;
  std::jthread thread_;
};

}  // namespace runwatch::http
