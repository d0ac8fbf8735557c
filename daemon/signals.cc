#include "daemon/signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <system_error>

namespace runwatch::daemon {

Signals::Signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  fd_ = core::Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd_) throw std::system_error(errno, std::generic_category(), "signalfd");
}

std::optional<Signal> Signals::wait(core::Duration patience, int reload_fd) {
  pollfd polled[] = {{.fd = fd_.get(), .events = POLLIN, .revents = 0},
                     {.fd = reload_fd, .events = POLLIN, .revents = 0}};
  poll(polled, 2, static_cast<int>(patience.count()));
  std::optional<Signal> result;
  if (polled[1].revents != 0) result = Signal::reload;
  for (signalfd_siginfo info{}; read(fd_.get(), &info, sizeof info) == sizeof info;) {
    if (info.ssi_signo != SIGHUP) return Signal::stop;
    result = Signal::reload;
  }
  return result;
}

}  // namespace runwatch::daemon
