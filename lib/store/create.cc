#include "store/create.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/fd.h"
#include "store/connection.h"
#include "store/schema.h"

namespace runwatch::store {

namespace {

std::unexpected<Failure> system_failure(const std::filesystem::path& path, int error, std::string_view doing) {
  return std::unexpected(failure_of(path, SQLITE_CANTOPEN, error, doing));
}

// An existing file is one that a killed process left, or that another one is just making: its lock tells.
Outcome<void> touch(const std::filesystem::path& path) {
  const core::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  return file ? Outcome<void>{} : system_failure(path, errno, "create it");
}

Outcome<void> build(const std::filesystem::path& path) {
  if (auto touched = touch(path); !touched) return touched;
  const auto connection = Connection::open(path);
  if (!connection) return std::unexpected(connection.error());
  if (auto safe = connection->set("synchronous", "2"); !safe) return safe;
  return migrate(*connection, schema_steps());
}

Outcome<void> sync_directory(const std::filesystem::path& directory) {
  const core::Fd file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file) return system_failure(directory, errno, "open the directory");
  const int error = ::fsync(file.get()) == 0 ? 0 : errno;
  // Some file systems cannot sync a directory, and say so.
  if (error == 0 || error == EINVAL) return {};
  return system_failure(directory, error, "sync the directory");
}

// 0, or errno.
int put_in_place(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  std::error_code ignored;
  if (std::filesystem::exists(to, ignored)) return EEXIST;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Outcome<void> create(const std::filesystem::path& path) {
  std::filesystem::path unfinished = path;
  unfinished += ".creating";
  auto built = build(unfinished);
  if (!built && built.error().kind == FailureKind::corrupt) {
    // Nothing was ever kept under this name: a power cut left it.
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
    built = build(unfinished);
  }
  if (!built) return built;
  const int error = put_in_place(unfinished, path);
  // Another process was first: its database is opened like any other.
  if (error == EEXIST) ::unlink(unfinished.c_str());
  if (error != 0 && error != EEXIST && error != ENOENT) {
    return system_failure(path, error, "put the new database in place");
  }
  return sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace runwatch::store
