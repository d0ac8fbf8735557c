#include "config/small_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

#include "config/units.h"

namespace runwatch::config {
namespace {

using Kind = FileFault::Kind;

std::unexpected<FileFault> cannot(std::string_view what) {
  const int error = errno;
  return std::unexpected(FileFault{error == EACCES || error == EPERM ? Kind::shut : Kind::other,
                                   fmt::format("cannot be {}: {}", what, std::generic_category().message(error))});
}

std::string_view kind_of(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return "is a directory, not a file";
  return S_ISFIFO(status.st_mode) ? "is a FIFO, not a regular file" : "is not a regular file";
}

}  // namespace

std::expected<std::string, FileFault> read_small_file(const std::filesystem::path& path, core::Bytes limit) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return cannot("read");
  if (!S_ISREG(status.st_mode)) return std::unexpected(FileFault{Kind::other, std::string(kind_of(status))});
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot("opened");
  std::string content(limit.count + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad()) return cannot("read");
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() <= limit.count) return content;
  return std::unexpected(FileFault{Kind::large, "is larger than " + format_size(limit)});
}

}  // namespace runwatch::config
