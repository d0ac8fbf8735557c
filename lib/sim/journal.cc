#include "sim/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "core/log.h"
#include "core/text.h"

namespace runwatch::sim {
namespace {

// Bodies are large and hold little to escape: copied in stretches.
void append_escaped(std::string& out, std::string_view text) {
  const auto special = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
  while (!text.empty()) {
    const auto stretch = static_cast<std::size_t>(std::ranges::find_if(text, special) - text.begin());
    out.append(text.substr(0, stretch));
    if (stretch == text.size()) return;
    const char c = text[stretch];
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    text.remove_prefix(stretch + 1);
  }
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out.append(key).append("\"");
  append_escaped(out, text);
  out += '"';
}

}  // namespace

std::string begin_line(const JournalEntry& entry) {
  std::string line;
  line.reserve(entry.body.size() + entry.body.size() / 4 + 512);
  fmt::format_to(std::back_inserter(line), R"({{"seq":{},"at":{})", entry.seq, entry.at.time_since_epoch().count());
  append_text(line, R"(,"method":)", entry.method);
  append_text(line, R"(,"path":)", core::to_valid_utf8(entry.path));
  append_text(line, R"(,"query":)", core::to_valid_utf8(entry.query));
  fmt::format_to(std::back_inserter(line), R"(,"status":{})", entry.status);
  if (core::is_valid_utf8(entry.body)) append_text(line, R"(,"body":)", entry.body);
  return line;
}

const std::string& finish_line(std::string& line, bool complete, core::WallTime sent) {
  fmt::format_to(std::back_inserter(line), ",\"complete\":{},\"sent\":{}}}\n", complete,
                 sent.time_since_epoch().count());
  return line;
}

core::Result<std::unique_ptr<Journal>> Journal::open(const std::string& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd >= 0) return std::unique_ptr<Journal>(new Journal(fd));
  return core::fail(core::ErrorKind::invalid,
                    fmt::format("cannot write the journal {}: {}", core::printable(file), std::strerror(errno)));
}

Journal::Journal(int fd) : fd_(fd) {}

Journal::~Journal() { ::close(fd_); }

void Journal::write(std::string_view line) {
  while (!line.empty()) {
    const auto written = ::write(fd_, line.data(), line.size());
    if (written > 0) {
      line.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      static core::log::RateLimit limit(std::chrono::minutes(1));
      if (const auto held_back = limit.admit("journal", "", std::chrono::steady_clock::now())) {
        core::log::error("journal not written", {{"error", std::strerror(errno)}, core::log::suppressed(*held_back)});
      }
      return;
    }
  }
}

}  // namespace runwatch::sim
