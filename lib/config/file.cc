#include "config/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "config/units.h"
#include "core/fd.h"

namespace runwatch::config {
namespace {

std::unexpected<core::Error> refuse(std::string text) { return core::fail(core::ErrorKind::invalid, std::move(text)); }

std::unexpected<core::Error> refuse_errno(std::string_view what) {
  return refuse(fmt::format("{}: {}", what, std::generic_category().message(errno)));
}

std::string too_large(core::Bytes limit) { return fmt::format("is larger than {}", format_size(limit)); }

std::optional<std::string> fault_in(const struct stat& status, core::Bytes limit) {
  if (S_ISDIR(status.st_mode)) return "is a directory, not a file";
  if (S_ISFIFO(status.st_mode)) return "is a FIFO, not a regular file";
  if (!S_ISREG(status.st_mode)) return "is not a regular file";
  if (static_cast<std::uint64_t>(status.st_size) > limit.count) return too_large(limit);
  return std::nullopt;
}

core::Result<std::string> read_all(int fd, core::Bytes limit) {
  std::string content(limit.count + 1, '\0');
  std::size_t length = 0;
  while (length < content.size()) {
    const ssize_t got = ::read(fd, content.data() + length, content.size() - length);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse_errno("cannot be read");
    length += static_cast<std::size_t>(got);
  }
  if (length > limit.count) return refuse(too_large(limit));
  content.resize(length);
  return content;
}

}  // namespace

core::Result<std::string> read_small_file(const std::filesystem::path& path, core::Bytes limit) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return refuse_errno("cannot be read");
  if (auto fault = fault_in(status, limit)) return refuse(std::move(*fault));
  const core::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return refuse_errno("cannot be opened");
  // Another file may stand there by now.
  if (::fstat(file.get(), &status) != 0) return refuse_errno("cannot be read");
  if (auto fault = fault_in(status, limit)) return refuse(std::move(*fault));
  return read_all(file.get(), limit);
}

}  // namespace runwatch::config
