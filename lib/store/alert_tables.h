// What the database holds of alerts, in its newest format: incidents and their members, marks, silences, the outbox.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "store/store.h"
#include "store/table.h"

namespace runwatch::store {

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
  Statement queued = prepare("SELECT receiver FROM queues WHERE pending + dead > 0 ORDER BY receiver");
  Statement erase_member = prepare("DELETE FROM members WHERE incident = ? AND id = ? AND ordinal = ?");
  Statement erase_mark = prepare("DELETE FROM marks WHERE run = ? AND rule = ? AND id = ? AND seq = ?");
  Statement erase_rule = prepare("DELETE FROM rules WHERE name = ?");
  Statement erase_receiver = prepare("DELETE FROM receivers WHERE name = ?");
  Statement give_up = prepare("UPDATE outbox SET state = 2 WHERE receiver = ? AND state = 0");
  Statement give_up_queue = prepare("UPDATE queues SET dead = dead + pending, pending = 0 WHERE receiver = ?");
  Statement add_total =
      prepare("INSERT INTO totals VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = value + excluded.value");
  Statement end_deliveries =
      prepare("DELETE FROM deliveries WHERE row IN (SELECT seq FROM outbox WHERE state > 0 AND created < ?)");
  Statement end_rows = prepare("DELETE FROM outbox WHERE state > 0 AND created < ?");
  Statement odd_id = prepare("SELECT text FROM odd_ids WHERE id = ? LIMIT 1");
};

}  // namespace runwatch::store
