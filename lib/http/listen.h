// The sockets of the server: the one that listens and those it accepts, with the options that keep bad peers bounded.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/fd.h"

namespace runwatch::http {

struct Listener {
  core::Fd socket;  // non-blocking
  std::uint16_t port = 0;
  std::string address;  // `127.0.0.1:10321`, `[::1]:10321`
};

// `*` is every address of both families. Fails: `busy` when the port is taken, `invalid` for an address that is not
// ours, `unavailable` out of resources.
core::Result<Listener> listen_on(const std::string& host, std::uint16_t port);

// Whether `listen_on` would succeed now, told without listening.
core::Result<void> could_listen_on(const std::string& host, std::uint16_t port);

// An address of IPv4, or the first 64 bits of one of IPv6: a host commands all addresses below them.
using Peer = std::array<unsigned char, 16>;
Peer network_of(const sockaddr_storage& from);

// For an accepted socket: what it sends leaves at once, and what is not taken by the peer is bounded in size and time.
void bound_output(int socket, core::Duration write_timeout);

// At its close the socket forgets what the peer has not taken, instead of keeping it in the kernel.
void reset_on_close(int socket);

// Whether the kernel still holds bytes that the peer has not acknowledged.
bool has_unacknowledged(int socket);

}  // namespace runwatch::http
