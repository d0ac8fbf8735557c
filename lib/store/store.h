// The ledger on disk: one SQLite database, one connection, one transaction a poll.
//
// WAL, `synchronous=FULL`, `locking_mode=EXCLUSIVE`, each read back after it is set. When `commit` returns a value the
// batch is durable; when it returns a failure nothing of it counts, and the same batch may be tried again.
// Owns: the connection and the file's lock. Threads: one at a time, the ledger's.
// Fails: `open` with `busy` (another process has it), `corrupt` (damaged, empty, not ours, or written by a newer
// version), `unavailable` (disk trouble, no directory) and `invalid` (not a file); it never replaces a file it cannot
// read.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/error.h"
#include "rule/book.h"
#include "store/outbox.h"
#include "task/counters.h"
#include "task/diff.h"
#include "task/history.h"
#include "task/known_tasks.h"
#include "task/run.h"

namespace runwatch::store {

enum class FailureKind : std::uint8_t { full, io, corrupt, readonly, locked, other };

struct Failure {
  FailureKind kind;
  std::string text;
  // What is on disk is not what the caller knows: a batch whose COMMIT failed became durable after all, or the file was
  // exchanged. Every further commit fails like this until `load` has been called and all tasks with it.
  bool reload = false;
};

// What one transaction writes. Spans and pointers refer to the caller's values.
struct Batch {
  std::vector<task::SpaceRecord> spaces;      // inserted or replaced by number
  std::vector<task::RunRecord> runs;          // inserted or replaced by number
  std::int64_t run = 0;                       // whose tasks follow; 0: none
  std::int64_t space = 0;                     // whose counters follow; 0: none
  core::WallTime at{};                        // when it came to be
  core::WallTime lived{};                     // by the clock that due times are on
  std::span<const task::TaskUpdate> tasks;    // sorted by key; those with `stored` are kept
  std::span<const task::TaskChange> changes;  // baseline ones are not kept
  std::span<const task::CellIncrement> increments;
  std::span<const std::pair<task::TaskKey, std::string>> odd_ids;  // kept where the key is among `tasks`
  std::vector<std::int64_t> forgotten_runs;                        // with all their tasks, changes and points
  std::vector<std::pair<std::int64_t, std::shared_ptr<const task::History>>> histories;  // by run, never null
  const rule::Decision* alerts = nullptr;  // what it lists is put, erased and closed; told runs are among `runs`
  std::vector<OutboxRow> outbox;           // new ones (seq 0), and others as they are now
  std::vector<DeliveryAttempt> attempts;
  std::map<std::string, double> totals;           // added to those stored
  std::optional<core::WallTime> outbox_before{};  // rows created before it end, but for those that wait
  bool heartbeat = false;                         // `at` alone is worth it: time went by

  bool empty() const;
};

// A change as it was committed.
struct RecordedChange {
  std::int64_t seq = 0;  // from 1 in each run, one by one in the order of the batches
  core::WallTime at{};   // of its batch, by a clock that may have been set meanwhile
  task::TaskChange change;

  bool operator==(const RecordedChange&) const = default;
};

// Which changes of a run: newest first.
struct ChangesFilter {
  std::int64_t run = 0;
  std::int64_t from = 1;       // seq, inclusive
  std::int64_t before = 0;     // seq; 0: up to the newest
  bool failures_only = false;  // entries into failed
  std::int64_t limit = 0;
};

// Changes of an hour that led to one status.
struct HourCount {
  std::int64_t hour = 0;  // since 1970
  std::optional<task::Status> to{};
  bool recovered = false;
  std::uint64_t count = 0;
};

struct Contents {
  core::WallTime newest_commit{};  // `at` of the newest batch; of format 1: 1970
  core::WallTime newest_lived{};   // its `lived`; of format 1 and 2: 1970
  std::vector<task::SpaceRecord> spaces;
  std::vector<task::RunRecord> runs;
  std::vector<std::pair<std::int64_t, task::Counters>> counters;  // by space
  rule::Contents alerts;
  std::map<std::string, double> totals;
};

// What `Store::open` would fail with, as far as the file's first bytes tell: nothing is made, locked or written.
// `busy`: another process has it open. Not for a process that has it open itself: closing any descriptor of the file
// drops that process's locks.
core::Result<void> examine(const std::filesystem::path& path);

// Which file it is: SQLite itself goes on writing into a deleted file without a word.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

class Session;

class Store {
 public:
  // Makes the database when there is none, never its directory.
  static core::Result<std::unique_ptr<Store>> open(const std::filesystem::path& path);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  std::expected<Contents, Failure> load();
  // Tombstones included, in key order; misses are 0.
  std::expected<task::KnownTasks, Failure> load_tasks(std::int64_t run);
  // How its tasks stood over time; without points where nothing is kept.
  std::expected<task::History, Failure> load_points(std::int64_t run);
  // The history of a run, from `since` on by its time (kNoTime: all of it), in the order of `seq`; whole in memory,
  // some 150 bytes each. Baseline first sights are not in it, nor anything of a run that was forgotten. Of what format
  // 1 wrote, `new_attempt` is false, the facts are their reason alone, and a status before a tombstone is `unknown`.
  std::expected<std::vector<RecordedChange>, Failure> changes(std::int64_t run, core::WallTime since);
  // The same, one after the other; after a failure some of it was taken. `take` calls nothing of the store.
  std::expected<void, Failure> each_change(std::int64_t run, core::WallTime since,
                                           const std::function<void(const RecordedChange&)>& take);
  std::expected<std::vector<RecordedChange>, Failure> newest_changes(const ChangesFilter& filter);
  // From `from` (seq) and `since` on, without late ones; in the order of the hours.
  std::expected<std::vector<HourCount>, Failure> hours(std::int64_t run, std::int64_t from, core::WallTime since);
  // The number that the next change kept of a run will have.
  std::expected<std::int64_t, Failure> next_seq(std::int64_t run);
  // Of the outbox. What a receiver is to be sent next: of the rows that no earlier one of their incident stands before,
  // the oldest that was not tried, or one whose next try is due, if that is older; and when there will be one.
  std::expected<std::optional<OutboxRow>, Failure> next(const std::string& receiver, core::WallTime lived);
  std::expected<std::optional<core::WallTime>, Failure> next_due(const std::string& receiver);
  std::expected<std::optional<OutboxRow>, Failure> row(std::int64_t seq);
  // Pending, in order.
  std::expected<std::vector<OutboxRow>, Failure> waiting(const std::string& receiver, std::int64_t incident);
  std::expected<std::vector<OutboxRow>, Failure> rows(const RowFilter& filter);
  std::expected<std::vector<DeliveryAttempt>, Failure> attempts(std::int64_t row);
  std::expected<Queue, Failure> queue(const std::string& receiver);      // empty: of all, without `oldest`
  std::expected<std::vector<std::string>, Failure> queued();             // receivers with rows that wait or are dead
  std::expected<std::string, Failure> odd_id(const task::TaskKey& key);  // empty: not known
  // Once the rows that ended are committed: nothing of their bodies is left in the database's file nor in its log.
  std::expected<void, Failure> scrub();
  // A copy of everything, beside what else is done: once begun, until `continue_backup` says that it is whole. What is
  // committed meanwhile is in it. The copy takes the place of a file of its name and is not synced. Fails: `locked`
  // while another one is in the making; when the connection was lost meanwhile, and there is no copy then.
  std::expected<void, Failure> begin_backup(const std::filesystem::path& copy);
  std::expected<bool, Failure> continue_backup(const std::filesystem::path& copy);
  void end_backup(const std::filesystem::path& copy);  // gives it up where it is in the making
  // An empty batch is good and writes nothing.
  std::expected<void, Failure> commit(const Batch& batch);

  core::Bytes database_size() const;
  core::Bytes wal_size() const;

 private:
  Store(std::filesystem::path path, std::unique_ptr<Session> session);

  // A COMMIT that failed is in doubt: it may be durable all the same, and only what a new connection finds tells.
  // `look_up` asks one at once. If it finds the batch, and the batch reaches the database itself (whose sync is a new
  // one), the COMMIT has succeeded; if it does not, the batch has failed for good. If it cannot ask, the caller is told
  // of a failure, `session_` stays null, and the next call asks again, by `reconnect`: should the batch be there, the
  // store is stale.
  std::expected<void, Failure> connect();
  // What a session answers, once there is one.
  template <class Ask>
  auto ask(Ask question) -> decltype(question(std::declval<Session&>()));
  std::expected<void, Failure> reconnect();
  // The steps of a commit: the first finds or makes a session, the others may leave none.
  std::expected<void, Failure> in_place();
  std::expected<void, Failure> write(const Batch& batch);
  std::expected<void, Failure> look_up(Failure doubt);
  std::expected<void, Failure> checkpoint(bool must);
  std::unexpected<Failure> moved() const;
  std::unexpected<Failure> outdated() const;

  std::filesystem::path path_;
  FileIdentity file_;
  std::unique_ptr<Session> session_;  // null: lost, and opened again before anything else is done
  std::uint64_t commits_;             // on disk, as the caller was told
  bool stale_ = false;  // the disk has another number: commits fail until `load` has told the caller what is there
  std::optional<Failure> log_trouble_;  // why the last checkpoint failed
};

}  // namespace runwatch::store
