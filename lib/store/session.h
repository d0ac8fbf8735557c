// A database opened, checked and ready: what is read from it and written to it, and how much of the log awaits the
// checkpoint.
//
// Opening reads the header, the schema and one row, whatever the size: damaged pages further in are found when read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "store/backup.h"
#include "store/connection.h"
#include "store/tables.h"

namespace runwatch::store {

// Which pages lose what was deleted from them: those that are written anyway, or those that become free, too.
inline constexpr std::string_view kZeroWritten = "secure_delete=fast";
inline constexpr std::string_view kZeroAll = "secure_delete=on";

// What a batch says of alerts, within its transaction. SQLITE_OK or an error.
[[nodiscard]] int write_alerts(AlertTables& tables, const Batch& batch);

class Session {
 public:
  static Outcome<std::unique_ptr<Session>> open(const std::filesystem::path& path);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const Connection& connection() const { return connection_; }
  std::uint64_t commits() const { return opened_.commits; }  // as found when opened

  Outcome<Contents> contents();
  Outcome<task::KnownTasks> tasks(std::int64_t run);
  Outcome<task::History> points(std::int64_t run);
  Outcome<void> each_change(std::int64_t run, core::WallTime since,
                            const std::function<void(const RecordedChange&)>& take);
  Outcome<std::vector<RecordedChange>> newest_changes(const ChangesFilter& filter);
  Outcome<std::vector<HourCount>> hours(std::int64_t run, std::int64_t from, core::WallTime since);

  // What Store says, of alerts: in session_alerts.cc.
  Outcome<std::int64_t> next_seq(std::int64_t run);
  Outcome<std::optional<OutboxRow>> next(const std::string& receiver, core::WallTime lived);
  Outcome<std::vector<std::string>> queued();
  Outcome<std::optional<core::WallTime>> next_due(const std::string& receiver);
  Outcome<std::optional<OutboxRow>> row(std::int64_t seq);
  Outcome<std::vector<OutboxRow>> waiting(const std::string& receiver, std::int64_t incident);
  Outcome<std::vector<OutboxRow>> rows(const RowFilter& filter);
  Outcome<std::vector<DeliveryAttempt>> attempts(std::int64_t row);
  Outcome<Queue> queue(const std::string& receiver);
  Outcome<std::string> odd_id(const task::TaskKey& key);

  Outcome<void> begin_backup(const std::filesystem::path& copy);
  Outcome<bool> continue_backup(const std::filesystem::path& copy);
  void end_backup(const std::filesystem::path& copy);

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
  Outcome<void> read_alerts(Contents& contents);
  // All rows of a table.
  template <class Row>
  Outcome<std::vector<Row>> list(Table<Row>& table, const auto&... asked);
  Outcome<void> identify();
  std::unexpected<Failure> unreadable(int code, std::string_view table) const;
  static int on_commit(void* session, sqlite3* connection, const char* database, int frames);

  Connection connection_;  // before the statements: it goes last
  std::optional<Tables> tables_;
  FileIdentity file_;
  std::optional<FileIdentity> log_;
  Meta opened_;
  std::int64_t last_incident_ = 0;  // highest numbers given so far
  std::int64_t last_silence_ = 0;
  int frames_ = 0;                  // in the log
  std::unique_ptr<Backup> backup_;  // after the connection: it goes first
};

}  // namespace runwatch::store
