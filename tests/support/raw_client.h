// A bare TCP client for tests of servers: says any bytes, hears any bytes, waits at most its patience.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace runwatch::test {

struct RawAnswer {
  int status = 0;
  std::string head;
  std::string body;

  // The first header of that name, exactly spelt; empty if there is none.
  std::string header(std::string_view name) const {
    const auto at = head.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : RawClient(unconnected()) {
    if (receive_buffer > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    connect(port);
  }
  static RawClient unconnected() { return RawClient(); }
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), heard_(std::move(other.heard_)) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() {
    if (fd_ >= 0) ::close(fd_);
  }

  void connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::system_error(errno, std::system_category(), "connect");
    }
  }

  int fd() const { return fd_; }
  void finish() { ::shutdown(fd_, SHUT_WR); }

  // False when the peer has gone.
  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // The next answer; its body by Content-Length, for HEAD none. Nothing when the connection ends before.
  std::optional<RawAnswer> hear(bool head_only = false) {
    RawAnswer answer;
    while (heard_.find("\r\n\r\n") == std::string::npos) {
      if (!more()) return std::nullopt;
    }
    const auto end = heard_.find("\r\n\r\n") + 4;
    answer.head = heard_.substr(0, end);
    heard_.erase(0, end);
    answer.status = std::atoi(answer.head.substr(9, 3).c_str());
    const std::string length = answer.header("Content-Length");
    const std::size_t size = head_only || length.empty() ? 0 : std::stoul(length);
    while (heard_.size() < size) {
      if (!more()) return std::nullopt;
    }
    answer.body = heard_.substr(0, size);
    heard_.erase(0, size);
    return answer;
  }
  std::optional<RawAnswer> ask(std::string_view request) {
    say(request);
    return hear(request.starts_with("HEAD"));
  }

  // All bytes up to the end of the connection, however it ends; throws when it does not.
  std::string hear_all() {
    while (more()) {
    }
    return std::exchange(heard_, {});
  }
  // Whether the connection ends, or has ended, with nothing more to hear.
  bool ends() { return hear_all().empty(); }

 private:
  RawClient() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (fd_ < 0) throw std::system_error(errno, std::system_category(), "socket");
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }

  bool more() {
    std::array<char, 65536> buffer;
    const auto count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("the server keeps silent");
    if (count <= 0) return false;
    heard_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }

  int fd_;
  std::string heard_;
};

}  // namespace runwatch::test
