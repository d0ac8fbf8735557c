// Which file it is, by device and inode: SQLite itself goes on writing into a deleted file without a word.
#pragma once

#include <sys/types.h>

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
std::optional<FileState> look_at(const std::filesystem::path& path);

}  // namespace runwatch::store
