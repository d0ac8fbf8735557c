// A database opened, checked and ready: the connection, its prepared statements, and how much of the log awaits the
// checkpoint.
//
// Opening reads the header, the schema and one row, whatever the size: damaged pages further in are found when read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "store/connection.h"
#include "store/file_identity.h"
#include "store/statement.h"

namespace runwatch::store {

enum class Sql : std::uint8_t {
  begin,
  commit,
  rollback,
  get_commits,
  set_commits,
  get_spaces,
  get_runs,
  get_tasks,
  get_task_count,
  get_counters,
  get_counter,
  put_space,
  put_run,
  put_task,
  put_odd_id,
  last_change,
  put_change,
  put_counter,
  forget_run,
  forget_tasks,
  forget_odd_ids,
  forget_changes,
};
inline constexpr std::size_t kSqlCount = static_cast<std::size_t>(Sql::forget_changes) + 1;

class Session {
 public:
  static Outcome<std::unique_ptr<Session>> open(const std::filesystem::path& path);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Connection& connection() const { return connection_; }
  Statement& operator[](Sql which) { return statements_[static_cast<std::size_t>(which)]; }
  std::int64_t commits() const { return commits_; }  // as found when opened

  const FileIdentity& file() const { return file_; }
  // The file and, once written, its log are still the ones that were opened.
  bool file_in_place() const;
  bool log_in_place();

  // Moves the log into the database when it is long. `must`: now, and with nothing left in the log.
  [[nodiscard]] int checkpoint(bool must);
  std::uint64_t wal_size() const;

 private:
  explicit Session(Connection connection) : connection_{std::move(connection)} {}
  Outcome<void> configure();
  Outcome<void> prepare();
  Outcome<void> read_commits();
  Outcome<void> identify();
  static int on_commit(void* session, sqlite3* connection, const char* database, int frames);

  Connection connection_;  // before the statements: it goes last
  std::array<Statement, kSqlCount> statements_;
  FileIdentity file_;
  std::optional<FileIdentity> log_;
  std::int64_t commits_ = 0;
  int frames_ = 0;  // in the log
};

}  // namespace runwatch::store
