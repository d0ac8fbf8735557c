// What the database holds, in its newest format, and the statements that write, find and forget the rows of a table. A
// row is a struct, for which a function lists each column once, with its name and its place in the struct; the SQL,
// what is bound and what is read follow that list:
//
//   void columns(auto column, Row& row) { column("run", row.run); … }
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/statement.h"
#include "store/store.h"
#include "task/known_tasks.h"

namespace runwatch::store {

// `one_parent`: rows are asked for by their first column, and come without it.
enum class Ask : std::uint8_t { all, one_parent };

template <class Row>
class Table {
 public:
  const std::string_view name;

  // `tail`: the end of the SELECT.
  Table(Preparation& prepare, std::string_view table, Ask ask, std::string_view tail = "")
      : name{table}, unread_{ask == Ask::all ? 0U : 1U} {
    Row row{};
    std::vector<std::string_view> names;
    columns([&](std::string_view column, auto&) { names.push_back(column); }, row);
    const auto by = fmt::format("WHERE {} = ?", names.front());
    put_ = prepare(fmt::format("REPLACE INTO {}({}) VALUES({})", name, fmt::join(names, ", "),
                               fmt::join(std::vector(names.size(), '?'), ", ")));
    get_ = prepare(fmt::format("SELECT {} FROM {} {} {}", fmt::join(std::span{names}.subspan(unread_), ", "), name,
                               ask == Ask::all ? "" : by, tail));
    forget_ = prepare(fmt::format("DELETE FROM {} {}", name, by));
  }

  // SQLITE_OK or an error, like all that follow.
  [[nodiscard]] int put(Row row) {
    columns([this](std::string_view, const auto& value) { put_.bind(value); }, row);
    return put_.run();
  }

  // All with this value in their first column.
  [[nodiscard]] int forget(std::int64_t first) { return forget_.with(first).run(); }

  // Calls `take(Row&)` for each row. Where a value is impossible, or `take` says false: SQLITE_CORRUPT.
  template <class Take>
  [[nodiscard]] int each(Take take, const auto&... asked) {
    get_.with(asked...);
    int code = SQLITE_OK;
    while ((code = get_.step()) == SQLITE_ROW) {
      Row row{};
      if (read(row) && take(row)) continue;
      code = SQLITE_CORRUPT;
      break;
    }
    get_.reset();
    return code == SQLITE_DONE ? SQLITE_OK : code;
  }

 private:
  bool read(Row& row) {
    bool good = true;
    std::size_t column = 0;
    columns(
        [&](std::string_view, auto& value) {
          if (column++ >= unread_) good = get_.read(value) && good;
        },
        row);
    return good;
  }

  std::size_t unread_;
  Statement put_;
  Statement get_;
  Statement forget_;
};

// A task as its row keeps it: 20 bytes in one column, which loads almost twice as fast as five columns and takes a
// quarter less space. Numbers are big endian.
//
//   0 call (8) · 8 started (4) · 12 since (4) · 16 told (2) · 18 state, as task::pack_state makes it (1) ·
//   19 attempts (1), which rows of formats 1 and 2 lack
using TaskRow = std::array<std::uint8_t, 20>;

TaskRow pack_task(const task::KnownTask& task);
// Nothing: no task looks like this.
std::optional<task::KnownTask> unpack_task(std::span<const std::uint8_t> row);

struct Meta {
  std::int64_t one = 1;  // there is one row
  std::uint64_t commits = 0;
  core::WallTime at{};  // of the newest, as is `lived`
  core::WallTime lived{};
  // Highest numbers given so far.
  std::int64_t last_incident = 0;
  std::int64_t last_silence = 0;
};

void columns(auto column, Meta& meta) {
  column("one", meta.one);
  column("commits", meta.commits);
  column("at", meta.at);
  column("lived", meta.lived);
  column("last_incident", meta.last_incident);
  column("last_silence", meta.last_silence);
}

void columns(auto column, task::SpaceRecord& space) {
  column("number", space.number);
  column("key", space.key);
  column("slug", space.slug);
  column("first_discovery", space.first_discovery);
  column("selection", space.selection);
}

inline constexpr std::array<std::string_view, task::kCallStatusNames.size()> kOutcomeColumns{
    "call_completed", "call_connected", "call_not_connected", "call_busy",   "call_no_answer",
    "call_voicemail", "call_dropped",   "call_cancelled",     "call_failed", "call_other"};

inline constexpr std::array<std::string_view, task::kFailureReasonNames.size()> kFailureColumns{
    "failed_no_answer", "failed_busy",    "failed_rejected",       "failed_voicemail",
    "failed_provider",  "failed_timeout", "failed_invalid_number", "failed_other"};

void columns(auto column, task::RunRecord& run) {
  column("number", run.number);
  column("space", run.space);
  column("run_id", run.row.run_id);
  column("status", run.row.status);
  column("status_given", run.row.status_given);
  column("row_mode", run.row.mode);
  column("batch_count", run.row.batch_count);
  column("created", run.row.created);
  column("modified", run.row.modified);
  column("listed", run.listed);
  column("baseline", run.baseline);
  column("polled", run.polled);
  column("retired", run.retired);
  column("execution", run.execution);
  column("mode", run.mode);
  column("last_change", run.last_change);
  column("finished", run.finished);
  column("retired_at", run.retired_at);
  column("taken_up", run.taken_up);
  column("gone", run.gone);
  for (std::size_t i = 0; i < run.tasks.size(); ++i) column(task::kStatusNames[i], run.tasks[i]);
  column("first_polled", run.first_polled);
  column("finish_told", run.finish_told);
  column("ended", run.sums.finished);
  column("ended_failed", run.sums.failed);
  column("durations", run.sums.durations);
  column("duration", run.sums.duration);
  column("cost", run.sums.cost);
  for (std::size_t i = 0; i < run.failures.size(); ++i) column(kFailureColumns[i], run.failures[i]);
  for (std::size_t i = 0; i < run.sums.outcomes.size(); ++i) column(kOutcomeColumns[i], run.sums.outcomes[i]);
}

struct TaskEntry {
  std::int64_t run = 0;
  task::TaskKey key;
  std::span<const std::uint8_t> state;  // a TaskRow
};

void columns(auto column, TaskEntry& entry) {
  column("run", entry.run);
  column("id", entry.key.bytes);
  column("state", entry.state);
}

struct HistoryEntry {
  std::int64_t run = 0;
  std::span<const std::uint8_t> points;  // as task::pack makes them
};

void columns(auto column, HistoryEntry& entry) {
  column("run", entry.run);
  column("points", entry.points);
}

struct OddId {
  std::int64_t run = 0;
  task::TaskKey key;
  std::string_view text;
};

void columns(auto column, OddId& odd) {
  column("run", odd.run);
  column("id", odd.key.bytes);
  column("text", odd.text);
}

struct ChangeEntry {
  std::int64_t run = 0;
  RecordedChange recorded;
};

void columns(auto column, ChangeEntry& entry) {
  auto& [seq, at, change] = entry.recorded;
  column("run", entry.run);
  column("seq", seq);
  column("at", at);
  column("id", change.key.bytes);
  column("kind", change.kind);
  column("from_status", change.from);
  column("to_status", change.to);
  column("new_attempt", change.new_attempt);
  column("recovered", change.recovered);
  column("returned_status", change.returned);
  column("call", change.facts.call);
  column("started", change.facts.started);
  column("ended", change.facts.ended);
  column("duration", change.facts.duration);
  column("cost", change.facts.cost);
  column("outcome", change.facts.outcome);
  column("reason", change.facts.reason);
  column("news", change.news);
  column("attempts", change.attempts);
}

struct Counter {
  std::int64_t space = 0;
  std::string_view cell;
  double value = 0;
};

void columns(auto column, Counter& counter) {
  column("space", counter.space);
  column("cell", counter.cell);
  column("value", counter.value);
}

void facts_columns(auto column, task::CallFacts& facts) {
  column("call", facts.call);
  column("started", facts.started);
  column("ended", facts.ended);
  column("duration", facts.duration);
  column("cost", facts.cost);
  column("outcome", facts.outcome);
  column("reason", facts.reason);
}

void columns(auto column, rule::Incident& incident) {
  column("number", incident.number);
  column("id", incident.id);
  column("rule", incident.rule);
  column("condition", incident.when);
  column("space", incident.space);
  column("run", incident.run);
  column("about", incident.about);
  column("phase", incident.phase);
  column("started", incident.started);
  column("ended", incident.ended);
  column("due", incident.due);
  column("told_at", incident.told_at);
  column("notices", incident.notices);
  column("total", incident.total);
  column("value", incident.value);
  column("threshold", incident.threshold);
  column("muted", incident.muted);
  column("receivers", incident.receivers);
  column("told_values", incident.values);
}

void columns(auto column, rule::Member& member) {
  column("incident", member.incident);
  column("id", member.task.bytes);
  column("ordinal", member.ordinal);
  column("phase", member.phase);
  column("told", member.told);
  column("attempts", member.attempts);
  column("due", member.due);
  facts_columns(column, member.facts);
}

void columns(auto column, rule::Mark& mark) {
  column("run", mark.run);
  column("rule", mark.rule);
  column("id", mark.task.bytes);
  column("seq", mark.seq);
  column("deadline", mark.deadline);
  column("status", mark.status);
  column("attempts", mark.attempts);
  facts_columns(column, mark.facts);
}

void columns(auto column, rule::Silence& silence) {
  column("number", silence.number);
  column("space", silence.space);
  column("space_number", silence.space_number);
  column("run_id", silence.run_id);
  column("rule", silence.rule);
  column("since", silence.from);
  column("until", silence.until);
  column("reason", silence.reason);
}

void columns(auto column, rule::RuleState& rule) {
  column("name", rule.name);
  column("condition", rule.when);
  column("terms", rule.terms);
}

void columns(auto column, rule::ReceiverState& receiver) {
  column("name", receiver.name);
  column("type", receiver.type);
  column("failing_since", receiver.failing_since);
  column("disabled", receiver.disabled);
}

struct Total {
  std::string name;
  double value = 0;
};

void columns(auto column, Total& total) {
  column("name", total.name);
  column("value", total.value);
}

// A leaf page is never without copies of what once stood in it: cells move when it is split. Bodies with personal data
// stand behind as many bytes as a leaf holds, and so in pages of their own, which are zeroed when they become free.
inline constexpr std::array<std::uint8_t, 4096> kPadding{};

struct OutboxEntry {
  std::optional<std::int64_t> seq{};  // nothing: given by SQLite
  OutboxRow row{};
  std::uint64_t size = 0;  // of the body
  std::span<const std::uint8_t> padding{};
};

void columns(auto column, OutboxEntry& entry) {
  auto& row = entry.row;
  column("seq", entry.seq);
  column("receiver", row.receiver);
  column("id", row.id);
  column("incident", row.incident);
  column("run", row.run);
  column("change", row.change);
  column("since", row.since);
  column("rule", row.rule);
  column("kind", row.kind);
  column("created", row.created);
  column("due", row.due);
  column("state", row.state);
  column("tries", row.tries);
  column("refusals", row.refusals);
  column("aged", row.aged);
  column("sent", row.sent);
  column("test", row.test);
  column("personal", row.personal);
  column("size", entry.size);
  column("padding", entry.padding);
  column("body", row.body);
}

void columns(auto column, DeliveryAttempt& attempt) {
  column("row", attempt.row);
  column("at", attempt.at);
  column("status", attempt.status);
  column("reason", attempt.reason);
  column("took", attempt.took);
}

// A row that no earlier one of its incident stands before, at the same receiver.
inline constexpr std::string_view kFirstOfItsIncident =
    "receiver = ?1 AND state = 0 AND (incident = 0 OR NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE "
    "earlier.receiver = ?1 AND earlier.state = 0 AND earlier.incident = outbox.incident AND "
    "earlier.seq < outbox.seq))";

struct AlertTables {
  Preparation& prepare;
  Table<rule::Incident> incidents{prepare, "incidents", Ask::all, "ORDER BY number"};
  Table<rule::Member> members{prepare, "members", Ask::all, "ORDER BY incident, id, ordinal"};
  Table<rule::Mark> marks{prepare, "marks", Ask::all, "ORDER BY run, rule, id, seq"};
  Table<rule::Silence> silences{prepare, "silences", Ask::all, "ORDER BY number"};
  Table<rule::RuleState> rules{prepare, "rules", Ask::all, "ORDER BY name"};
  Table<rule::ReceiverState> receivers{prepare, "receivers", Ask::all, "ORDER BY name"};
  Table<Total> totals{prepare, "totals", Ask::all, "ORDER BY name"};
  // Rows that were tried are due one by one, and the others at once: each kind has an index.
  Table<OutboxEntry> due{prepare, "outbox", Ask::all,
                         fmt::format("WHERE seq = (SELECT min(seq) FROM ("
                                     "SELECT * FROM (SELECT seq FROM outbox INDEXED BY outbox_fresh WHERE {0} AND "
                                     "tries = 0 AND due <= ?2 ORDER BY seq LIMIT 1) "
                                     "UNION ALL "
                                     "SELECT * FROM (SELECT seq FROM outbox INDEXED BY outbox_tried WHERE {0} AND "
                                     "tries > 0 AND due <= ?2 ORDER BY due LIMIT 1)))",
                                     kFirstOfItsIncident)};
  Table<OutboxEntry> by_seq{prepare, "outbox", Ask::all, "WHERE seq = ?"};
  Table<OutboxEntry> waiting{prepare, "outbox", Ask::all,
                             "WHERE receiver = ? AND incident = ? AND state = 0 ORDER BY seq"};
  Table<DeliveryAttempt> deliveries{prepare, "deliveries", Ask::all, "WHERE row = ? ORDER BY rowid"};
  Statement next_due = prepare(fmt::format(
      "SELECT min(due) AS first FROM (SELECT min(due) AS due FROM outbox INDEXED BY outbox_fresh WHERE {0} AND tries = "
      "0 UNION ALL "
      "SELECT * FROM (SELECT due FROM outbox INDEXED BY outbox_tried WHERE {0} AND tries > 0 ORDER BY due LIMIT 1)) "
      "HAVING first IS NOT NULL",
      kFirstOfItsIncident));
  Statement queue = prepare(
      "SELECT coalesce(sum(pending), 0), coalesce(sum(dead), 0), coalesce(sum(bytes), 0), "
      "(SELECT min(created) FROM outbox WHERE receiver = ?1 AND state = 0) FROM queues WHERE ?1 IN ('', receiver)");
  Statement erase_member = prepare("DELETE FROM members WHERE incident = ? AND id = ? AND ordinal = ?");
  Statement erase_mark = prepare("DELETE FROM marks WHERE run = ? AND rule = ? AND id = ? AND seq = ?");
  Statement erase_rule = prepare("DELETE FROM rules WHERE name = ?");
  Statement erase_receiver = prepare("DELETE FROM receivers WHERE name = ?");
  Statement add_total =
      prepare("INSERT INTO totals VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = value + excluded.value");
  Statement end_deliveries =
      prepare("DELETE FROM deliveries WHERE row IN (SELECT seq FROM outbox WHERE state > 0 AND created < ?)");
  Statement end_rows = prepare("DELETE FROM outbox WHERE state > 0 AND created < ?");
  Statement odd_id = prepare("SELECT text FROM odd_ids WHERE id = ? LIMIT 1");
};

struct Tables {
  Preparation prepare;
  Table<Meta> meta{prepare, "meta", Ask::all};
  Table<task::SpaceRecord> spaces{prepare, "spaces", Ask::all, "ORDER BY number"};
  Table<task::RunRecord> runs{prepare, "runs", Ask::all, "ORDER BY number"};
  Table<TaskEntry> tasks{prepare, "tasks", Ask::one_parent, "ORDER BY id"};
  Table<OddId> odd_ids{prepare, "odd_ids", Ask::one_parent};
  Table<HistoryEntry> histories{prepare, "histories", Ask::one_parent};
  Table<ChangeEntry> changes{prepare, "changes", Ask::one_parent, "AND at >= ? ORDER BY seq"};
  Table<Counter> counters{prepare, "counters", Ask::one_parent};
  Table<Counter> counter{prepare, "counters", Ask::one_parent, "AND cell = ?"};
  // How many tasks a run has, tombstones apart.
  Statement task_count =
      prepare(fmt::format("SELECT {} FROM runs WHERE number = ?", fmt::join(task::kStatusNames, " + ")));
  Statement last_change = prepare("SELECT max(seq) FROM changes WHERE run = ?");
  AlertTables alerts{prepare};
  Statement begin = prepare("BEGIN IMMEDIATE");
  Statement commit = prepare("COMMIT");
  Statement rollback = prepare("ROLLBACK");
};

}  // namespace runwatch::store
