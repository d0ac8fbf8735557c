#include "store/file_identity.h"

#include <sys/stat.h>

namespace runwatch::store {

std::optional<FileState> look_at(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileState{{status.st_dev, status.st_ino}, static_cast<std::uint64_t>(status.st_size), S_ISREG(status.st_mode)};
}

}  // namespace runwatch::store
