// The database's place among the files: what stands there, and how a new one gets there.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "store/failure.h"

namespace runwatch::store {

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

// Whether there is a database. Fails: for what must neither be opened nor replaced, or has no directory.
core::Result<bool> find_database(const std::filesystem::path& path);

// Makes a new database under another name and puts it in place at once, so that a kill or a power cut leaves either no
// database or a whole one; that is why an empty file under the database's name is never taken for a new one. Does
// nothing when another process puts one in place first. The file's mode is 0600.
Outcome<void> create(const std::filesystem::path& path);

}  // namespace runwatch::store
