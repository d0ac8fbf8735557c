#include <fmt/format.h>

#include <utility>

#include "store/session.h"

namespace runwatch::store {

namespace {

Outcome<std::vector<OutboxRow>> rows_of(Outcome<std::vector<OutboxEntry>> entries) {
  if (!entries) return std::unexpected(std::move(entries.error()));
  std::vector<OutboxRow> rows;
  for (auto& entry : *entries) {
    entry.row.seq = entry.seq.value_or(0);
    rows.push_back(std::move(entry.row));
  }
  return rows;
}

Outcome<std::optional<OutboxRow>> first_of(Outcome<std::vector<OutboxEntry>> entries) {
  auto rows = rows_of(std::move(entries));
  if (!rows) return std::unexpected(std::move(rows.error()));
  return rows->empty() ? std::nullopt : std::optional(std::move(rows->front()));
}

// What does not narrow names its place all the same, so that the values are bound in one way.
std::string where(const RowFilter& filter) {
  return fmt::format("WHERE {} AND {} AND {} AND {} AND {} ORDER BY seq{}", filter.id.empty() ? "?1 = ''" : "id = ?1",
                     filter.receiver.empty() ? "?2 = ''" : "receiver = ?2",
                     filter.incident == 0 ? "?3 = 0" : "incident = ?3 AND incident > 0",
                     filter.run == 0 ? "?4 = 0" : "run = ?4 AND run > 0",
                     filter.state ? fmt::format("state = {}", task::index(*filter.state)) : "1",
                     filter.newest == 0 ? "" : fmt::format(" DESC LIMIT {}", filter.newest));
}

}  // namespace

template <class Row>
Outcome<std::vector<Row>> Session::list(Table<Row>& table, const auto&... asked) {
  std::vector<Row> rows;
  const auto take = [&](Row& row) {
    rows.push_back(std::move(row));
    return true;
  };
  if (const int code = table.each(take, asked...); code != SQLITE_OK) return unreadable(code, table.name);
  return rows;
}

Outcome<void> Session::read_alerts(Contents& contents) {
  std::vector<Total> totals;
  Outcome<void> done{};
  const auto read = [&](auto& table, auto& into) {
    if (!done) return;
    auto rows = list(table);
    rows ? void(into = std::move(*rows)) : void(done = std::unexpected(std::move(rows.error())));
  };
  auto& tables = tables_->alerts;
  auto& alerts = contents.alerts;
  read(tables.incidents, alerts.incidents);
  read(tables.members, alerts.members);
  read(tables.marks, alerts.marks);
  read(tables.silences, alerts.silences);
  read(tables.rules, alerts.rules);
  read(tables.receivers, alerts.receivers);
  read(tables.totals, totals);
  for (const auto& total : totals) contents.totals[total.name] = total.value;
  return done;
}

Outcome<std::int64_t> Session::next_seq(std::int64_t run) {
  std::int64_t newest = 0;
  if (const int code = tables_->last_change.with(run).ask(newest); code != SQLITE_OK) {
    return unreadable(code, "changes");
  }
  return newest + 1;
}

Outcome<std::vector<OutboxRow>> Session::waiting(const std::string& receiver, std::int64_t incident) {
  return rows_of(list(tables_->alerts.waiting, receiver, incident));
}

Outcome<std::optional<OutboxRow>> Session::next(const std::string& receiver, core::WallTime lived) {
  return first_of(list(tables_->alerts.due, receiver, lived));
}

Outcome<std::vector<std::string>> Session::queued() {
  std::vector<std::string> names;
  auto& statement = tables_->alerts.queued.with();
  int code = statement.step();
  for (; code == SQLITE_ROW; code = statement.step()) {
    if (!statement.read(names.emplace_back())) return unreadable(SQLITE_CORRUPT, "queues");
  }
  statement.reset();
  if (code != SQLITE_DONE) return unreadable(code, "queues");
  return names;
}

Outcome<std::optional<core::WallTime>> Session::next_due(const std::string& receiver) {
  std::int64_t due = -1;
  if (const int code = tables_->alerts.next_due.with(receiver).ask(due); code != SQLITE_OK) {
    return unreadable(code, "outbox");
  }
  return due < 0 ? std::nullopt : std::optional(core::WallTime(core::Duration(due)));
}

Outcome<std::optional<OutboxRow>> Session::row(std::int64_t seq) { return first_of(list(tables_->alerts.by_seq, seq)); }

// Prepared anew: it is people who ask, and what they narrow it by decides over the index.
Outcome<std::vector<OutboxRow>> Session::rows(const RowFilter& filter) {
  Preparation prepare{connection_.handle()};
  Table<OutboxEntry> filtered{prepare, "outbox", Ask::all, where(filter)};
  if (prepare.code != SQLITE_OK) return unreadable(prepare.code, "outbox");
  return rows_of(list(filtered, filter.id, filter.receiver, filter.incident, filter.run));
}

Outcome<std::vector<DeliveryAttempt>> Session::attempts(std::int64_t row) {
  return list(tables_->alerts.deliveries, row);
}

Outcome<Queue> Session::queue(const std::string& receiver) {
  Queue queue;
  auto& statement = tables_->alerts.queue;
  int code = statement.with(receiver).step();
  const auto good = [&] {
    return statement.read(queue.pending) && statement.read(queue.dead) && statement.read(queue.bytes) &&
           statement.read(queue.oldest);
  };
  if (code == SQLITE_ROW && !good()) code = SQLITE_CORRUPT;
  statement.reset();
  if (code != SQLITE_ROW) return unreadable(code, "queues");
  return queue;
}

Outcome<std::string> Session::odd_id(const task::TaskKey& key) {
  std::string text;
  auto& statement = tables_->alerts.odd_id;
  const int code = statement.with(key.bytes).step();
  if (code == SQLITE_ROW) static_cast<void>(statement.read(text));
  statement.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return unreadable(code, "odd_ids");
  return text;
}

}  // namespace runwatch::store
