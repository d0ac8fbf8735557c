#include "store/store.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "store/create.h"
#include "store/examine.h"
#include "store/file_identity.h"
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

// What is known of the disk, in four pieces:
//
//   session      the connection. Null: lost, and opened again before anything else is done
//   commits      the number of commits on disk, as the caller was told
//   stale        the disk has another number: every commit fails until `load` has told the caller what is there
//   log_trouble  why the last checkpoint failed; empty: it did not
//
// A COMMIT that failed is in doubt: it may be durable all the same, and only what a new connection finds tells.
// `look_up` asks one at once. If it finds the batch, and the batch reaches the database itself (whose sync is a new
// one), the COMMIT has succeeded; if it does not, the batch has failed for good. If it cannot ask, the caller is told
// of a failure, `session` stays null, and the next call asks again, by `reconnect`: should the batch be there, the
// store is stale.
struct Store::Impl {
  std::filesystem::path path;
  FileIdentity file;
  std::unique_ptr<Session> session;
  std::uint64_t commits = 0;
  bool stale = false;
  std::optional<Failure> log_trouble;

  Outcome<void> connect();
  Outcome<void> reconnect();

  // The steps of a commit: the first finds or makes a session, the second may leave none.
  Outcome<void> in_place();
  Outcome<void> write(const Batch& batch);
  Outcome<void> look_up(Failure doubt);  // of `write`'s COMMIT
  Outcome<void> checkpoint(bool must);
  std::unexpected<Failure> moved() const;
  std::unexpected<Failure> outdated() const;
};

// Opens what was open before, and nothing else: no new database, no other file.
Outcome<void> Store::Impl::connect() {
  session.reset();
  const auto now = look_at(path);
  if (!now || now->identity != file) return moved();
  auto opened = Session::open(path);
  if (!opened) return std::unexpected(opened.error());
  if ((*opened)->file() != file) return moved();
  session = std::move(*opened);
  return {};
}

// Where a session is needed: after a loss of it what is on disk must be what the caller knows, and must have got there.
Outcome<void> Store::Impl::reconnect() {
  if (session) return {};
  if (auto connected = connect(); !connected) return connected;
  if (auto there = session->checkpoint(true); !there) {
    session.reset();
    return there;
  }
  if (session->commits() == commits) return {};
  stale = true;
  return outdated();
}

std::unexpected<Failure> Store::Impl::moved() const {
  constexpr std::string_view kText =
      "the database {} was deleted or replaced while runwatch has it open: nothing is written any more; put the file "
      "back, or restart runwatch to go on with what is there";
  return std::unexpected(Failure{FailureKind::other, fmt::format(kText, path.string())});
}

std::unexpected<Failure> Store::Impl::outdated() const {
  constexpr std::string_view kText =
      "database {}: it holds another state than the last one that was reported as written: it has to be loaded again; "
      "a restart of runwatch does that";
  return std::unexpected(Failure{FailureKind::other, fmt::format(kText, path.string()), true});
}

Outcome<void> Store::Impl::in_place() {
  // Kept open: when the file comes back to its place, it goes on.
  if (session && !session->file_in_place()) return moved();
  // Closing moves a deleted log, which only we still see, into the database.
  if (session && !session->log_in_place()) session.reset();
  return reconnect();
}

// A checkpoint that fails loses nothing, so commits go on; but not until the log fills the disk.
Outcome<void> Store::Impl::checkpoint(bool must) {
  auto done = session->checkpoint(must);
  log_trouble.reset();
  if (!done) log_trouble = done.error();
  return done;
}

// Of a transaction that failed before its COMMIT nothing can be durable.
Outcome<void> Store::Impl::write(const Batch& batch) {
  if (const int code = session->write(batch, commits + 1); code != SQLITE_OK) {
    auto failed = session->connection().failure(code, "write to it");
    if (!session->roll_back()) session.reset();
    return failed;
  }
  if (const int code = session->commit(); code != SQLITE_OK) {
    return look_up(session->connection().failure(code, "commit to it").error());
  }
  ++commits;
  return {};
}

Outcome<void> Store::Impl::look_up(Failure doubt) {
  if (auto connected = connect(); !connected) return std::unexpected(std::move(doubt));
  // An absent one: perhaps it is the log that fills the disk. Moved into the database it is short again, and the next
  // commit fits.
  const bool reached = session->checkpoint(true).has_value();
  if (session->commits() == commits) return std::unexpected(std::move(doubt));
  if (session->commits() == commits + 1 && reached) {
    ++commits;
    return {};
  }
  session.reset();
  return std::unexpected(std::move(doubt));
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
  auto contents = impl_->session->contents();
  if (contents) impl_->stale = false;
  return contents;
}

std::expected<task::KnownTasks, Failure> Store::load_tasks(std::int64_t run) {
  if (auto ready = impl_->reconnect(); !ready) return std::unexpected(ready.error());
  return impl_->session->tasks(run);
}

std::expected<std::vector<RecordedChange>, Failure> Store::changes(std::int64_t run, core::WallTime since) {
  if (auto ready = impl_->reconnect(); !ready) return std::unexpected(ready.error());
  return impl_->session->changes(run, since);
}

std::expected<void, Failure> Store::commit(const Batch& batch) {
  if (batch.empty()) return {};
  if (impl_->stale) return impl_->outdated();
  if (auto ready = impl_->in_place(); !ready) return ready;
  if (impl_->log_trouble && impl_->session->wal_size() > kLogLimit) {
    if (auto bounded = impl_->checkpoint(true); !bounded) return bounded;
  }
  if (auto written = impl_->write(batch); !written) return written;
  static_cast<void>(impl_->checkpoint(false));
  return {};
}

core::Bytes Store::database_size() const {
  const auto file = look_at(impl_->path);
  return {file ? file->size : 0};
}

core::Bytes Store::wal_size() const { return {impl_->session ? impl_->session->wal_size() : 0}; }

}  // namespace runwatch::store
