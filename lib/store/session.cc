#include "store/session.h"

#include <string>

#include "store/place.h"
#include "store/schema.h"

namespace runwatch::store {

namespace {

constexpr int kCheckpointFrames = 1000;           // 4 MB of pages
constexpr std::uint64_t kLogKept = 16ULL << 20;   // a longer log gives its space back
constexpr std::string_view kPageCache = "-1024";  // KiB

}  // namespace

Outcome<std::unique_ptr<Session>> Session::open(const std::filesystem::path& path) {
  auto connection = Connection::open(path);
  if (!connection) return std::unexpected(connection.error());
  std::unique_ptr<Session> session{new Session{std::move(*connection)}};
  if (auto done = session->configure(); !done) return std::unexpected(done.error());
  if (auto done = session->prepare(); !done) return std::unexpected(done.error());
  const auto meta = session->meta();
  if (!meta) return std::unexpected(meta.error());
  session->opened_ = *meta;
  session->last_incident_ = meta->last_incident;
  session->last_silence_ = meta->last_silence;
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
  // What is written over, as former keys of spaces are, is zeroed in the pages that are written anyway.
  if (auto zeroed = connection_.ask(kZeroWritten); !zeroed) return std::unexpected(zeroed.error());
  if (auto set = connection_.set("recursive_triggers", "1"); !set) return set;
  // SQLite's own checkpoint keeps its errors to itself.
  sqlite3_wal_autocheckpoint(connection_.handle(), 0);
  sqlite3_wal_hook(connection_.handle(), &Session::on_commit, this);
  return migrate(connection_, schema_steps());
}

Outcome<void> Session::prepare() {
  const int code = tables_.emplace(Preparation{connection_.handle()}).prepare.code;
  if (code == SQLITE_ERROR) {
    return damaged(connection_.path(), "its tables are not those of its format");
  }
  if (code != SQLITE_OK) return connection_.failure(code, "read its tables");
  // A write transaction: the lock is there from now on.
  const int lock = connection_.exec("BEGIN IMMEDIATE; ROLLBACK");
  return lock == SQLITE_OK ? Outcome<void>{} : connection_.failure(lock, "lock it");
}

Outcome<void> Session::identify() {
  const auto file = look_at(connection_.path());
  int moved = 0;
  sqlite3_file_control(connection_.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (!file || moved != 0) return connection_.failure(SQLITE_READONLY_DBMOVED, "find it in its place");
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

Outcome<void> Session::checkpoint(bool must) {
  if (!must && frames_ < kCheckpointFrames) return {};
  const int mode = must || wal_size() > kLogKept ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), "main", mode, nullptr, nullptr);
  if (code != SQLITE_OK) return connection_.failure(code, "move its log into it");
  frames_ = 0;
  return {};
}

Outcome<void> Session::begin_backup(const std::filesystem::path& copy) {
  if (backup_) return std::unexpected(Failure{FailureKind::locked, "another copy is in the making: ask again"});
  auto begun = Backup::begin(connection_.handle(), copy);
  if (!begun) return std::unexpected(std::move(begun.error()));
  backup_ = std::move(*begun);
  return {};
}

Outcome<bool> Session::continue_backup(const std::filesystem::path& copy) {
  if (!backup_ || backup_->copy() != copy)
    return std::unexpected(Failure{FailureKind::other, "the database was opened anew meanwhile: ask again"});
  auto done = backup_->step();
  if (!done || *done) backup_.reset();
  return done;
}

void Session::end_backup(const std::filesystem::path& copy) {
  if (backup_ && backup_->copy() == copy) backup_.reset();
}

bool Session::roll_back() {
  if (connection_.in_transaction()) static_cast<void>(tables_->rollback.run());
  return !connection_.in_transaction();
}

std::uint64_t Session::wal_size() const {
  const auto log = look_at(connection_.wal_path());
  return log ? log->size : 0;
}

}  // namespace runwatch::store
