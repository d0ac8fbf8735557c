#include "sim/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace runwatch::sim {

bool wait(int socket, short events, int interrupt, core::Duration limit) {
  std::array<pollfd, 2> polled{{{socket, events, 0}, {interrupt, POLLIN, 0}}};
  int count = -1;
  do {
    count = ::poll(polled.data(), polled.size(), static_cast<int>(limit.count()));
  } while (count < 0 && errno == EINTR);
  return count > 0 && polled[1].revents == 0;
}

Connection::Connection(socket_t socket, int interrupt) : fd_(socket), interrupt_(interrupt) {
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
}

bool Connection::has_input(core::Duration limit) const {
  return !unread_.empty() || wait(fd_.get(), POLLIN, interrupt_, limit);
}

bool Connection::has_room() const { return wait(fd_.get(), POLLOUT, interrupt_, kForever); }

Connection::Sent Connection::send(std::string_view& head, std::string_view& body) {
  // sendmsg only reads, but an iovec is for reading and writing alike.
  const auto part = [](std::string_view bytes) { return iovec{const_cast<char*>(bytes.data()), bytes.size()}; };
  std::array<iovec, 2> parts{part(head), part(body)};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  const auto count = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? Sent::some : Sent::broken;
  const auto of_head = std::min(head.size(), static_cast<std::size_t>(count));
  head.remove_prefix(of_head);
  body.remove_prefix(static_cast<std::size_t>(count) - of_head);
  return head.empty() && body.empty() ? Sent::all : Sent::some;
}

ssize_t Connection::read(char* to, std::size_t size) {
  if (unread_.empty()) {
    if (!has_input(kForever)) return -1;
    const auto count = ::recv(fd_.get(), received_.data(), received_.size(), 0);
    if (count <= 0) return count;
    unread_ = {received_.data(), static_cast<std::size_t>(count)};
  }
  const auto taken = std::min(size, unread_.size());
  std::memcpy(to, unread_.data(), taken);
  unread_.remove_prefix(taken);
  return static_cast<ssize_t>(taken);
}

ssize_t Connection::write(const char* bytes, std::size_t size) {
  own_answer_.append(bytes, size);
  return static_cast<ssize_t>(size);
}

}  // namespace runwatch::sim
