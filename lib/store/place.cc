#include "store/place.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <system_error>

#include "core/fd.h"
#include "store/schema.h"

namespace runwatch::store {

namespace {

core::Error missing_directory(const std::filesystem::path& directory) {
  return {core::ErrorKind::unavailable,
          fmt::format("the directory {} for the database does not exist or cannot be entered: create it, owned by the "
                      "user that runwatch runs as, or mount it",
                      directory.string())};
}

bool may(const std::filesystem::path& path, int what) {
  return ::faccessat(AT_FDCWD, path.c_str(), what, AT_EACCESS) == 0;
}

// The process that has the database open (0: one out of sight), by the bytes that SQLite locks: PENDING_BYTE and what
// follows.
std::optional<pid_t> holder(const std::filesystem::path& path) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 0x40000000;
  lock.l_len = 512;
  const core::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const bool held = file && ::fcntl(file.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  return held ? std::optional(lock.l_pid) : std::nullopt;
}

// "Database File Format" §1.3.
Outcome<void> check_header(const std::filesystem::path& path) {
  std::array<char, 100> header{};
  std::ifstream(path, std::ios::binary).read(header.data(), header.size());
  const auto number_at = [&header](std::size_t offset) {
    std::uint32_t number = 0;
    std::memcpy(&number, &header[offset], sizeof number);
    return std::int64_t{ntohl(number)};
  };
  const bool sqlite = std::string_view(header.data(), 16) == std::string_view("SQLite format 3\0", 16);
  return check_ours(path, sqlite ? number_at(68) : 0, number_at(60), std::ssize(schema_steps()));
}

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

core::Result<bool> find_database(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto folder = std::filesystem::absolute(path, ignored).parent_path();
  if (!std::filesystem::is_directory(folder, ignored)) return std::unexpected(missing_directory(folder));
  const auto file = look_at(path);
  if (!file && errno != ENOENT && errno != ENOTDIR) {
    return core::fail(core::ErrorKind::unavailable, fmt::format("cannot look at the database {}: {}", path.string(),
                                                                std::generic_category().message(errno)));
  }
  if (!file) {
    std::filesystem::path log = path;
    log += "-wal";
    const auto left = look_at(log);
    if (!left || left->size == 0) return false;
    return core::fail(core::ErrorKind::corrupt,
                      fmt::format("the database {} is gone, but its log {} is there and holds what was written last: "
                                  "bring the database back, or move the log away to begin anew",
                                  path.string(), log.string()));
  }
  if (!file->regular) {
    return core::fail(core::ErrorKind::invalid,
                      fmt::format("{} is not a regular file: give store.path the name of a file", path.string()));
  }
  if (file->size != 0) return true;
  return core::fail(core::ErrorKind::corrupt,
                    fmt::format("the database {} is empty, as runwatch never leaves it: restore it from a backup, or "
                                "remove the file to begin anew",
                                path.string()));
}

core::Result<void> examine(const std::filesystem::path& path) {
  const auto found = find_database(path);
  if (!found) return std::unexpected(found.error());
  std::error_code ignored;
  const auto folder = std::filesystem::absolute(path, ignored).parent_path();
  if (!may(folder, W_OK | X_OK) || (*found && !may(path, R_OK | W_OK)))
    return std::unexpected(open_error(failure_of(path, SQLITE_READONLY, 0, "open it for writing")));
  if (!*found && std::filesystem::space(folder, ignored).available == 0)
    return std::unexpected(open_error(failure_of(path, SQLITE_FULL, 0, "create it")));
  if (!*found) return {};
  if (const auto process = holder(path))
    return core::fail(core::ErrorKind::busy,
                      fmt::format("database {}: process {} has it open", path.string(), *process));
  if (auto ours = check_header(path); !ours) return std::unexpected(open_error(ours.error()));
  return {};
}

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
