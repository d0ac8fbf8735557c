// Threads that take work in the order in which it came, and what is in force of who may ask. Only server.cc sees
// this, as Boost.Asio comes with it.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/log.h"
#include "http/tls.h"
#include "http/users.h"

namespace runwatch::http {

namespace asio = boost::asio;

// Until it is stopped, whatever the work throws: memory or descriptors that are short are one connection's trouble.
inline void turn(asio::io_context& io) {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& error) {
      static core::log::RateLimit limit(std::chrono::minutes(1));
      if (const auto held_back = limit.admit("server", "", std::chrono::steady_clock::now())) {
        core::log::error("a connection was dropped", {{"error", error.what()}, core::log::suppressed(*held_back)});
      }
    }
  }
}

// Work not begun when it stops is dropped.
class Lane {
 public:
  // `most` may wait: who asks `full` before keeps to it.
  Lane(const char* name, int threads, int most) : name_(name), count_(std::max(threads, 1)), most_(most) {}
  ~Lane() { stop(); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Work may come before. Throws std::system_error when there are no threads to be had.
  void start() {
    std::call_once(started_, [this] {
      for (int i = 0; i < count_; ++i) {
        threads_.emplace_back([this] {
          pthread_setname_np(pthread_self(), name_);
          turn(io_);
        });
      }
    });
  }
  void stop() {
    io_.stop();
    threads_.clear();
  }
  bool full() const { return waiting_ >= most_; }
  template <class Work>
  void post(Work work) {
    ++waiting_;
    try {
      asio::post(io_, [this, work = std::move(work)]() mutable {
        --waiting_;
        work();
      });
    } catch (...) {
      --waiting_;
      throw;
    }
  }

 private:
  const char* name_;
  int count_, most_;
  std::atomic<int> waiting_ = 0;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> busy_{io_.get_executor()};
  std::once_flag started_;
  std::vector<std::jthread> threads_;
};

// What is in force of AccessSettings.
struct Access {
  // `before`: whom users are remembered from; may be null.
  static core::Result<std::shared_ptr<Access>> make(const AccessSettings& settings, const Access* before) {
    std::unique_ptr<Tls> tls;
    if (settings.tls) {
      auto made = Tls::make(*settings.tls);
      if (!made) return std::unexpected(std::move(made.error()));
      tls = std::move(*made);
    }
    return std::make_shared<Access>(std::move(tls), settings, before);
  }
  Access(std::unique_ptr<Tls> t, const AccessSettings& settings, const Access* before)
      : tls(std::move(t)),
        users(settings.users, before == nullptr ? nullptr : &before->users),
        headers(settings.headers) {}

  std::unique_ptr<Tls> tls;  // null: in the clear
  Users users;
  std::vector<Header> headers;
  std::atomic<bool> looking = false;  // at the certificate's files
};

}  // namespace runwatch::http
