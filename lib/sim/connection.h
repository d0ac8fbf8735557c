// One accepted connection: cpp-httplib reads requests from it, answers leave it as the bytes that they are.
//
// What cpp-httplib answers by itself is kept aside, for it would neither cut a body short nor send what nobody asked
// for. For this room's sources only: it includes cpp-httplib.
// Owns: the socket.
// Threads: its own; whoever makes the Interrupt's descriptor readable ends every wait, for good.
#pragma once

#include <httplib.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"

namespace runwatch::sim {

// Ends the waits of all connections.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void raise();

  enum class Woken { ready, late, interrupted };
  // Until `socket` has one of `events`, `limit` is over (negative: never), or `raise` was called. -1: no socket.
  Woken wait(int socket, short events, core::Duration limit) const;

 private:
  int fd_;
};

class Connection final : public httplib::Stream {
 public:
  Connection(socket_t socket, const Interrupt& interrupt);
  ~Connection() override;

  // False when the peer stays silent that long, or an interrupt came.
  bool has_input(core::Duration limit) const;

  enum class Sent { all, some, broken };
  // As much as the kernel takes at once; what it took leaves `head` and `body`.
  Sent send(std::string_view& head, std::string_view& body);
  // Until it may take more; false: an interrupt came.
  bool wait_for_room() const;

  // What cpp-httplib answered by itself.
  std::string take_own_answer() { return std::exchange(own_answer_, {}); }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override;
  // Must not return 0: cpp-httplib would write again, for ever.
  ssize_t write(const char* bytes, std::size_t size) override;
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return 0; }  // cpp-httplib compares it with FD_SETSIZE

 private:
  const int fd_;
  const Interrupt& interrupt_;
  std::array<char, 4096> received_;
  std::string_view unread_;
  std::string own_answer_;
};

}  // namespace runwatch::sim
