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
void append_text(std::string& out, std::string_view key, std::string_view text) {
  const auto special = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
  out.append(key).append("\"");
  for (;;) {
    const auto stretch = static_cast<std::size_t>(std::ranges::find_if(text, special) - text.begin());
    out.append(text.substr(0, stretch));
    if (stretch == text.size()) break;
    const char c = text[stretch];
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    text.remove_prefix(stretch + 1);
  }
  out += '"';
}

}  // namespace

std::string begin_line(const Request& request, const Answer& answer, std::string_view body, core::WallTime at) {
  std::string line;
  line.reserve(body.size() + body.size() / 4 + 512);
  fmt::format_to(std::back_inserter(line), R"({{"seq":{},"at":{},"status":{})", answer.seq,
                 at.time_since_epoch().count(), answer.status);
  append_text(line, R"(,"path":)", core::to_valid_utf8(request.path));
  append_text(line, R"(,"query":)", core::to_valid_utf8(request.query));
  if (core::is_valid_utf8(body)) append_text(line, R"(,"body":)", body);
  return line;
}

const std::string& finish_line(std::string& line, bool complete, core::WallTime sent) {
  fmt::format_to(std::back_inserter(line), ",\"complete\":{},\"sent\":{}}}\n", complete,
                 sent.time_since_epoch().count());
  return line;
}

core::Result<std::unique_ptr<Journal>> Journal::open(const std::string& file) {
  core::Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (fd) return std::unique_ptr<Journal>(new Journal(std::move(fd)));
  return core::fail(core::ErrorKind::invalid,
                    fmt::format("cannot write the journal {}: {}", core::printable(file), std::strerror(errno)));
}

void Journal::write(std::string_view line) {
  while (!line.empty()) {
    const auto written = ::write(fd_.get(), line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return core::log::error("journal not written", {{"error", std::strerror(errno)}});
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace runwatch::sim
