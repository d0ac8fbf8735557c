#include <algorithm>
#include <utility>

#include "core/log.h"
#include "watch/alert_event.h"
#include "watch/ledger.h"

namespace runwatch::watch {
namespace {

// The platform's account as rules see it: a space of its own, without a name.
constexpr std::int64_t kAccount = 0;

constexpr core::Duration kScrubWithin = std::chrono::seconds(30);

}  // namespace

rule::Lookup Ledger::lookup() {
  return {.space = [this](std::int64_t number) -> std::optional<rule::SpaceView> {
            SpaceState* space = number == kAccount ? nullptr : roster_.find(number);
            if (space == nullptr || !roster_.is_shown(*space)) return std::nullopt;
            return space_view(*space);
          },
          .run = [this](std::int64_t number, std::int64_t run) -> std::optional<rule::RunView> {
            SpaceState* space = roster_.find(number);
            if (space == nullptr) return std::nullopt;
            const auto found = space->runs.find(run);
            if (found == space->runs.end()) return std::nullopt;
            return run_view(found->second, Moment::now(deps_.clock), alerts_.asks(rule::When::task_stuck));
          }};
}

Alerts::Outcome<AlertNews> Ledger::decide(const SpaceState& space, const Step& step) {
  static const AlertNews kNone;
  if (deps_.store == nullptr || !roster_.is_shown(space)) return kNone;
  const bool with_oldest = alerts_.asks(rule::When::task_stuck);
  auto event = event_of(space, step, Moment::now(deps_.clock), with_oldest);
  sight_changed_ = sight_changed_ || event.sight;
  return alerts_.on_event(std::move(event), &step);
}

void Ledger::add(store::Batch& batch, const AlertNews& news) {
  batch.alerts = &news.decision;
  batch.outbox.insert(batch.outbox.end(), news.rows.begin(), news.rows.end());
  batch.totals = news.totals;
}

// A report of a run's end is told once: the record says so.
void Ledger::add_told_runs(SpaceState& space, Step& step, const rule::Decision& decision) {
  for (const auto& told : decision.told_runs) {
    auto after = std::ranges::find(step.runs, told.number, [](const Run& run) { return run.record.number; });
    if (after == step.runs.end()) {
      step.runs.push_back(space.runs.at(told.number).value());
      after = std::prev(step.runs.end());
    }
    after->record.finish_told = told.finish_told;
  }
}

// A failure that has to stay one is looked at again when its time is over; rows that are wanted come with the next
// poll.
void Ledger::hasten(Step& step, const rule::Decision& decision) {
  const auto ask = std::ranges::find(step.next, step.run, &Ask::run);
  if (step.run == 0 || ask == step.next.end() || ask->kind != JobKind::poll) return;
  const auto now = deps_.clock.steady_now();
  auto by = core::SteadyTime::max();
  if (decision.poll_by) by = std::max(alerts_.steady(*decision.poll_by), now);
  const bool wants_rows = std::ranges::any_of(settings_.alerts.rules.receivers, &rule::Receiver::includes);
  if (wants_rows && !decision.marks.empty()) by = now;
  if (ask->due) ask->due = std::min(*ask->due, by);
}

// What is not a step of a space: the clock, settings, couriers and people.
Ledger::Committed Ledger::carry_out(Alerts::Outcome<AlertNews> news, store::Batch batch) {
  if (!news) return std::unexpected(std::move(news.error()));
  add(batch, *news);
  batch.at = deps_.clock.wall_now();
  if (auto done = commit(batch); !done) return done;
  take_over(*news);
  return {};
}

void Ledger::take_over(AlertNews& news) {
  alerts_.take_over(news);
  if (news.empty()) return;
  for (const auto& receiver : news.receivers) count_queue(receiver);
  if (deps_.wake && !news.receivers.empty()) deps_.wake(news.receivers);
  alerts_changed_ = true;
  has_news_ = true;
}

Ledger::Committed Ledger::configure_alerts() {
  if (deps_.store == nullptr) return {};
  looks_back_ = std::ranges::any_of(settings_.alerts.rules.rules,
                                    [](const auto& rule) { return rule.window > core::Duration(0); });
  auto done = carry_out(alerts_.on_settings(settings_.alerts), {});
  for (const auto& receiver : settings_.alerts.receivers) count_queue(receiver.options.name);
  alerts_.count_open();
  alerts_changed_ = true;
  return done;
}

// The book was read again: whether polls fail still, it does not know.
Ledger::Committed Ledger::tell_sights() {
  told_account_.reset();
  sight_changed_ = true;
  for (const auto number : roster_.shown()) {
    const SpaceState& space = roster_.at(number);
    if (deps_.store == nullptr || !space.judged) continue;
    rule::Event event;
    event.space = space_view(space);
    event.sight = sight_of(space);
    if (auto done = carry_out(alerts_.on_event(std::move(event), nullptr), {}); !done) return done;
  }
  return {};
}

// Windows reach back behind the start of this process.
Ledger::Committed Ledger::remember_changes() {
  core::Duration longest{};
  for (const auto& rule : settings_.alerts.rules.rules) longest = std::max(longest, rule.window);
  if (deps_.store == nullptr || longest == core::Duration(0)) return {};
  const auto since = deps_.clock.wall_now() - longest;
  for (const auto number : roster_.shown()) {
    for (const auto& [run, state] : roster_.at(number).runs) {
      if (state.record.last_change < since) continue;
      auto history = deps_.store->changes(run, since);
      if (!history) return std::unexpected(std::move(history.error()));
      for (const auto& recorded : *history) alerts_.remember(run, recorded.at, recorded.change);
    }
  }
  return {};
}

void Ledger::tick_alerts(Report& report) {
  if (deps_.store == nullptr) return;
  const auto note = [&](const Committed& done) { report.outdated = report.outdated || (!done && done.error().reload); };
  for (const auto& [number, run] : alerts_.book().due_runs(alerts_.now())) {
    SpaceState* space = roster_.find(number);
    if (space == nullptr || !space->runs.contains(run)) continue;
    Step step;
    step.runs.push_back(space->runs.at(run).value());
    note(carry_out(*space, std::move(step), report));
  }
  if (alerts_.is_due()) note(carry_out(alerts_.on_tick(), {}));
  scrub();
}

// What was included of a task is gone from the disk soon after it was delivered.
void Ledger::scrub() {
  const auto now = deps_.clock.steady_now();
  if (!scrub_by_ || now < *scrub_by_) return;
  scrub_by_ = deps_.store->scrub() ? std::nullopt : std::optional(now + kScrubWithin / 3);
}

// The account fails with what concerns all of it; each space's own trouble is its own.
void Ledger::tell_account(Report& report) {
  if (deps_.store == nullptr || !sight_changed_) return;
  rule::Sight sight;
  if (settings_.spaces.empty() && organization_.error) {
    sight = {false, true, std::string(view::name(organization_.error->reason))};
  }
  for (const auto number : roster_.shown()) {
    if (!sight.whole) break;
    const auto of_space = sight_of(roster_.at(number));
    if (!of_space.whole && of_space.of_account) sight = of_space;
  }
  const bool was_told = told_account_ && told_account_->whole == sight.whole && told_account_->reason == sight.reason;
  if (!told_account_ && sight.whole && !is_judged_once()) return;
  sight_changed_ = false;
  if (was_told) return;
  rule::Event event;
  event.sight = sight;
  const auto done = carry_out(alerts_.on_event(std::move(event), nullptr), {});
  report.outdated = report.outdated || (!done && done.error().reload);
  if (done) told_account_ = sight;
  if (!done) sight_changed_ = true;
}

bool Ledger::is_judged_once() {
  return std::ranges::all_of(roster_.shown(), [this](auto number) { return roster_.at(number).judged; });
}

void Ledger::count_queue(const std::string& receiver) {
  auto& standing = queues_[receiver];
  const auto queue = deps_.store->queue(receiver);
  if (!queue) return;  // the next commit tells
  standing.pending = queue->pending;
  standing.dead = queue->dead;
  standing.oldest = queue->oldest;
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
  return notify::Delivery{(*row)->seq, (*row)->id, (*row)->body, (*row)->tries, (*row)->aged};
}

bool Ledger::settle(const notify::Settlement& settlement) {
  auto found = deps_.store->row(settlement.row);
  if (!found) return false;
  if (!*found || (*found)->state != store::OutboxRow::State::pending) return true;
  store::OutboxRow row = std::move(**found);
  const auto now = alerts_.now();
  const auto& [fate, reason, wait, holds, tries, aged] = settlement.verdict;
  row.tries = tries;
  row.aged = aged;
  if (!holds) row.due = now.lived + wait;  // the receiver held back is asked for the oldest first again
  if (fate == notify::Fate::delivered) row.state = store::OutboxRow::State::delivered;
  if (fate == notify::Fate::dead) row.state = store::OutboxRow::State::dead;
  const auto& attempt = settlement.attempt;
  const auto outcome = reason ? std::string(notify::name(*reason)) : "";
  store::Batch batch;
  batch.attempts.push_back({row.seq, attempt.at, static_cast<std::uint32_t>(attempt.status), outcome, attempt.took});
  if (row.personal && !reason && !scrub_by_) scrub_by_ = deps_.clock.steady_now() + kScrubWithin;
  const auto created = row.created;
  batch.outbox.push_back(std::move(row));
  auto& standing = queues_[attempt.receiver];
  const auto failing_since = !reason                                   ? task::kNoTime
                             : standing.failing_since == task::kNoTime ? attempt.at
                                                                       : standing.failing_since;
  const bool disabled = fate == notify::Fate::disabled;
  if (!carry_out(alerts_.on_delivery(attempt.receiver, failing_since, disabled), std::move(batch))) return false;
  standing.failing_since = failing_since;
  standing.last_failure = outcome;
  standing.disabled = disabled;
  note_attempt(attempt, now.wall - created);
  return true;
}

void Ledger::note_attempt(const notify::Attempt& attempt, core::Duration latency) {
  const auto reason = attempt.reason ? std::optional(notify::name(*attempt.reason)) : std::nullopt;
  deps_.meters.delivery_attempted(attempt.receiver, attempt.took, reason, latency);
  count_queue(attempt.receiver);
  alerts_changed_ = true;
  has_news_ = true;
}

std::string Ledger::odd_id(const task::TaskKey& key) { return deps_.store->odd_id(key).value_or(""); }

std::shared_ptr<const view::Alerts> Ledger::show_alerts() {
  auto out = std::make_shared<view::Alerts>();
  out->incidents = alerts_.standing();
  for (const auto& receiver : settings_.alerts.receivers) {
    const auto& options = receiver.options;
    auto standing = queues_[options.name];
    standing.name = options.name;
    standing.type = std::string(notify::name(options.type));
    out->receivers.push_back(std::move(standing));
  }
  out->silences = alerts_.book().silences();
  return out;
}

}  // namespace runwatch::watch
