#include <algorithm>
#include <utility>

#include "core/log.h"
#include "watch/ledger.h"

namespace runwatch::watch {
namespace {

constexpr core::Duration kScrubWithin = std::chrono::seconds(30);

// `now`: lived.
store::OutboxRow after(store::OutboxRow row, const notify::Verdict& verdict, core::WallTime now) {
  using enum store::OutboxRow::State;
  row.tries = verdict.tries;
  row.refusals = verdict.refusals;
  row.aged = verdict.aged;
  if (!verdict.holds) row.due = now + verdict.wait;  // the receiver held back is asked for the oldest first again
  if (verdict.fate == notify::Fate::delivered) row.state = delivered;
  if (verdict.fate == notify::Fate::dead && row.state == pending) row.state = dead;
  return row;
}

}  // namespace

void Ledger::count_queue(const std::string& receiver) {
  auto& standing = queues_[receiver];
  const auto queue = deps_.store->queue(receiver);
  if (!queue) return;  // the next commit tells
  standing.pending = queue->pending;
  standing.dead = queue->dead;
  standing.oldest = queue->oldest;
  const auto due = deps_.store->next_due(receiver);
  const auto lived = due && *due ? std::optional(due_of(receiver, **due)) : std::nullopt;
  standing.due = lived ? *lived - ahead() : task::kNoTime;
  standing.due_steady = lived ? std::optional(alerts_.steady(*lived)) : std::nullopt;
  const bool waits = queue->pending > 0;
  deps_.meters.outbox(receiver, queue->pending, queue->dead, waits ? std::optional(queue->oldest) : std::nullopt);
}

// That a notice is sent is committed before it is: from then on nothing folds into it.
notify::Next Ledger::next_delivery(const std::string& receiver) {
  if (deps_.store == nullptr) return notify::Idle{};
  const auto now = alerts_.now();
  auto row = deps_.store->next(receiver, now.lived);
  if (!row) return notify::Idle{std::chrono::seconds(5)};
  if (!*row) {
    const auto due = deps_.store->next_due(receiver);
    if (!due || !*due) return notify::Idle{};
    return notify::Idle{std::max(**due - now.lived, core::Duration(1))};
  }
  if (!(*row)->sent) {
    store::Batch batch;
    (*row)->sent = true;
    batch.outbox.push_back(**row);
    batch.at = now.wall;
    if (!commit(batch)) return notify::Idle{std::chrono::seconds(5)};
  }
  return notify::Delivery{(*row)->seq, (*row)->id, (*row)->body, (*row)->tries, (*row)->refusals, (*row)->aged};
}

bool Ledger::settle(const notify::Settlement& settlement) {
  auto found = deps_.store->row(settlement.row);
  if (!found) return false;
  using enum store::OutboxRow::State;
  // One that is settled already is handed in again; one that somebody dropped meanwhile was sent all the same.
  if (!*found || (*found)->state == delivered || (*found)->state == dead) return true;
  const auto now = alerts_.now();
  const auto& attempt = settlement.attempt;
  const auto& verdict = settlement.verdict;
  auto row = after(std::move(**found), verdict, now.lived);
  const auto created = row.created;
  const auto outcome = verdict.reason ? std::string(notify::name(*verdict.reason)) : "";
  store::Batch batch;
  batch.attempts.push_back({row.seq, attempt.at, static_cast<std::uint32_t>(attempt.status), outcome, attempt.took});
  if (row.personal && !verdict.reason && !scrub_by_) scrub_by_ = deps_.clock.steady_now() + kScrubWithin;
  // The last failure of what was dropped makes no receiver fail.
  const bool is_forgiven =
      row.state == dropped && verdict.reason && queues_[attempt.receiver].failing_since == task::kNoTime;
  batch.outbox.push_back(std::move(row));
  batch.at = now.wall;
  const bool done = is_forgiven ? commit(batch).has_value()
                                : follow_receiver(attempt.receiver, attempt, verdict.fate == notify::Fate::disabled,
                                                  std::move(batch));
  if (!done) return false;
  if (verdict.holds)
    held_[attempt.receiver] = now.lived + verdict.wait;
  else
    held_.erase(attempt.receiver);
  note_attempt(attempt, std::max(now.lived - now.lived_of(created), core::Duration(0)));
  return true;
}

core::WallTime Ledger::due_of(const std::string& receiver, core::WallTime due) const {
  const auto held = held_.find(receiver);
  return held == held_.end() ? due : std::max(due, held->second);
}

// An Alertmanager fails while none of its addresses takes what it is shown.
void Ledger::note_shown(const notify::Attempt& attempt) {
  const auto* options = alerts_.receiver(attempt.receiver);
  if (options == nullptr) return;
  auto& places = shown_places_[attempt.receiver];
  places[attempt.place] = !attempt.reason;
  std::erase_if(places, [&](const auto& entry) { return entry.first >= options->credentials.urls.size(); });
  const bool fails = std::ranges::none_of(places, [](const auto& entry) { return entry.second; });
  const bool failed = queues_[attempt.receiver].failing_since != task::kNoTime;
  auto state = attempt;
  if (!fails) state.reason.reset();
  if (fails || failed) follow_receiver(attempt.receiver, state, false, {});  // else the next attempt says it again
  note_attempt(attempt, std::nullopt);
}

// Since when it fails, as rules are to know.
bool Ledger::follow_receiver(const std::string& name, const notify::Attempt& attempt, bool disabled,
                             store::Batch batch) {
  auto& standing = queues_[name];
  const bool is_first = standing.failing_since == task::kNoTime;
  const auto since = !attempt.reason ? task::kNoTime : is_first ? attempt.at : standing.failing_since;
  if (!carry_out(alerts_.on_delivery(name, since, disabled), std::move(batch))) return false;
  standing.failing_since = since;
  standing.last_failure = attempt.reason ? std::string(notify::name(*attempt.reason)) : "";
  standing.last_error = attempt.reason ? attempt.text : "";
  standing.disabled = disabled;
  return true;
}

// What was known of the way to receivers that the settings have otherwise than before, whose names are given.
std::set<std::string> Ledger::forget_receivers() {
  std::set<std::string> changed;
  std::set<std::string> same_type;
  for (const auto& receiver : settings_.alerts.receivers) {
    const auto* before = alerts_.receiver(receiver.options.name);
    if (before == nullptr || *before != receiver.options) changed.insert(receiver.options.name);
    if (before != nullptr && before->type == receiver.options.type) same_type.insert(receiver.options.name);
  }
  std::erase_if(queues_, [&](const auto& entry) { return !same_type.contains(entry.first); });
  const auto is_otherwise = [&](const auto& entry) {
    return !same_type.contains(entry.first) || changed.contains(entry.first);
  };
  std::erase_if(held_, is_otherwise);
  std::erase_if(shown_places_, is_otherwise);
  return changed;
}

// Receivers that go, or become others, with how much waits for each.
std::vector<std::pair<std::string, std::uint64_t>> Ledger::parted_from(const rule::Decision& decision) {
  std::vector<std::pair<std::string, std::uint64_t>> parted;
  for (const auto* names : {&decision.receivers_gone, &decision.receivers_changed}) {
    for (const auto& name : *names) {
      const auto queue = deps_.store->queue(name);
      parted.emplace_back(name, queue ? queue->pending : 0);
    }
  }
  return parted;
}

void Ledger::tell_parted(const std::vector<std::pair<std::string, std::uint64_t>>& parted) {
  for (const auto& [name, waited] : parted) {
    given_up_ += waited;
    if (waited == 0) continue;
    core::log::warning(
        "notices for a receiver that is configured no more, or otherwise, are given up; "
        "`runwatch alerts list` shows them",
        {{"receiver", name}, {"notices", waited}});
  }
}

// As couriers do after each reload: those that were given up, and those that are configured otherwise.
void Ledger::try_again() {
  for (const auto& receiver : settings_.alerts.receivers) {
    const auto& name = receiver.options.name;
    auto& standing = queues_[name];
    if (!standing.disabled && !renewed_.contains(name)) continue;
    if (standing.disabled && !carry_out(alerts_.on_delivery(name, standing.failing_since, false), {})) continue;
    standing.disabled = false;
    forgive(name);
  }
}

// Where nothing waits any more, nothing fails: how it goes, the next notice finds out.
void Ledger::forgive(const std::string& receiver) {
  const auto& standing = queues_[receiver];
  if (standing.pending > 0 || standing.disabled || standing.failing_since == task::kNoTime) return;
  follow_receiver(receiver, {}, false, {});  // what is not committed, the next notice says
}

void Ledger::note_attempt(const notify::Attempt& attempt, std::optional<core::Duration> latency) {
  const auto reason = attempt.reason ? std::optional(notify::name(*attempt.reason)) : std::nullopt;
  deps_.meters.delivery_attempted(attempt.receiver, attempt.took, reason, latency);
  count_queue(attempt.receiver);
  alerts_changed_ = true;
  has_news_ = true;
}

}  // namespace runwatch::watch
