// What a store should hold of alerts, kept in maps, and random batches of them.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "store/random_rows.h"
#include "store/store.h"

namespace store_test {

using State = store::OutboxRow::State;

inline bool holds_nothing(State state) { return state == State::delivered || state == State::dropped; }

struct OwnedAlerts {
  rule::Decision decision;
  std::vector<store::OutboxRow> outbox;
  std::vector<store::DeliveryAttempt> attempts;
  std::map<std::string, double> totals;
  std::optional<core::WallTime> outbox_before;

  void join(store::Batch& batch) const {
    batch.alerts = &decision;
    batch.outbox = outbox;
    batch.attempts = attempts;
    batch.totals = totals;
    batch.outbox_before = outbox_before;
  }
};

template <class Key, class Row>
std::vector<Row> values_of(const std::map<Key, Row>& rows) {
  std::vector<Row> values;
  for (const auto& [key, row] : rows) values.push_back(row);
  return values;
}

struct AlertModel {
  using MemberKey = std::tuple<std::int64_t, task::TaskKey, std::uint32_t>;
  using MarkKey = std::tuple<std::int64_t, std::string, task::TaskKey, std::int64_t>;
  std::map<std::int64_t, rule::Incident> incidents;
  std::map<MemberKey, rule::Member> members;
  std::map<MarkKey, rule::Mark> marks;
  std::map<std::int64_t, rule::Silence> silences;
  std::map<std::string, rule::RuleState> rules;
  std::map<std::string, rule::ReceiverState> receivers;
  std::map<std::string, double> totals;
  std::map<std::int64_t, store::OutboxRow> outbox;
  std::map<std::int64_t, std::vector<store::DeliveryAttempt>> attempts;
  std::int64_t last_incident = 0;
  std::int64_t last_silence = 0;
  std::int64_t last_row = 0;

  static MemberKey key(const rule::Member& member) { return {member.incident, member.task, member.ordinal}; }
  static MarkKey key(const rule::Mark& mark) { return {mark.run, mark.rule, mark.task, mark.seq}; }

  void apply(const OwnedAlerts& alerts) {
    decide(alerts.decision);
    for (auto row : alerts.outbox) {
      if (row.seq == 0) row.seq = last_row + 1;
      if (holds_nothing(row.state)) row.body.clear();
      last_row = std::max(last_row, row.seq);
      outbox.insert_or_assign(row.seq, row);
    }
    for (const auto& attempt : alerts.attempts) attempts[attempt.row].push_back(attempt);
    for (const auto& [name, more] : alerts.totals) totals[name] += more;
    if (!alerts.outbox_before) return;
    std::erase_if(outbox, [&](const auto& entry) {
      const bool old =
          entry.second.state != store::OutboxRow::State::pending && entry.second.created < *alerts.outbox_before;
      if (old) attempts.erase(entry.first);
      return old;
    });
  }

  void decide(const rule::Decision& decision) {
    for (const auto& row : decision.incidents) {
      incidents.insert_or_assign(row.number, row);
      last_incident = std::max(last_incident, row.number);
    }
    for (const auto& row : decision.members) members.insert_or_assign(key(row), row);
    for (const auto& row : decision.marks) marks.insert_or_assign(key(row), row);
    for (const auto& row : decision.silences) {
      silences.insert_or_assign(row.number, row);
      last_silence = std::max(last_silence, row.number);
    }
    for (const auto& row : decision.rules) rules.insert_or_assign(row.name, row);
    for (const auto& row : decision.receivers) receivers.insert_or_assign(row.name, row);
    for (const auto& row : decision.erased) members.erase(key(row));
    for (const auto& row : decision.unmarked) marks.erase(key(row));
    for (const auto number : decision.closed) {
      incidents.erase(number);
      std::erase_if(members, [&](const auto& entry) { return std::get<0>(entry.first) == number; });
    }
    for (const auto number : decision.expired) silences.erase(number);
    for (const auto& name : decision.rules_gone) rules.erase(name);
    for (const auto& name : decision.receivers_gone) receivers.erase(name), give_up(name);
    for (const auto& name : decision.receivers_changed) give_up(name);
  }

  void give_up(const std::string& receiver) {
    for (auto& [seq, row] : outbox)
      if (row.receiver == receiver && row.state == State::pending) row.state = State::dead;
  }

  // Pending rows of a receiver that no earlier one of their incident stands before.
  std::vector<store::OutboxRow> first_ones(const std::string& receiver) const {
    std::vector<store::OutboxRow> first;
    std::set<std::int64_t> seen;
    for (const auto& [seq, row] : outbox) {
      if (row.receiver != receiver || row.state != State::pending) continue;
      if (row.incident == 0 || seen.insert(row.incident).second) first.push_back(row);
    }
    return first;
  }

  std::optional<store::OutboxRow> next(const std::string& receiver, core::WallTime lived) const {
    const store::OutboxRow* fresh = nullptr;
    const store::OutboxRow* tried = nullptr;
    const auto first = first_ones(receiver);
    for (const auto& row : first) {
      if (row.due > lived) continue;
      if (row.tries == 0 && fresh == nullptr) fresh = &row;
      if (row.tries > 0 && (tried == nullptr || row.due < tried->due)) tried = &row;
    }
    if (fresh == nullptr && tried == nullptr) return std::nullopt;
    if (fresh == nullptr || tried == nullptr) return fresh == nullptr ? *tried : *fresh;
    return fresh->seq < tried->seq ? *fresh : *tried;
  }

  store::Queue queue(const std::string& receiver) const {
    store::Queue queue;
    for (const auto& [seq, row] : outbox) {
      if ((!receiver.empty() && row.receiver != receiver) || holds_nothing(row.state)) continue;
      ++(row.state == State::pending ? queue.pending : queue.dead);
      queue.bytes += row.body.size();
      if (row.state != State::pending || receiver.empty()) continue;
      queue.oldest = queue.oldest == task::kNoTime ? row.created : std::min(queue.oldest, row.created);
    }
    return queue;
  }
};

inline bool same_queue(store::Store& store, const AlertModel& model, const std::string& receiver) {
  const auto queue = store.queue(receiver);
  const auto expected = model.queue(receiver);
  if (!queue || queue->pending != expected.pending || queue->dead != expected.dead) return false;
  if (queue->bytes != expected.bytes || queue->oldest != expected.oldest) return false;
  const auto first = model.first_ones(receiver);
  const auto due =
      first.empty() ? std::nullopt : std::optional(std::ranges::min(first, {}, &store::OutboxRow::due).due);
  if (store.next_due(receiver).value() != due) return false;
  for (const int second : {0, 100, 500, 1000}) {
    const core::WallTime lived{std::chrono::seconds{second}};
    if (store.next(receiver, lived).value() != model.next(receiver, lived)) return false;
  }
  std::vector<store::OutboxRow> waiting;
  for (const auto& [seq, row] : model.outbox) {
    if (row.receiver == receiver && row.incident == 1 && row.state == State::pending) waiting.push_back(row);
  }
  return store.waiting(receiver, 1).value() == waiting;
}

inline bool same_rows(store::Store& store, const AlertModel& model, const store::RowFilter& filter) {
  std::vector<store::OutboxRow> rows;
  for (const auto& [seq, row] : model.outbox) {
    if ((filter.id.empty() || row.id == filter.id) && (filter.receiver.empty() || row.receiver == filter.receiver) &&
        (filter.incident == 0 || row.incident == filter.incident) && (!filter.state || row.state == filter.state)) {
      rows.push_back(row);
    }
  }
  return store.rows(filter).value() == rows;
}

inline bool same_alerts(store::Store& store, const store::Contents& contents, const AlertModel& model) {
  const auto& alerts = contents.alerts;
  if (alerts.incidents != values_of(model.incidents) || alerts.members != values_of(model.members) ||
      alerts.marks != values_of(model.marks) || alerts.silences != values_of(model.silences) ||
      alerts.rules != values_of(model.rules) || alerts.receivers != values_of(model.receivers) ||
      contents.totals != model.totals) {
    return false;
  }
  if (alerts.last_incident != model.last_incident || alerts.last_silence != model.last_silence) return false;
  for (const store::RowFilter& filter : {store::RowFilter{},
                                         {.id = "n3"},
                                         {.receiver = "ops"},
                                         {.incident = 2},
                                         {.state = State::dead},
                                         {.receiver = "mail", .state = State::pending},
                                         {.id = "n1", .receiver = "ops", .incident = 1}}) {
    if (!same_rows(store, model, filter)) return false;
  }
  for (const auto& [seq, row] : model.outbox) {
    const auto found = model.attempts.find(seq);
    const auto expected = found == model.attempts.end() ? std::vector<store::DeliveryAttempt>{} : found->second;
    if (store.attempts(seq).value() != expected || store.row(seq).value() != row) return false;
  }
  return std::ranges::all_of(std::vector<std::string>{"", "ops", "mail", "nobody"},
                             [&](const auto& receiver) { return same_queue(store, model, receiver); });
}

}  // namespace store_test
