#include <algorithm>

#include "store/session.h"

namespace runwatch::store {

namespace {

// Writes until something fails.
class AlertWriter {
 public:
  explicit AlertWriter(AlertTables& tables) : tables_(tables) {}

  void decision(const rule::Decision& decision) {
    put(tables_.incidents, decision.incidents);
    put(tables_.members, decision.members);
    put(tables_.marks, decision.marks);
    put(tables_.silences, decision.silences);
    put(tables_.rules, decision.rules);
    put(tables_.receivers, decision.receivers);
    for (const auto& member : decision.erased) {
      note(tables_.erase_member.with(member.incident, member.task.bytes, member.ordinal).run());
    }
    for (const auto& mark : decision.unmarked) {
      note(tables_.erase_mark.with(mark.run, mark.rule, mark.task.bytes, mark.seq).run());
    }
    for (const auto number : decision.closed) {
      note(tables_.members.forget(number));
      note(tables_.incidents.forget(number));
    }
    for (const auto number : decision.expired) note(tables_.silences.forget(number));
    for (const auto& name : decision.rules_gone) note(tables_.erase_rule.with(name).run());
    for (const auto& name : decision.receivers_gone) {
      note(tables_.erase_receiver.with(name).run());
      give_up(name);
    }
    for (const auto& name : decision.receivers_changed) give_up(name);
  }

  // What ended holds nothing any more.
  void outbox(const Batch& batch) {
    const bool personal = batch.outbox_before || std::ranges::any_of(batch.outbox, &OutboxRow::personal);
    if (personal) zero(kZeroAll);
    for (const auto& row : batch.outbox) {
      OutboxEntry entry{.seq = row.seq == 0 ? std::nullopt : std::optional(row.seq), .row = row};
      if (row.state == OutboxRow::State::delivered || row.state == OutboxRow::State::dropped) entry.row.body.clear();
      entry.size = entry.row.body.size();
      if (row.personal && entry.size > 0) entry.padding = kPadding;
      put(tables_.by_seq, std::vector{std::move(entry)});
    }
    put(tables_.deliveries, batch.attempts);
    for (const auto& [name, more] : batch.totals) note(tables_.add_total.with(name, more).run());
    if (batch.outbox_before) {
      note(tables_.end_deliveries.with(*batch.outbox_before).run());
      note(tables_.end_rows.with(*batch.outbox_before).run());
    }
    if (personal) zero(kZeroWritten);
  }

  int code() const { return code_; }

 private:
  template <class Row>
  void put(Table<Row>& table, const std::vector<Row>& rows) {
    for (const auto& row : rows) {
      if (code_ == SQLITE_OK) code_ = table.put(row);
    }
  }

  // What waits for a receiver that there is no more, without reading it.
  void give_up(const std::string& receiver) {
    note(tables_.give_up.with(receiver).run());
    note(tables_.give_up_queue.with(receiver).run());
  }

  void zero(std::string_view how) {
    note(sqlite3_exec(tables_.prepare.connection, fmt::format("PRAGMA {}", how).c_str(), nullptr, nullptr, nullptr));
  }

  void note(int code) {
    if (code_ == SQLITE_OK) code_ = code;
  }

  AlertTables& tables_;
  int code_ = SQLITE_OK;
};

}  // namespace

int write_alerts(AlertTables& tables, const Batch& batch) {
  AlertWriter writer(tables);
  if (batch.alerts != nullptr) writer.decision(*batch.alerts);
  writer.outbox(batch);
  return writer.code();
}

}  // namespace runwatch::store
