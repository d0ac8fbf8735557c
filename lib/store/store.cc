#include "store/store.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>
#include <tuple>

#include "store/place.h"
#include "store/session.h"

namespace runwatch::store {

namespace {

// A log that could not be moved into the database may grow to this before commits fail for it.
constexpr std::uint64_t kLogLimit = 64ULL << 20;

}  // namespace

bool Batch::empty() const {
  return spaces.empty() && runs.empty() && tasks.empty() && changes.empty() && increments.empty() && odd_ids.empty() &&
         forgotten_runs.empty() && histories.empty() && (alerts == nullptr || alerts->empty()) && outbox.empty() &&
         attempts.empty() && totals.empty() && !outbox_before && !heartbeat;
}

Store::Store(std::filesystem::path path, std::unique_ptr<Session> session)
    : path_{std::move(path)}, file_{session->file()}, session_{std::move(session)}, commits_{session_->commits()} {}

// Opens what was open before, and nothing else: no new database, no other file.
Outcome<void> Store::connect() {
  session_.reset();
  const auto now = look_at(path_);
  if (!now || now->identity != file_) return moved();
  auto opened = Session::open(path_);
  if (!opened) return std::unexpected(opened.error());
  if ((*opened)->file() != file_) return moved();
  session_ = std::move(*opened);
  return {};
}

// Where a session is needed: after a loss of it what is on disk must be what the caller knows, and must have got there.
Outcome<void> Store::reconnect() {
  if (session_) return {};
  if (auto connected = connect(); !connected) return connected;
  if (auto there = session_->checkpoint(true); !there) {
    session_.reset();
    return there;
  }
  if (session_->commits() == commits_) return {};
  stale_ = true;
  return outdated();
}

std::unexpected<Failure> Store::moved() const {
  constexpr std::string_view kText =
      "the database {} was deleted or replaced while runwatch has it open: nothing is written any more; put the file "
      "back, or restart runwatch to go on with what is there";
  return std::unexpected(Failure{FailureKind::other, fmt::format(kText, path_.string())});
}

std::unexpected<Failure> Store::outdated() const {
  constexpr std::string_view kText =
      "database {}: it holds another state than the last one that was reported as written: it has to be loaded again; "
      "a restart of runwatch does that";
  return std::unexpected(Failure{FailureKind::other, fmt::format(kText, path_.string()), true});
}

Outcome<void> Store::in_place() {
  // Kept open: when the file comes back to its place, it goes on.
  if (session_ && !session_->file_in_place()) return moved();
  // Closing moves a deleted log, which only we still see, into the database.
  if (session_ && !session_->log_in_place()) session_.reset();
  return reconnect();
}

// A checkpoint that fails loses nothing, so commits go on; but not until the log fills the disk.
Outcome<void> Store::checkpoint(bool must) {
  auto done = session_->checkpoint(must);
  log_trouble_.reset();
  if (!done) log_trouble_ = done.error();
  return done;
}

// Of a transaction that failed before its COMMIT nothing can be durable.
Outcome<void> Store::write(const Batch& batch) {
  if (const int code = session_->write(batch, commits_ + 1); code != SQLITE_OK) {
    auto failed = session_->connection().failure(code, "write to it");
    if (!session_->roll_back()) session_.reset();
    return failed;
  }
  if (const int code = session_->commit(); code != SQLITE_OK) {
    return look_up(session_->connection().failure(code, "commit to it").error());
  }
  ++commits_;
  return {};
}

Outcome<void> Store::look_up(Failure doubt) {
  if (auto connected = connect(); !connected) return std::unexpected(std::move(doubt));
  // An absent one: perhaps it is the log that fills the disk. Moved into the database it is short again, and the next
  // commit fits.
  const bool reached = session_->checkpoint(true).has_value();
  if (session_->commits() == commits_) return std::unexpected(std::move(doubt));
  if (session_->commits() == commits_ + 1 && reached) {
    ++commits_;
    return {};
  }
  session_.reset();
  return std::unexpected(std::move(doubt));
}

Store::~Store() = default;

core::Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto whole = std::filesystem::absolute(path, ignored);
  const auto found = find_database(whole);
  if (!found) return std::unexpected(found.error());
  if (!*found) {
    if (auto created = create(whole); !created) return std::unexpected(open_error(created.error()));
  }
  auto session = Session::open(whole);
  if (!session) return std::unexpected(open_error(session.error()));
  std::unique_ptr<Store> store{new Store{whole, std::move(*session)}};
  // Nobody knows what of it a killed process was about to erase.
  if (store->wal_size().count > 0) std::ignore = store->scrub();
  return store;
}

std::expected<Contents, Failure> Store::load() {
  if (!session_ || stale_) {
    if (auto connected = connect(); !connected) return std::unexpected(connected.error());
    commits_ = session_->commits();
  }
  auto contents = session_->contents();
  if (contents) stale_ = false;
  return contents;
}

template <class Ask>
auto Store::ask(Ask question) -> decltype(question(std::declval<Session&>())) {
  if (auto ready = reconnect(); !ready) return std::unexpected(ready.error());
  return question(*session_);
}

std::expected<task::KnownTasks, Failure> Store::load_tasks(std::int64_t run) {
  return ask([&](Session& session) { return session.tasks(run); });
}

std::expected<task::History, Failure> Store::load_points(std::int64_t run) {
  return ask([&](Session& session) { return session.points(run); });
}

std::expected<std::vector<RecordedChange>, Failure> Store::changes(std::int64_t run, core::WallTime since) {
  std::vector<RecordedChange> history;
  auto read = each_change(run, since, [&](const RecordedChange& recorded) { history.push_back(recorded); });
  if (!read) return std::unexpected(std::move(read.error()));
  return history;
}

std::expected<void, Failure> Store::each_change(std::int64_t run, core::WallTime since,
                                                const std::function<void(const RecordedChange&)>& take) {
  return ask([&](Session& session) { return session.each_change(run, since, take); });
}

std::expected<std::vector<RecordedChange>, Failure> Store::newest_changes(const ChangesFilter& filter) {
  return ask([&](Session& session) { return session.newest_changes(filter); });
}

std::expected<std::vector<HourCount>, Failure> Store::hours(std::int64_t run, std::int64_t from, core::WallTime since) {
  return ask([&](Session& session) { return session.hours(run, from, since); });
}

std::expected<std::int64_t, Failure> Store::next_seq(std::int64_t run) {
  return ask([&](Session& session) { return session.next_seq(run); });
}

std::expected<std::optional<OutboxRow>, Failure> Store::next(const std::string& receiver, core::WallTime lived) {
  return ask([&](Session& session) { return session.next(receiver, lived); });
}

std::expected<std::vector<std::string>, Failure> Store::queued() {
  return ask([&](Session& session) { return session.queued(); });
}

std::expected<std::optional<core::WallTime>, Failure> Store::next_due(const std::string& receiver) {
  return ask([&](Session& session) { return session.next_due(receiver); });
}

std::expected<std::optional<OutboxRow>, Failure> Store::row(std::int64_t seq) {
  return ask([&](Session& session) { return session.row(seq); });
}

std::expected<std::vector<OutboxRow>, Failure> Store::waiting(const std::string& receiver, std::int64_t incident) {
  return ask([&](Session& session) { return session.waiting(receiver, incident); });
}

std::expected<std::vector<OutboxRow>, Failure> Store::rows(const RowFilter& filter) {
  return ask([&](Session& session) { return session.rows(filter); });
}

std::expected<std::vector<DeliveryAttempt>, Failure> Store::attempts(std::int64_t row) {
  return ask([&](Session& session) { return session.attempts(row); });
}

std::expected<Queue, Failure> Store::queue(const std::string& receiver) {
  return ask([&](Session& session) { return session.queue(receiver); });
}

std::expected<std::string, Failure> Store::odd_id(const task::TaskKey& key) {
  return ask([&](Session& session) { return session.odd_id(key); });
}

std::expected<void, Failure> Store::begin_backup(const std::filesystem::path& copy) {
  return ask([&](Session& session) { return session.begin_backup(copy); });
}

std::expected<bool, Failure> Store::continue_backup(const std::filesystem::path& copy) {
  return ask([&](Session& session) { return session.continue_backup(copy); });
}

void Store::end_backup(const std::filesystem::path& copy) {
  if (session_) session_->end_backup(copy);
}

std::expected<void, Failure> Store::scrub() {
  if (auto ready = reconnect(); !ready) return ready;
  return checkpoint(true);
}

std::expected<void, Failure> Store::commit(const Batch& batch) {
  if (batch.empty()) return {};
  if (stale_) return outdated();
  if (auto ready = in_place(); !ready) return ready;
  if (log_trouble_ && session_->wal_size() > kLogLimit) {
    if (auto bounded = checkpoint(true); !bounded) return bounded;
  }
  if (auto written = write(batch); !written) return written;
  [[maybe_unused]] const auto bounded = checkpoint(false);  // or the next commit tries
  return {};
}

core::Bytes Store::database_size() const {
  const auto file = look_at(path_);
  return {file ? file->size : 0};
}

core::Bytes Store::wal_size() const { return {session_ ? session_->wal_size() : 0}; }

}  // namespace runwatch::store
