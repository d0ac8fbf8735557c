#include "store/store.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "store/commit.h"
#include "store/create.h"
#include "store/examine.h"
#include "store/file_identity.h"
#include "store/load.h"
#include "store/session.h"

namespace runwatch::store {

namespace {

// A log that could not be moved into the database may grow to this before commits fail for it.
constexpr std::uint64_t kLogLimit = 64ULL << 20;

}  // namespace

bool Batch::empty() const {
  return spaces.empty() && runs.empty() && tasks.empty() && changes.empty() && increments.empty() && odd_ids.empty() &&
         forgotten_runs.empty();
}

struct Store::Impl {
  std::filesystem::path path;
  FileIdentity file;
  std::unique_ptr<Session> session;    // null: to be opened again before anything else
  std::int64_t commits = 0;            // known to be durable
  bool stale = false;                  // the caller has to load again
  std::optional<Failure> log_trouble;  // the last checkpoint's

  Outcome<void> connect();
  Outcome<void> reconnect();
  Outcome<void> in_place();
  Outcome<void> log_bounded();
  Outcome<void> write(const Batch& batch);
  Outcome<void> settle(Failure failed);
  Failure abandon(int code);
  Failure moved() const;
  Failure stale_failure() const;
};

// Opens what was open before, and nothing else: no new database, no other file.
Outcome<void> Store::Impl::connect() {
  session.reset();
  const auto now = look_at(path);
  if (!now || now->identity != file) return std::unexpected(moved());
  auto opened = Session::open(path);
  if (!opened) return std::unexpected(opened.error());
  if ((*opened)->file() != file) return std::unexpected(moved());
  session = std::move(*opened);
  return {};
}

// After a loss of the connection: what is on disk must be what the caller knows, and must have got there.
Outcome<void> Store::Impl::reconnect() {
  if (auto connected = connect(); !connected) return connected;
  if (const int code = session->checkpoint(true); code != SQLITE_OK) {
    Failure failed = session->connection().failure(code, "move its log into it");
    session.reset();
    return std::unexpected(std::move(failed));
  }
  if (session->commits() == commits) return {};
  stale = true;
  return std::unexpected(stale_failure());
}

Failure Store::Impl::moved() const {
  return {
      FailureKind::other,
      fmt::format("the database {} was deleted or replaced while runwatch has it open: nothing is written any more; "
                  "put the file back, or restart runwatch to go on with what is there",
                  path.string())};
}

Failure Store::Impl::stale_failure() const {
  return {FailureKind::other,
          fmt::format("database {}: it holds another state than the last one that was reported as written: it has to "
                      "be loaded again; a restart of runwatch does that",
                      path.string()),
          true};
}

Outcome<void> Store::Impl::in_place() {
  // Kept open: when the file comes back to its place, it goes on.
  if (session && !session->file_in_place()) return std::unexpected(moved());
  // Closing moves a deleted log, which only we still see, into the database.
  if (session && !session->log_in_place()) session.reset();
  return session ? Outcome<void>{} : reconnect();
}

// A checkpoint that fails loses nothing, so commits go on; but not until the log fills the disk.
Outcome<void> Store::Impl::log_bounded() {
  if (!log_trouble || session->wal_size() < kLogLimit) return {};
  const int code = session->checkpoint(true);
  if (code == SQLITE_OK) {
    log_trouble.reset();
    return {};
  }
  log_trouble = session->connection().failure(code, "move its long log into it");
  return std::unexpected(*log_trouble);
}

// Ends a transaction that failed before its COMMIT: of that nothing can be durable.
Failure Store::Impl::abandon(int code) {
  Failure failed = session->connection().failure(code, "write to it");
  if (session->connection().in_transaction()) static_cast<void>((*session)[Sql::rollback].run());
  if (session->connection().in_transaction()) session.reset();
  return failed;
}

Outcome<void> Store::Impl::write(const Batch& batch) {
  if (const int code = (*session)[Sql::begin].run(); code != SQLITE_OK) return std::unexpected(abandon(code));
  int code = write_batch(*session, batch);
  if (code == SQLITE_OK) {
    (*session)[Sql::set_commits].bind(commits + 1);
    code = (*session)[Sql::set_commits].run();
  }
  if (code != SQLITE_OK) return std::unexpected(abandon(code));
  code = (*session)[Sql::commit].run();
  if (code != SQLITE_OK) return settle(session->connection().failure(code, "commit to it"));
  ++commits;
  return {};
}

// A COMMIT that failed may be durable all the same: only what a new connection finds tells. It counts as durable when
// it is there and has reached the database itself, whose sync is a new one.
Outcome<void> Store::Impl::settle(Failure failed) {
  if (auto connected = connect(); !connected) return std::unexpected(std::move(failed));
  if (session->commits() == commits) {
    // Perhaps it is the log that fills the disk: moved into the database it is short again, and the next commit fits.
    static_cast<void>(session->checkpoint(true));
    return std::unexpected(std::move(failed));
  }
  if (session->commits() == commits + 1 && session->checkpoint(true) == SQLITE_OK) {
    ++commits;
    return {};
  }
  session.reset();
  return std::unexpected(std::move(failed));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Store::~Store() = default;

core::Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& path) {
  auto impl = std::make_unique<Impl>();
  std::error_code ignored;
  impl->path = std::filesystem::absolute(path, ignored);
  const auto found = find_database(impl->path);
  if (!found) return std::unexpected(found.error());
  if (!*found) {
    if (auto created = create(impl->path); !created) return std::unexpected(open_error(created.error()));
  }
  auto session = Session::open(impl->path);
  if (!session) return std::unexpected(open_error(session.error()));
  impl->session = std::move(*session);
  impl->file = impl->session->file();
  impl->commits = impl->session->commits();
  return std::unique_ptr<Store>{new Store{std::move(impl)}};
}

std::expected<Contents, Failure> Store::load() {
  if (!impl_->session || impl_->stale) {
    if (auto connected = impl_->connect(); !connected) return std::unexpected(connected.error());
    impl_->commits = impl_->session->commits();
  }
  auto contents = read_contents(*impl_->session);
  if (contents) impl_->stale = false;
  return contents;
}

std::expected<task::KnownTasks, Failure> Store::load_tasks(std::int64_t run) {
  if (!impl_->session) {
    if (auto connected = impl_->reconnect(); !connected) return std::unexpected(connected.error());
  }
  return read_tasks(*impl_->session, run);
}

std::expected<void, Failure> Store::commit(const Batch& batch) {
  if (batch.empty()) return {};
  if (impl_->stale) return std::unexpected(impl_->stale_failure());
  if (auto ready = impl_->in_place(); !ready) return ready;
  if (auto bounded = impl_->log_bounded(); !bounded) return bounded;
  if (auto written = impl_->write(batch); !written) return written;
  const int code = impl_->session->checkpoint(false);
  if (code == SQLITE_OK) {
    impl_->log_trouble.reset();
  } else {
    impl_->log_trouble = impl_->session->connection().failure(code, "move its log into it");
  }
  return {};
}

core::Bytes Store::database_size() const {
  const auto file = look_at(impl_->path);
  return {file ? file->size : 0};
}

core::Bytes Store::wal_size() const { return {impl_->session ? impl_->session->wal_size() : 0}; }

}  // namespace runwatch::store
