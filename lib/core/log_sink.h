// Where finished log lines go: a descriptor whose reader is never waited for.
//
// A pipe or terminal is opened anew, so that it does not wait for us and still waits for whoever shares it with us;
// where that is not permitted it is asked before each write. A line that finds no room is dropped, whole. Owns: what it
// opens, not the descriptor that it is given. Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/fd.h"

namespace runwatch::core::log {

class Sink {
 public:
  explicit Sink(int fd) : given_(fd) {}

  // Writes `text` and a newline; false: dropped. What is longer than PIPE_BUF is cut. `severity`, syslog's, is for the
  // journal, which reads it from in front of a line.
  bool write(int severity, std::string_view text);

 private:
  void look();
  ssize_t put(std::string_view bytes) const;  // as write(2) does, but at once

  const int given_;
  Fd own_;  // the same file, opened anew
  dev_t device_ = 0;
  ino_t inode_ = 0;  // of what was looked at
  bool journal_ = false;
  bool socket_ = false;
  bool torn_ = false;  // half of a line went out: the next one begins with a newline
};

}  // namespace runwatch::core::log
