// A copy of the database in the making, some pages at a time, so that nobody waits for long.
//
// What is committed between two steps is in the copy, too (SQLite's online backup, within one connection).
// Owns: the connection to the copy; a copy that is given up is removed. Threads: the ledger's.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "store/failure.h"

namespace runwatch::store {

class Backup {
 public:
  // Makes the file, mode 0600, in the place of one that was left there. `source` outlives the backup.
  static Outcome<std::unique_ptr<Backup>> begin(sqlite3* source, const std::filesystem::path& copy);
  ~Backup();
  Backup(const Backup&) = delete;
  Backup& operator=(const Backup&) = delete;

  // True: the copy is whole and closed. It is not synced yet.
  Outcome<bool> step();
  const std::filesystem::path& copy() const { return copy_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
    void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
  };

  explicit Backup(std::filesystem::path copy) : copy_(std::move(copy)) {}
  std::unexpected<Failure> failure(int code) const;

  std::filesystem::path copy_;
  bool whole_ = false;
  std::unique_ptr<sqlite3, Close> target_;
  std::unique_ptr<sqlite3_backup, Close> backup_;  // goes first
};

}  // namespace runwatch::store
