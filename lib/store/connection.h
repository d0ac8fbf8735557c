// One SQLite connection to an existing file, alone on it: `locking_mode=EXCLUSIVE` is set before the first read, so the
// first read takes the file's lock and the last close gives it back.
//
// The file is never opened by other means while a connection lives: closing any descriptor of a file drops the
// process's POSIX locks on it.
// Owns: the connection. Fails: `locked` within half a second when another process has the file.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "store/failure.h"
#include "store/statement.h"

namespace runwatch::store {

class Connection {
 public:
  static Outcome<Connection> open(const std::filesystem::path& path);

  sqlite3* handle() const { return handle_.get(); }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path wal_path() const;  // beside the file itself, where `path` is a link

  [[nodiscard]] int exec(const std::string& sql) const;
  // The first column of the first row as text; empty: no row.
  Outcome<std::string> ask(std::string_view pragma) const;
  // Sets a pragma and holds the answer against what was asked for: SQLite ignores what it cannot do.
  Outcome<void> set(std::string_view pragma, std::string_view value) const;

  bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }
  std::unexpected<Failure> failure(int code, std::string_view doing) const;

 private:
  int system_error() const;

  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace runwatch::store
