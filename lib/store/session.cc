#include "store/session.h"

#include <string>

#include "store/schema.h"

namespace runwatch::store {

namespace {

constexpr int kCheckpointFrames = 1000;           // 4 MB of pages
constexpr std::uint64_t kLogKept = 16ULL << 20;   // a longer log gives its space back
constexpr std::string_view kPageCache = "-1024";  // KiB

constexpr std::array<std::string_view, kSqlCount> kSql{
    "BEGIN IMMEDIATE",
    "COMMIT",
    "ROLLBACK",
    "SELECT commits FROM meta WHERE one = 1",
    "UPDATE meta SET commits = ? WHERE one = 1",
    "SELECT number, key, slug, first_discovery, selection FROM spaces ORDER BY number",
    "SELECT number, space, run_id, status, status_given, row_mode, batch_count, created, modified, listed, baseline, "
    "polled, retired, execution, mode, last_change, finished, retired_at, pending, scheduled, processing, in_progress, "
    "hold, completed, partially_completed, failed, unknown FROM runs ORDER BY number",
    "SELECT id, state FROM tasks WHERE run = ? ORDER BY id",
    "SELECT pending + scheduled + processing + in_progress + hold + completed + partially_completed + failed + unknown "
    "FROM runs WHERE number = ?",
    "SELECT cell, value FROM counters WHERE space = ?",
    "SELECT value FROM counters WHERE space = ? AND cell = ?",
    "INSERT INTO spaces VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(number) DO UPDATE SET key = ?2, slug = ?3, "
    "first_discovery = ?4, selection = ?5",
    "REPLACE INTO runs VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "REPLACE INTO tasks VALUES(?, ?, ?)",
    "INSERT INTO odd_ids VALUES(?, ?, ?) ON CONFLICT DO NOTHING",
    "SELECT max(seq) FROM changes WHERE run = ?",
    "INSERT INTO changes VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "REPLACE INTO counters VALUES(?, ?, ?)",
    "DELETE FROM runs WHERE number = ?",
    "DELETE FROM tasks WHERE run = ?",
    "DELETE FROM odd_ids WHERE run = ?",
    "DELETE FROM changes WHERE run = ?",
};

}  // namespace

Outcome<std::unique_ptr<Session>> Session::open(const std::filesystem::path& path) {
  auto connection = Connection::open(path);
  if (!connection) return std::unexpected(connection.error());
  std::unique_ptr<Session> session{new Session{std::move(*connection)}};
  if (auto done = session->configure(); !done) return std::unexpected(done.error());
  if (auto done = session->prepare(); !done) return std::unexpected(done.error());
  if (auto done = session->read_commits(); !done) return std::unexpected(done.error());
  if (auto done = session->identify(); !done) return std::unexpected(done.error());
  return session;
}

Outcome<void> Session::configure() {
  if (auto ours = check_ours(connection_, std::ssize(schema_steps())); !ours) return ours;
  if (auto set = connection_.set("journal_mode", "wal"); !set) return set;
  if (auto set = connection_.set("synchronous", "2"); !set) return set;
  if (auto set = connection_.set("temp_store", "2"); !set) return set;
  if (auto set = connection_.set("cache_size", kPageCache); !set) return set;
  if (auto set = connection_.set("cell_size_check", "1"); !set) return set;
  if (auto set = connection_.set("journal_size_limit", std::to_string(kLogKept)); !set) return set;
  // A memory map would turn a disk error into SIGBUS. Without the feature the answer is empty, and good.
  if (auto mapped = connection_.ask("mmap_size=0"); !mapped) return std::unexpected(mapped.error());
  // SQLite's own checkpoint keeps its errors to itself.
  sqlite3_wal_autocheckpoint(connection_.handle(), 0);
  sqlite3_wal_hook(connection_.handle(), &Session::on_commit, this);
  return migrate(connection_, schema_steps());
}

Outcome<void> Session::prepare() {
  for (std::size_t i = 0; i < kSqlCount; ++i) {
    const int code = statements_[i].prepare(connection_.handle(), kSql[i]);
    if (code == SQLITE_ERROR) {
      return std::unexpected(damaged(connection_.path(), "its tables are not those of its format"));
    }
    if (code != SQLITE_OK) return std::unexpected(connection_.failure(code, "read its tables"));
  }
  return {};
}

// In a write transaction, so that the lock is there from now on.
Outcome<void> Session::read_commits() {
  if (const int code = (*this)[Sql::begin].run(); code != SQLITE_OK) {
    return std::unexpected(connection_.failure(code, "lock it"));
  }
  Statement& get = (*this)[Sql::get_commits];
  const int code = get.step();
  commits_ = code == SQLITE_ROW ? get.integer() : -1;
  get.reset();
  if (const int end = (*this)[Sql::rollback].run(); end != SQLITE_OK) {
    return std::unexpected(connection_.failure(end, "unlock it"));
  }
  if (code != SQLITE_ROW && code != SQLITE_DONE) {
    return std::unexpected(connection_.failure(code, "read the number of its commits"));
  }
  if (commits_ < 0) return std::unexpected(damaged(connection_.path(), "the number of its commits is missing"));
  return {};
}

Outcome<void> Session::identify() {
  const auto file = look_at(connection_.path());
  int moved = 0;
  sqlite3_file_control(connection_.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (!file || moved != 0) return std::unexpected(connection_.failure(SQLITE_READONLY_DBMOVED, "find it in its place"));
  file_ = file->identity;
  return {};
}

int Session::on_commit(void* session, sqlite3*, const char*, int frames) {
  static_cast<Session*>(session)->frames_ = frames;
  return SQLITE_OK;
}

bool Session::file_in_place() const {
  const auto file = look_at(connection_.path());
  return file && file->identity == file_;
}

bool Session::log_in_place() {
  if (frames_ == 0) return true;
  const auto log = look_at(connection_.wal_path());
  if (!log) return false;
  if (!log_) log_ = log->identity;
  return log->identity == *log_;
}

int Session::checkpoint(bool must) {
  if (!must && frames_ < kCheckpointFrames) return SQLITE_OK;
  const bool shorten = must || wal_size() > kLogKept;
  int left = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(
      connection_.handle(), "main", shorten ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &left, &moved);
  if (code == SQLITE_OK) frames_ = 0;
  return code;
}

std::uint64_t Session::wal_size() const {
  const auto log = look_at(connection_.wal_path());
  return log ? log->size : 0;
}

}  // namespace runwatch::store
