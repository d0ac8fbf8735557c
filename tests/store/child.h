// A child process of a test, with a pipe from it and one to it. The child ends with _exit, and never runs doctest.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <optional>

namespace store_test {

class Child {
 public:
  // `body(child)` runs in the child; what it returns is the exit code.
  template <class Body>
  explicit Child(Body body) {
    int from[2];
    int to[2];
    REQUIRE(::pipe(from) == 0);
    REQUIRE(::pipe(to) == 0);
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    const bool inside = process_ == 0;
    in_ = inside ? to[0] : from[0];
    out_ = inside ? from[1] : to[1];
    ::close(inside ? from[0] : from[1]);
    ::close(inside ? to[1] : to[0]);
    if (inside) ::_exit(body(*this));
  }
  ~Child() {
    if (process_ > 0) ::kill(process_, SIGKILL);
    wait();
    ::close(in_);
    ::close(out_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void tell(std::uint64_t number) const {
    if (::write(out_, &number, sizeof number) != sizeof number) ::_exit(9);
  }
  // What the other side told; nothing: it is gone.
  std::optional<std::uint64_t> hear() const {
    std::uint64_t number = 0;
    if (::read(in_, &number, sizeof number) != sizeof number) return std::nullopt;
    return number;
  }
  void kill() const {
    if (process_ > 0) ::kill(process_, SIGKILL);
  }
  // The exit code; nothing: it died of a signal, or was waited for before.
  std::optional<int> wait() {
    int status = 0;
    if (process_ <= 0 || ::waitpid(process_, &status, 0) != process_) return std::nullopt;
    process_ = -1;
    if (!WIFEXITED(status)) return std::nullopt;
    return WEXITSTATUS(status);
  }

 private:
  pid_t process_ = -1;
  int in_ = -1;
  int out_ = -1;
};

}  // namespace store_test
