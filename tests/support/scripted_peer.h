// A raw TCP peer on this machine that follows a script, however rude: sends, drips, floods, hangs, closes, resets.
//
//   ScriptedPeer peer({{read_request(), send(http_answer("200 OK", "{}")), hang()}});
//   client->send({.url = peer.url("/x")}, {});
//
// The n-th connection runs the n-th script, later ones the last. A script that comes to its end closes. No step
// outlives the peer's destructor; every step ends when the client goes away.
// Owns: a listening socket on a free port, a thread that accepts and one for each connection.
// Threads: the questions may be asked from any thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace runwatch::test {

// What was sent has arrived, on one machine: nothing waits for the acknowledgement of what was sent before.
inline void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// One connection as a step sees it. Every call returns false once the client or the peer is gone.
class PeerConnection {
 public:
  PeerConnection(int socket, int stop, std::function<void(std::string_view)> record)
      : socket_(socket), stop_(stop), record_(std::move(record)) {}
  ~PeerConnection() { close(); }
  PeerConnection(const PeerConnection&) = delete;
  PeerConnection& operator=(const PeerConnection&) = delete;

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (sent < 0 && !wait(POLLOUT, std::chrono::milliseconds(-1))) return false;
    }
    return true;
  }

  // Up to the end of the request's headers and, if they announce one, of its body.
  bool read_request() {
    while (request_length() > unread_.size()) {
      if (!receive()) return false;
    }
    unread_.erase(0, request_length());
    return true;
  }

  // Reads and drops whatever comes, until the client closes or `time` is over (negative: never).
  bool idle(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      if (time.count() >= 0 && left.count() <= 0) return true;
      if (!wait(POLLIN, time.count() < 0 ? time : left)) return !stopped_ && time.count() >= 0;
      if (!receive()) return false;
    }
  }

  // Reads some bytes, however many there are.
  bool read_some() { return receive(); }

  // Reads nothing until one of both is gone.
  bool turn_deaf() { return wait(0, std::chrono::milliseconds(-1)), false; }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  bool wait(short events, std::chrono::milliseconds time) {
    pollfd fds[] = {{socket_, events, 0}, {stop_, POLLIN, 0}};
    const int ready = ::poll(fds, 2, static_cast<int>(time.count()));
    stopped_ = stopped_ || fds[1].revents != 0;
    return ready > 0 && !stopped_;
  }

  bool receive() {
    char buffer[16384];
    for (;;) {
      const ssize_t got = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got > 0) {
        const std::string_view bytes(buffer, static_cast<std::size_t>(got));
        record_(bytes);
        unread_ += bytes;
        return true;
      }
      if (got == 0 || (errno != EAGAIN && errno != EINTR)) return false;
      if (!wait(POLLIN, std::chrono::milliseconds(-1))) return false;
    }
  }

  // Length of the request at the head of what is unread; beyond its size while that is not known.
  std::size_t request_length() const {
    const auto end = unread_.find("\r\n\r\n");
    if (end == std::string::npos) return unread_.size() + 1;
    std::string head = unread_.substr(0, end);
    std::ranges::transform(head, head.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    constexpr std::string_view kLength = "\r\ncontent-length:";
    const auto at = head.find(kLength);
    const std::size_t body =
        at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + kLength.size(), nullptr, 10);
    return end + 4 + body;
  }

  int socket_;
  int stop_;
  bool stopped_ = false;
  std::string unread_;
  std::function<void(std::string_view)> record_;
};

using PeerStep = std::function<bool(PeerConnection&)>;  // false ends the script
using PeerScript = std::vector<PeerStep>;

inline PeerStep read_request() {
  return [](PeerConnection& c) { return c.read_request(); };
}

inline PeerStep send(std::string bytes) {
  return [bytes = std::move(bytes)](PeerConnection& c) { return c.send(bytes); };
}

// One byte each `every`.
inline PeerStep dribble(std::string bytes, std::chrono::milliseconds every) {
  return [bytes = std::move(bytes), every](PeerConnection& c) {
    return std::ranges::all_of(bytes, [&](char byte) { return c.send({&byte, 1}) && c.idle(every); });
  };
}

// The same bytes again and again, as fast as they are taken.
inline PeerStep flood(std::string bytes) {
  return [bytes = std::move(bytes)](PeerConnection& c) {
    while (c.send(bytes)) {
    }
    return false;
  };
}

// Keeps the connection open and says nothing until the client closes.
inline PeerStep hang() {
  return [](PeerConnection& c) { return c.idle(std::chrono::milliseconds(-1)); };
}

inline PeerStep pause(std::chrono::milliseconds time) {
  return [time](PeerConnection& c) { return c.idle(time); };
}

inline PeerStep close() {
  return [](PeerConnection& c) { return c.close(), false; };
}

inline PeerStep reset() {
  return [](PeerConnection& c) { return c.reset(), false; };
}

// Answers `times` requests on the connection alike.
inline PeerScript answer_each(const std::string& answer, int times = 1000) {
  PeerScript script;
  for (int i = 0; i < times; ++i) script.insert(script.end(), {read_request(), send(answer)});
  return script;
}

// `status` as in "200 OK"; `headers` as lines that end in CRLF. Content-Length is added.
inline std::string http_answer(std::string_view status, std::string_view body, std::string_view headers = {}) {
  std::string answer("HTTP/1.1 ");
  answer.append(status).append("\r\n").append(headers);
  answer.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return answer;
}

class ScriptedPeer {
 public:
  // `port` 0: any free one.
  explicit ScriptedPeer(std::vector<PeerScript> scripts, const char* host = "127.0.0.1", std::uint16_t port = 0)
      : scripts_(std::move(scripts)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    stop_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host, &address.sin_addr);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, any, &size) != 0) {
      throw std::system_error(errno, std::system_category(), "no listening socket for a scripted peer");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this] { accept_all(); });
  }

  ~ScriptedPeer() {
    ::eventfd_write(stop_, 1);
    acceptor_.join();
    runners_.clear();
    ::close(listener_);
    ::close(stop_);
  }
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }

  // Connections accepted so far.
  std::size_t connections() const {
    const std::lock_guard lock(mutex_);
    return received_.size();
  }
  // All bytes the n-th connection has sent us so far.
  std::string received(std::size_t connection = 0) const {
    const std::lock_guard lock(mutex_);
    const auto found = received_.find(connection);
    return found == received_.end() ? std::string() : found->second;
  }
  // Waits until `bytes` were seen on the n-th connection; false at the deadline.
  bool wait_received(std::string_view bytes, std::size_t connection = 0,
                     std::chrono::milliseconds within = std::chrono::seconds(10)) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, within, [&] {
      const auto found = received_.find(connection);
      return found != received_.end() && found->second.find(bytes) != std::string::npos;
    });
  }
  // Waits until the n-th connection's script is over and its socket closed; false at the deadline.
  bool wait_finished(std::size_t connection = 0, std::chrono::milliseconds within = std::chrono::seconds(10)) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, within, [&] { return finished_[connection]; });
  }

 private:
  void accept_all() {
    for (std::size_t number = 0;; ++number) {
      pollfd fds[] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
      if (::poll(fds, 2, -1) < 0 && errno == EINTR) continue;
      if (fds[1].revents != 0) return;
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (socket < 0) continue;
      send_at_once(socket);
      note([&] { received_[number]; });
      runners_.emplace_back([this, number, socket] { run(number, socket); });
    }
  }

  void run(std::size_t number, int socket) {
    {
      PeerConnection connection(socket, stop_,
                                [&](std::string_view bytes) { note([&] { received_[number] += bytes; }); });
      if (!scripts_.empty()) {
        for (const auto& step : scripts_[std::min(number, scripts_.size() - 1)]) {
          if (!step(connection)) break;
        }
      }
    }
    note([&] { finished_[number] = true; });
  }

  void note(const auto& change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }

  std::vector<PeerScript> scripts_;
  int listener_ = -1;
  int stop_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::size_t, std::string> received_;
  mutable std::map<std::size_t, bool> finished_;
  std::vector<std::jthread> runners_;  // grown by the acceptor alone
  std::jthread acceptor_;
};

}  // namespace runwatch::test
