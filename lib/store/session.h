// A database opened, checked and ready: what is read from it and written to it, and how much of the log awaits the
// checkpoint.
//
// Opening reads the header, the schema and one row, whatever the size: damaged pages further in are found when read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "store/connection.h"
#include "store/tables.h"

namespace runwatch::store {

class Session {
 public:
  static Outcome<std::unique_ptr<Session>> open(const std::filesystem::path& path);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Connection& connection() const { return connection_; }
  std::uint64_t commits() const { return opened_.commits; }  // as found when opened

  Outcome<Contents> contents();
  Outcome<task::KnownTasks> tasks(std::int64_t run);
  Outcome<std::vector<RecordedChange>> changes(std::int64_t run, core::WallTime since);

  // A transaction as far as its COMMIT, with the number of commits that it leads to; after an error it may still be
  // open. SQLITE_OK or an error.
  [[nodiscard]] int write(const Batch& batch, std::uint64_t commits);
  [[nodiscard]] int commit() { return tables_->commit.run(); }
  // False: the transaction stays open.
  [[nodiscard]] bool roll_back();

  const FileIdentity& file() const { return file_; }
  // The file and, once written, its log are still the ones that were opened.
  bool file_in_place() const;
  bool log_in_place();

  // Moves the log into the database when it is long. `must`: now, and with nothing left in the log.
  Outcome<void> checkpoint(bool must);
  std::uint64_t wal_size() const;

 private:
  explicit Session(Connection connection) : connection_{std::move(connection)} {}
  Outcome<void> configure();
  Outcome<void> prepare();
  Outcome<Meta> meta();
  Outcome<void> identify();
  std::unexpected<Failure> unreadable(int code, std::string_view table) const;
  static int on_commit(void* session, sqlite3* connection, const char* database, int frames);

  Connection connection_;  // before the statements: it goes last
  std::optional<Tables> tables_;
  FileIdentity file_;
  std::optional<FileIdentity> log_;
  Meta opened_;
  int frames_ = 0;  // in the log
};

}  // namespace runwatch::store
