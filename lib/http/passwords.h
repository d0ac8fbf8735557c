// Passwords that are not known to be right, checked one at a time and peer by peer in turn: a hash takes its time, and
// who guesses waits for itself. Private to this room.
//
// Owns: the thread that checks. Threads: the loop's, but for `start` and `stop`.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "http/connection.h"
#include "http/lane.h"
#include "http/turns.h"

namespace runwatch::http {

class Passwords {
 public:
  struct Asker {
    std::shared_ptr<Connection> connection;
    Head head;
  };
  struct Hooks {
    std::function<std::shared_ptr<Access>()> access;
    std::function<void(bool right, Asker asker)> checked;  // on the loop
  };

  Passwords(asio::io_context& loop, Hooks hooks) : loop_(loop), hooks_(std::move(hooks)) {}

  void start() { lane_.start(); }
  void stop() { lane_.stop(); }

  // Who found no room: the asker itself, or one of whoever has most in line.
  std::optional<Asker> check(Asker asker) {
    const auto peer = asker.connection->peer();
    auto dropped = line_.add(peer, std::move(asker));
    if (!checking_) check_next();
    return dropped;
  }

 private:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kMostOfOne = 8;

  // What there is no memory to begin ends this check alone: whoever comes next begins another one.
  void check_next() try {
    auto asker = line_.next();
    checking_ = asker.has_value();
    if (!asker) return;
    lane_.post([this, access = hooks_.access(), asker = std::move(*asker)]() mutable {
      try {
        const bool right = is_right(*access, asker.head);
        asio::post(loop_, [this, right, asker = std::move(asker)]() mutable { answer(right, std::move(asker)); });
      } catch (...) {
        checking_ = false;
        throw;
      }
    });
  } catch (...) {
    checking_ = false;
    throw;
  }

  static bool is_right(Access& access, const Head& head) {
    try {
      return access.users.empty() || access.users.check(head.authorization);
    } catch (const std::bad_alloc&) {
      return false;  // there is no memory to check it with
    }
  }

  void answer(bool right, Asker asker) {
    try {
      hooks_.checked(right, std::move(asker));
    } catch (...) {
      check_next();
      throw;
    }
    check_next();
  }

  asio::io_context& loop_;
  const Hooks hooks_;
  Lane lane_{"http-password", 1, std::numeric_limits<int>::max()};
  Turns<Peer, Asker> line_{kMost, kMostOfOne};
  std::atomic<bool> checking_ = false;
};

}  // namespace runwatch::http
