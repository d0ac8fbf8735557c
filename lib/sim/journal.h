// A log of every answer for whoever judges from outside: JSON lines in a file, one per answer of the API.
//
// {"seq":7,"at":1769858258067,"path":"/api/…","query":"page=1","status":200,"body":"…","complete":true,
// "sent":1769858258069}
//
// `seq` is the order in which the world was looked at; lines stand in the order in which answers were sent, and a line
// is written when its last byte was given to the kernel or its connection ended, so the reader sees it at once. `at` is
// when the answer was formed and `sent` when it was sent, in ms since 1970. `complete` is false when not all bytes went
// out. `body` is what was to be sent, less what a fault held back; one that is not UTF-8, as a fault may cut it, is
// left out. Tokens and headers are not written.
// Owns: the file descriptor. Threads: any; a line is one write, appended.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "core/error.h"
#include "core/fd.h"
#include "sim/platform.h"

namespace runwatch::sim {

// A line but for what is known only in the end; `finish_line` makes it whole and returns it.
std::string begin_line(const Request& request, const Answer& answer, std::string_view body, core::WallTime at);
const std::string& finish_line(std::string& line, bool complete, core::WallTime sent);

class Journal {
 public:
  // Appends to an existing file. Fails: `invalid` when it cannot be opened.
  static core::Result<std::unique_ptr<Journal>> open(const std::string& file);

  // Failures are logged: the platform goes on without its log.
  void write(std::string_view line);

 private:
  explicit Journal(core::Fd fd) : fd_(std::move(fd)) {}
  core::Fd fd_;
};

}  // namespace runwatch::sim
