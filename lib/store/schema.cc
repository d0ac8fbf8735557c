#include "store/schema.h"

#include <fmt/format.h>

#include <array>

#include "core/ascii.h"

namespace runwatch::store {

namespace {

// Times are milliseconds since 1970, NULL: none. Enumerations are stored as their numbers; what a task's `state` is,
// tables.h says. Tasks and changes are clustered by run, which makes loading and forgetting a run a walk over
// neighbouring pages.
constexpr const char* kVersion1 = R"(
CREATE TABLE meta(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  commits INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES(1, 0);
CREATE TABLE spaces(
  number INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  slug TEXT NOT NULL,
  first_discovery INTEGER,
  selection TEXT NOT NULL
) STRICT;
CREATE TABLE runs(
  number INTEGER PRIMARY KEY,
  space INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  status INTEGER NOT NULL,
  status_given INTEGER NOT NULL,
  row_mode INTEGER NOT NULL,
  batch_count INTEGER NOT NULL,
  created INTEGER,
  modified INTEGER,
  listed INTEGER NOT NULL,
  baseline INTEGER NOT NULL,
  polled INTEGER NOT NULL,
  retired INTEGER NOT NULL,
  execution INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  last_change INTEGER,
  finished INTEGER,
  retired_at INTEGER,
  pending INTEGER NOT NULL,
  scheduled INTEGER NOT NULL,
  processing INTEGER NOT NULL,
  in_progress INTEGER NOT NULL,
  hold INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  partially_completed INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  unknown INTEGER NOT NULL
) STRICT;
CREATE TABLE tasks(
  run INTEGER NOT NULL,
  id BLOB NOT NULL,
  state BLOB NOT NULL,
  PRIMARY KEY(run, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE odd_ids(
  run INTEGER NOT NULL,
  id BLOB NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY(run, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE changes(
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  from_status INTEGER,
  to_status INTEGER,
  returned INTEGER NOT NULL,
  recovered INTEGER NOT NULL,
  failure INTEGER NOT NULL,
  PRIMARY KEY(run, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE counters(
  space INTEGER NOT NULL,
  cell TEXT NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY(space, cell)
) STRICT, WITHOUT ROWID;
)";

// The facts of a change's call, of which format 1 kept the reason alone, what became of runs, and when was committed
// last. No statement rewrites a table. `returned` was a flag, which new attempts have use for; the status (8: unknown)
// before those few returns was not kept.
constexpr const char* kVersion2 = R"(
ALTER TABLE changes ADD COLUMN returned_status INTEGER;
UPDATE changes SET returned = 0, returned_status = 8 WHERE returned = 1;
ALTER TABLE changes RENAME COLUMN returned TO new_attempt;
ALTER TABLE changes RENAME COLUMN failure TO reason;
ALTER TABLE changes ADD COLUMN call INTEGER NOT NULL DEFAULT 0;
ALTER TABLE changes ADD COLUMN started INTEGER;
ALTER TABLE changes ADD COLUMN ended INTEGER;
ALTER TABLE changes ADD COLUMN duration REAL;
ALTER TABLE changes ADD COLUMN cost REAL;
ALTER TABLE changes ADD COLUMN outcome INTEGER;
ALTER TABLE meta ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN taken_up INTEGER;
ALTER TABLE runs ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
UPDATE spaces SET key = CAST(key || zeroblob(16) AS BLOB);
)";

// What alerts need: of an attempt how many there were and what a change told of it first, of a run what its attempts
// came to (from here on) and how its tasks stood over time, and what is remembered of incidents. `queues` sums up what
// waits and what is dead: a row is replaced, which fires both triggers (recursive_triggers).
constexpr const char* kVersion3 = R"(
ALTER TABLE changes ADD COLUMN news INTEGER NOT NULL DEFAULT 0;
ALTER TABLE changes ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
ALTER TABLE runs ADD COLUMN first_polled INTEGER;
ALTER TABLE runs ADD COLUMN finish_told INTEGER;
ALTER TABLE runs ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN ended_failed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN durations INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN duration REAL NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN cost REAL NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_completed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_connected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_not_connected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_busy INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_no_answer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_voicemail INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_dropped INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_cancelled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_failed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN call_other INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN failed_no_answer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN failed_busy INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN failed_rejected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN failed_voicemail INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN failed_provider INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN failed_timeout INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN failed_invalid_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN failed_other INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN lived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN last_incident INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN last_silence INTEGER NOT NULL DEFAULT 0;
CREATE TABLE histories(
  run INTEGER PRIMARY KEY,
  points BLOB NOT NULL
) STRICT;
CREATE TABLE incidents(
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  rule TEXT NOT NULL,
  condition INTEGER NOT NULL,
  space INTEGER NOT NULL,
  run INTEGER NOT NULL,
  about TEXT NOT NULL,
  phase INTEGER NOT NULL,
  started INTEGER,
  ended INTEGER,
  due INTEGER,
  told_at INTEGER,
  notices INTEGER NOT NULL,
  total INTEGER NOT NULL,
  value REAL,
  threshold REAL,
  muted INTEGER NOT NULL,
  receivers TEXT NOT NULL,
  told_values TEXT NOT NULL
) STRICT;
CREATE TABLE members(
  incident INTEGER NOT NULL,
  id BLOB NOT NULL,
  ordinal INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  told INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER,
  call INTEGER NOT NULL,
  started INTEGER,
  ended INTEGER,
  duration REAL,
  cost REAL,
  outcome INTEGER,
  reason INTEGER NOT NULL,
  PRIMARY KEY(incident, id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE marks(
  run INTEGER NOT NULL,
  rule TEXT NOT NULL,
  id BLOB NOT NULL,
  seq INTEGER NOT NULL,
  deadline INTEGER,
  status INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  call INTEGER NOT NULL,
  started INTEGER,
  ended INTEGER,
  duration REAL,
  cost REAL,
  outcome INTEGER,
  reason INTEGER NOT NULL,
  PRIMARY KEY(run, rule, id, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE silences(
  number INTEGER PRIMARY KEY,
  space TEXT NOT NULL,
  space_number INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  since INTEGER,
  until INTEGER,
  reason TEXT NOT NULL
) STRICT;
CREATE TABLE rules(
  name TEXT PRIMARY KEY,
  condition INTEGER NOT NULL,
  terms TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE receivers(
  name TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  failing_since INTEGER,
  disabled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE totals(
  name TEXT PRIMARY KEY,
  value REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX odd_ids_id ON odd_ids(id);
CREATE TABLE outbox(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  receiver TEXT NOT NULL,
  id TEXT NOT NULL,
  incident INTEGER NOT NULL,
  run INTEGER NOT NULL,
  change INTEGER NOT NULL,
  since INTEGER,
  rule TEXT NOT NULL,
  kind INTEGER NOT NULL,
  created INTEGER,
  due INTEGER,
  state INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  refusals INTEGER NOT NULL,
  aged INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  test INTEGER NOT NULL,
  personal INTEGER NOT NULL,
  size INTEGER NOT NULL,
  padding BLOB NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_fresh ON outbox(receiver, seq) WHERE state = 0 AND tries = 0;
CREATE INDEX outbox_tried ON outbox(receiver, due) WHERE state = 0 AND tries > 0;
CREATE INDEX outbox_waiting ON outbox(receiver, incident) WHERE state = 0;
CREATE INDEX outbox_oldest ON outbox(receiver, created) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox(receiver) WHERE state = 2;
CREATE INDEX outbox_ended ON outbox(created) WHERE state > 0;
CREATE INDEX outbox_incident ON outbox(incident) WHERE incident > 0;
CREATE INDEX outbox_id ON outbox(id);
CREATE INDEX outbox_run ON outbox(run) WHERE run > 0;
CREATE TABLE queues(
  receiver TEXT PRIMARY KEY,
  pending INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER outbox_joined AFTER INSERT ON outbox WHEN new.state IN (0, 2) BEGIN
  INSERT INTO queues VALUES(new.receiver, new.state = 0, new.state = 2, new.size) ON CONFLICT(receiver) DO UPDATE SET
    pending = pending + excluded.pending, dead = dead + excluded.dead, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER outbox_left AFTER DELETE ON outbox WHEN old.state IN (0, 2) BEGIN
  UPDATE queues SET pending = pending - (old.state = 0), dead = dead - (old.state = 2), bytes = bytes - old.size
    WHERE receiver = old.receiver;
END;
CREATE TABLE deliveries(
  row INTEGER NOT NULL,
  at INTEGER,
  status INTEGER NOT NULL,
  reason TEXT NOT NULL,
  took INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_row ON deliveries(row);
)";

constexpr std::array kSteps{kVersion1, kVersion2, kVersion3};

Outcome<std::int64_t> ask_number(const Connection& connection, std::string_view pragma) {
  auto text = connection.ask(pragma);
  if (!text) return std::unexpected(text.error());
  return core::parse_number<std::int64_t>(*text).value_or(0);
}

Outcome<void> apply(const Connection& connection, std::span<const char* const> steps, std::int64_t version) {
  for (; version < std::ssize(steps); ++version) {
    const int code = connection.exec(steps[static_cast<std::size_t>(version)]);
    if (code != SQLITE_OK) return connection.failure(code, fmt::format("bring it to format {}", version + 1));
  }
  const int code =
      connection.exec(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}; COMMIT", kApplicationId, version));
  if (code != SQLITE_OK) return connection.failure(code, fmt::format("bring it to format {}", version));
  return {};
}

}  // namespace

std::span<const char* const> schema_steps() { return kSteps; }

Outcome<void> migrate(const Connection& connection, std::span<const char* const> steps) {
  const auto version = ask_number(connection, "user_version");
  if (!version) return std::unexpected(version.error());
  if (*version >= std::ssize(steps)) return {};
  if (const int code = connection.exec("BEGIN IMMEDIATE"); code != SQLITE_OK)
    return connection.failure(code, fmt::format("bring it to format {}", steps.size()));
  auto done = apply(connection, steps, *version);
  // What a failed ROLLBACK leaves goes when the connection is closed.
  if (connection.in_transaction()) static_cast<void>(connection.exec("ROLLBACK"));
  return done;
}

Outcome<void> check_ours(const Connection& connection, std::int64_t newest) {
  const auto application = ask_number(connection, "application_id");
  if (!application) return std::unexpected(application.error());
  const auto version = ask_number(connection, "user_version");
  if (!version) return std::unexpected(version.error());
  // Once read, a header with an unknown format makes SQLite read only.
  if (sqlite3_db_readonly(connection.handle(), "main") != 0) {
    return damaged(connection.path(), "its header names a format that SQLite does not know");
  }
  return check_ours(connection.path(), *application, *version, newest);
}

Outcome<void> check_ours(const std::filesystem::path& path, std::int64_t application, std::int64_t version,
                         std::int64_t newest) {
  if (application != kApplicationId || version < 1) {
    return std::unexpected(Failure{FailureKind::corrupt,
                                   fmt::format("{} is a database of another program, or a damaged one: give store.path "
                                               "the name of runwatch's own, or restore it from a backup",
                                               path.string())});
  }
  if (version <= newest) return {};
  return std::unexpected(Failure{FailureKind::corrupt,
                                 fmt::format("database {} was written by a newer runwatch (format {}, this one reads "
                                             "up to {}): start the newer one, or move the file and its -wal file "
                                             "away to begin anew",
                                             path.string(), version, newest)});
}

}  // namespace runwatch::store
