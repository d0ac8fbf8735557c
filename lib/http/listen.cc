#include "http/listen.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "core/text.h"

namespace runwatch::http {
namespace {

constexpr int kBacklog = 511;
// The kernel tunes buffers up to megabytes otherwise: a whole answer vanishes there, and no write deadline fires.
constexpr int kSendBuffer = 128 * 1024;
constexpr int kReceiveBuffer = 64 * 1024;

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

void set(int socket, int level, int option, int value) { setsockopt(socket, level, option, &value, sizeof value); }

std::string join_host(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

core::Error describe(int error, const std::string& where) {
  const auto tell = [&](core::ErrorKind kind, std::string_view why) {
    return core::Error{kind, fmt::format("cannot listen on {}: {}", where, why)};
  };
  using enum core::ErrorKind;
  switch (error) {
    case EADDRINUSE:
      return tell(busy, "the port is in use by another process; stop that one or choose another port");
    case EADDRNOTAVAIL:
      return tell(invalid, "the address is not one of this machine; use one of its own, or 0.0.0.0 for all");
    case EAFNOSUPPORT:
      return tell(invalid, "this machine has no IPv6; use 0.0.0.0 for all of its addresses");
    case EACCES:
      return tell(invalid, "not permitted; ports below 1024 need a privilege, choose a higher one");
    default:
      return tell(unavailable, std::system_category().message(error));
  }
}

core::Result<Addresses> resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = host.empty() || host.find('\0') != std::string::npos
                        ? EAI_NONAME
                        : getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error == 0) return Addresses(found, &freeaddrinfo);
  const auto kind = error == EAI_AGAIN || error == EAI_MEMORY ? core::ErrorKind::unavailable : core::ErrorKind::invalid;
  return core::fail(kind, fmt::format("cannot listen on {}: {}; give an address of this machine, or 0.0.0.0 for all",
                                      core::printable(join_host(host, port)), gai_strerror(error)));
}

// The bound socket, or the errno.
std::expected<core::Fd, int> open_socket(const addrinfo& address) {
  core::Fd fd(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol));
  if (!fd) return std::unexpected(errno);
  // Not SO_REUSEPORT: with it two processes share a port in silence.
  set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);  // `::` is every IPv4 address as well
  set(fd.get(), SOL_SOCKET, SO_SNDBUF, kSendBuffer);  // inherited by accepted sockets, as is the next
  set(fd.get(), SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  if (::bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0) return std::unexpected(errno);
  return fd;
}

std::expected<Listener, int> start_listening(core::Fd socket) {
  // Two sockets can be bound to one port under SO_REUSEADDR; only the second one's listen() tells.
  if (::listen(socket.get(), kBacklog) != 0) return std::unexpected(errno);
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(socket.get(), address, &length) != 0) return std::unexpected(errno);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> service{};
  if (getnameinfo(address, length, host.data(), host.size(), service.data(), service.size(),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return std::unexpected(EINVAL);
  }
  const auto port = static_cast<std::uint16_t>(std::stoul(service.data()));
  return Listener{std::move(socket), port, join_host(host.data(), port)};
}

// What `use` makes of a socket that is bound to the first of the host's addresses that lets it.
template <class T>
core::Result<T> with_bound(const std::string& host, std::uint16_t port, std::expected<T, int> use(core::Fd)) {
  if (host == "*") {  // one socket for both families; where the kernel has no IPv6, for the other
    auto both = with_bound<T>("::", port, use);
    return both || both.error().kind == core::ErrorKind::busy ? std::move(both) : with_bound<T>("0.0.0.0", port, use);
  }
  const auto addresses = resolve(host, port);
  if (!addresses) return std::unexpected(addresses.error());
  int error = EADDRNOTAVAIL;
  for (const addrinfo* address = addresses->get(); address != nullptr; address = address->ai_next) {
    auto socket = open_socket(*address);
    auto used = socket ? use(std::move(*socket)) : std::unexpected(socket.error());
    if (used) return std::move(*used);
    error = used.error();
    if (error == EADDRINUSE) break;
  }
  return std::unexpected(describe(error, core::printable(join_host(host, port))));
}

}  // namespace

core::Result<Listener> listen_on(const std::string& host, std::uint16_t port) {
  return with_bound<Listener>(host, port, start_listening);
}

core::Result<void> could_listen_on(const std::string& host, std::uint16_t port) {
  const auto bound =
      with_bound<core::Fd>(host, port, [](core::Fd socket) -> std::expected<core::Fd, int> { return socket; });
  return bound ? core::Result<void>() : std::unexpected(bound.error());
}

Peer network_of(const sockaddr_storage& from) {
  Peer peer{};
  if (from.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &from, sizeof address);
    std::memcpy(peer.data() + 12, &address.sin_addr, 4);
  } else if (from.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &from, sizeof address);
    const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&address.sin6_addr) != 0;
    const std::size_t skipped = is_mapped ? 12 : 0;
    std::memcpy(peer.data() + skipped, address.sin6_addr.s6_addr + skipped, is_mapped ? 4 : 8);
  }
  return peer;
}

void bound_output(int socket, core::Duration write_timeout) {
  set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(write_timeout.count()));
}

void reset_on_close(int socket) {
  const linger abort{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

bool has_unacknowledged(int socket) {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

}  // namespace runwatch::http
