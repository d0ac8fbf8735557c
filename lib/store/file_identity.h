// Which file it is, by device and inode: SQLite itself goes on writing into a deleted file without a word.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>

namespace runwatch::store {

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

struct FileState {
  FileIdentity identity;
  std::uint64_t size = 0;
  bool regular = false;
};

// Nothing: there is no such file, or it cannot be looked at (errno tells).
inline std::optional<FileState> look_at(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileState{{status.st_dev, status.st_ino}, static_cast<std::uint64_t>(status.st_size), S_ISREG(status.st_mode)};
}

}  // namespace runwatch::store
