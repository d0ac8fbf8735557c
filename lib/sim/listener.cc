#include "sim/listener.h"

#include <fmt/format.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "core/text.h"

namespace runwatch::sim {
namespace {

constexpr int kBacklog = 512;              // cpp-httplib's own is 5
constexpr std::size_t kConnections = 128;  // served at once, each by a thread; more of them wait

}  // namespace

Listener::Listener() : interrupt_(::eventfd(0, EFD_CLOEXEC)) {
  if (!interrupt_) throw std::system_error(errno, std::system_category(), "eventfd");
}

core::Result<void> Listener::start(const std::string& host, std::uint16_t asked) {
  set_tcp_nodelay(true);
  // Its own default, SO_REUSEPORT, lets two servers share a port in silence.
  set_socket_options([](socket_t socket) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  new_task_queue = [] { return new httplib::ThreadPool(kConnections); };
  const int port = asked == 0 ? bind_to_any_port(host) : bind_to_port(host, asked) ? asked : -1;
  if (port < 0 || ::listen(svr_sock_, kBacklog) != 0) {
    return core::fail(errno == EADDRINUSE ? core::ErrorKind::busy : core::ErrorKind::invalid,
                      fmt::format("cannot listen on {}:{}: {}", core::printable(host), asked, std::strerror(errno)));
  }
  const bool v6 = host.find(':') != std::string::npos;
  address_ = fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
  thread_ = std::jthread([this] { listen_after_bind(); });
  while (!is_running()) std::this_thread::yield();  // `stop` does nothing before
  return {};
}

void Listener::stop() {
  (void)::eventfd_write(interrupt_.get(), 1);
  httplib::Server::stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace runwatch::sim
