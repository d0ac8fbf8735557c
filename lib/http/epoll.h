// The kernel's list of descriptors to watch, each known by a number of ours.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "core/fd.h"

namespace runwatch::http {

// Takes what a system call gave; throws std::system_error if it was an error.
inline core::Fd checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::system_category(), what);
  return core::Fd(fd);
}

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

}  // namespace runwatch::http
