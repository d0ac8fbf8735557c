// What the database holds, in its newest format.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "store/alert_tables.h"
#include "store/store.h"
#include "store/table.h"
#include "task/known_tasks.h"

namespace runwatch::store {

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
  facts_columns(column, change.facts);
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
