#include "http/channel.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>
#include <new>

namespace runwatch::http {
namespace {

constexpr std::size_t kMostAtOnce = std::size_t{256} * 1024;  // of TLS: others wait while it encrypts

Channel::Moved moved(ssize_t count, Wants otherwise) {
  if (count > 0) return {static_cast<std::size_t>(count), Wants::nothing};
  const bool later = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return {0, later ? otherwise : Wants::to_end};
}

}  // namespace

Channel::Channel(int socket, const Tls::Context& context) : socket_(socket) {
  if (!context) return;
  ssl_.reset(SSL_new(context.get()));
  if (!ssl_ || SSL_set_fd(ssl_.get(), socket) != 1) throw std::bad_alloc();
  SSL_set_accept_state(ssl_.get());
}

Wants Channel::after(int result) const {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return Wants::nothing;
    case SSL_ERROR_WANT_READ:
      return Wants::to_read;
    case SSL_ERROR_WANT_WRITE:
      return Wants::to_write;
    default:
      return Wants::to_end;
  }
}

Wants Channel::shake_hands() {
  ERR_clear_error();
  const Wants wants = after(SSL_do_handshake(ssl_.get()));
  ERR_clear_error();  // the loop's thread, or another one, asks next
  return wants;
}

Channel::Moved Channel::receive(std::span<char> into) {
  if (!ssl_) return moved(::recv(socket_, into.data(), into.size(), 0), Wants::to_read);
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  return result == 1 ? Moved{count, Wants::nothing} : Moved{0, after(result)};
}

Channel::Moved Channel::send(const std::array<iovec, 2>& parts) {
  if (!ssl_) {
    auto copy = parts;
    msghdr message{};
    message.msg_iov = copy.data();
    message.msg_iovlen = copy.size();
    return moved(::sendmsg(socket_, &message, MSG_NOSIGNAL), Wants::to_write);
  }
  Moved all;
  for (const iovec& part : parts) {
    for (std::size_t sent = 0, count = 0; sent < part.iov_len && all.bytes < kMostAtOnce; sent += count) {
      ERR_clear_error();
      const int result =
          SSL_write_ex(ssl_.get(), static_cast<const char*>(part.iov_base) + sent, part.iov_len - sent, &count);
      if (result != 1) return {all.bytes, after(result)};
      all.bytes += count;
    }
  }
  return all;
}

void Channel::finish() {
  ERR_clear_error();
  if (ssl_) SSL_shutdown(ssl_.get());
  ::shutdown(socket_, SHUT_WR);
}

Channel::Moved Channel::drain(std::span<char> into) const {
  return moved(::recv(socket_, into.data(), into.size(), 0), Wants::to_read);
}

}  // namespace runwatch::http
