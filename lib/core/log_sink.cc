#include "core/log_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>

namespace runwatch::core::log {
namespace {

// $JOURNAL_STREAM names the socket that systemd connected; that it is set says nothing about where our lines go
// (systemd.exec(5)).
bool is_journal(const struct stat& file) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  return stream != nullptr && fmt::format("{}:{}", file.st_dev, file.st_ino) == stream;
}

}  // namespace

bool Sink::write(int severity, std::string_view text) {
  look();
  std::string line = torn_ ? "\n" : "";
  if (journal_) line += fmt::format("<{}>", severity);
  line += text.substr(0, PIPE_BUF - 1 - line.size());
  line += '\n';
  const auto size = static_cast<ssize_t>(line.size());
  const ssize_t written = put(line);
  if (written > 0) torn_ = written < size;
  return written >= size - 1;  // all but the newline, which comes with the next one
}

// The descriptor may have become another file since the last line.
void Sink::look() {
  struct stat file{};
  if (::fstat(given_, &file) != 0 || (file.st_dev == device_ && file.st_ino == inode_)) return;
  device_ = file.st_dev;
  inode_ = file.st_ino;
  journal_ = is_journal(file);
  socket_ = S_ISSOCK(file.st_mode);
  torn_ = false;
  own_ = {};
  if (!S_ISFIFO(file.st_mode) && !::isatty(given_)) return;
  own_ = Fd(::open(fmt::format("/proc/self/fd/{}", given_).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

ssize_t Sink::put(std::string_view bytes) const {
  if (socket_) return ::send(given_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (own_) return ::write(own_.get(), bytes.data(), bytes.size());
  pollfd polled{.fd = given_, .events = POLLOUT, .revents = 0};
  return ::poll(&polled, 1, 0) > 0 ? ::write(given_, bytes.data(), bytes.size()) : -1;
}

}  // namespace runwatch::core::log
