// One accepted connection: cpp-httplib reads requests from it, answers leave it as the bytes that they are.
//
// What cpp-httplib answers by itself is kept aside, for it would neither cut a body short nor send what nobody asked
// for. For this room's sources only: it includes cpp-httplib.
// Owns: the socket.
// Threads: its own. Once the descriptor `interrupt` is readable, no wait lasts any longer.
#pragma once

#include <httplib.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "core/fd.h"

namespace runwatch::sim {

inline constexpr core::Duration kForever{-1};

// Until `socket` has one of `events`; false when the limit is over or an interrupt came. -1: no socket.
bool wait(int socket, short events, int interrupt, core::Duration limit);

class Connection final : public httplib::Stream {
 public:
  Connection(socket_t socket, int interrupt);

  bool has_input(core::Duration limit) const;
  bool has_room() const;  // waits; false: an interrupt came

  enum class Sent { all, some, broken };
  // As much as the kernel takes at once; what it took leaves `head` and `body`.
  Sent send(std::string_view& head, std::string_view& body);

  std::string take_own_answer() { return std::exchange(own_answer_, {}); }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override;
  ssize_t write(const char* bytes, std::size_t size) override;
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return 0; }  // cpp-httplib compares it with FD_SETSIZE

 private:
  const core::Fd fd_;
  const int interrupt_;
  std::array<char, 4096> received_;
  std::string_view unread_;
  std::string own_answer_;
};

}  // namespace runwatch::sim
