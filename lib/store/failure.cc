#include "store/failure.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace runwatch::store {

namespace {

std::string_view advice(FailureKind kind, int system_error = 0) {
  if (system_error == EMFILE || system_error == ENFILE) {
    return "raise the limit of open files (LimitNOFILE= in its unit, ulimit -n)";
  }
  switch (kind) {
    case FailureKind::full:
      return "free space on its file system";
    case FailureKind::io:
      return "check the disk and the kernel's log";
    case FailureKind::corrupt:
      return "stop runwatch and restore the file from a backup, or move it and its -wal file away to begin anew";
    case FailureKind::readonly:
      return "make the file and its directory writable for the user that runwatch runs as";
    case FailureKind::locked:
      return "another process has it open, perhaps a second runwatch: stop that one";
    case FailureKind::other:
      break;
  }
  return "check the file, its directory and their owner";
}

bool is_full(int system_error) { return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG; }

bool is_readonly(int system_error) { return system_error == EROFS || system_error == EACCES || system_error == EPERM; }

FailureKind kind_of(int code, int system_error) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return FailureKind::full;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (is_full(system_error)) return FailureKind::full;
      if (is_readonly(system_error)) return FailureKind::readonly;
      return (code & 0xff) == SQLITE_IOERR ? FailureKind::io : FailureKind::other;
    case SQLITE_ERROR:  // all SQL is fixed: what is wrong with it is the file that it meets
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return FailureKind::corrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return FailureKind::readonly;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return FailureKind::locked;
    default:
      return FailureKind::other;
  }
}

}  // namespace

Failure failure_of(const std::filesystem::path& path, int code, int system_error, std::string_view doing) {
  const FailureKind kind = kind_of(code, system_error);
  // errno is left over from older calls unless the code is one of the operating system's.
  const bool told = system_error != 0 && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN);
  const std::string cause = told ? fmt::format(", {}", std::generic_category().message(system_error)) : std::string{};
  return {kind, fmt::format("database {}: cannot {}: {} (SQLite code {}{}): {}", path.string(), doing,
                            sqlite3_errstr(code), code, cause, advice(kind, told ? system_error : 0))};
}

std::unexpected<Failure> damaged(const std::filesystem::path& path, std::string_view what) {
  return std::unexpected(Failure{
      FailureKind::corrupt, fmt::format("database {}: {}: {}", path.string(), what, advice(FailureKind::corrupt))});
}

core::Error open_error(const Failure& failure) {
  switch (failure.kind) {
    case FailureKind::corrupt:
      return {core::ErrorKind::corrupt, failure.text};
    case FailureKind::locked:
      return {core::ErrorKind::busy, failure.text};
    default:
      return {core::ErrorKind::unavailable, failure.text};
  }
}

}  // namespace runwatch::store
