#include "sim/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/log.h"
#include "core/text.h"

namespace runwatch::sim {

std::string begin_line(const Request& request, const Answer& answer, std::string_view body, core::WallTime at) {
  nlohmann::ordered_json line{{"seq", answer.seq},
                              {"at", at.time_since_epoch().count()},
                              {"status", answer.status},
                              {"path", core::to_valid_utf8(request.path)},
                              {"query", core::to_valid_utf8(request.query)}};
  if (core::is_valid_utf8(body)) line["body"] = body;
  auto text = line.dump();
  text.pop_back();  // the end of the object
  return text;
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
