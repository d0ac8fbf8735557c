#include "store/connection.h"

#include <fmt/format.h>

namespace runwatch::store {

namespace {

// Long enough for a predecessor that is just closing, short enough to refuse a second instance within a second.
constexpr int kBusyMilliseconds = 400;

}  // namespace

Outcome<Connection> Connection::open(const std::filesystem::path& path) {
  Connection connection;
  connection.path_ = path;
  sqlite3* handle = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, kFlags, nullptr);
  connection.handle_.reset(handle);
  if (code != SQLITE_OK) return connection.failure(code, "open it");
  // SQLite falls back to reading when it may not write.
  if (sqlite3_db_readonly(handle, "main") != 0) {
    return connection.failure(SQLITE_READONLY, "open it for writing");
  }
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  if (auto set = connection.set("locking_mode", "exclusive"); !set) return std::unexpected(set.error());
  return connection;
}

std::filesystem::path Connection::wal_path() const {
  return sqlite3_filename_wal(sqlite3_db_filename(handle_.get(), "main"));
}

int Connection::exec(const std::string& sql) const {
  return sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
}

Outcome<std::string> Connection::ask(std::string_view pragma) const {
  Statement statement;
  int code = statement.prepare(handle_.get(), fmt::format("PRAGMA {}", pragma));
  if (code == SQLITE_OK) code = statement.step();
  std::string answer;
  if (code == SQLITE_DONE || (code == SQLITE_ROW && statement.read(answer))) return answer;
  return failure(code, "read it");
}

Outcome<void> Connection::set(std::string_view pragma, std::string_view value) const {
  if (auto done = ask(fmt::format("{}={}", pragma, value)); !done) return std::unexpected(done.error());
  auto now = ask(pragma);
  if (!now) return std::unexpected(now.error());
  if (*now == value) return {};
  return std::unexpected(
      Failure{FailureKind::other, fmt::format("database {}: SQLite keeps {} at \"{}\" where \"{}\" is needed: put the "
                                              "file on a local file system that can lock files",
                                              path_.string(), pragma, *now, value)});
}

std::unexpected<Failure> Connection::failure(int code, std::string_view doing) const {
  return std::unexpected(failure_of(path_, code, handle_ ? system_error() : 0, doing));
}

// What SQLite kept of errno. A failed COMMIT leaves it with the log's file alone.
int Connection::system_error() const {
  if (const int error = sqlite3_system_errno(handle_.get()); error != 0) return error;
  sqlite3_file* log = nullptr;
  sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  int error = 0;
  if (log != nullptr && log->pMethods != nullptr) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

}  // namespace runwatch::store
