#include <algorithm>
#include <tuple>
#include <utility>

#include "core/log.h"
#include "watch/alert_event.h"
#include "watch/ledger.h"

namespace runwatch::watch {
namespace {

// The platform's account as rules see it: a space of its own, without a name.
constexpr std::int64_t kAccount = 0;

constexpr core::Duration kAlertsAgain = std::chrono::seconds(1);
constexpr core::Duration kScrubAgain = std::chrono::seconds(10);

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
            if (!roster_.is_shown(*space) || found == space->runs.end()) return std::nullopt;
            return run_view(found->second, Moment::now(deps_.clock), alerts_.asks(rule::When::task_stuck));
          }};
}

Alerts::Outcome<AlertNews> Ledger::decide(const SpaceState& space, const Step& step, core::WallTime at) {
  static const AlertNews kNone;
  if (deps_.store == nullptr || !roster_.is_shown(space)) return kNone;
  const bool with_oldest = alerts_.asks(rule::When::task_stuck);
  auto event = event_of(space, step, Moment::now(deps_.clock), with_oldest);
  sight_changed_ = sight_changed_ || event.sight;
  return alerts_.on_event(std::move(event), &step, at);
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
  // The next poll brings them, soon; what that one marks in its turn waits for the interval.
  const bool wants_rows = std::ranges::any_of(settings_.alerts.rules.receivers, &rule::Receiver::includes);
  if (wants_rows && !decision.marks.empty() && alerts_.book().wanted(step.run).empty()) by = now;
  if (ask->due) ask->due = std::min(*ask->due, by);
}

// What is not a step of a space: the clock, settings, couriers and people.
Ledger::Committed Ledger::carry_out(Alerts::Outcome<AlertNews> news, store::Batch batch) {
  if (!news) return std::unexpected(std::move(news.error()));
  add(batch, *news);
  batch.at = deps_.clock.wall_now();
  if (auto done = commit(batch); !done) {
    outdated_ = outdated_ || done.error().reload;
    return done;
  }
  take_over(*news);
  return {};
}

void Ledger::take_over(AlertNews& news) {
  const bool was_full = alerts_.is_full();
  alerts_.take_over(news);
  if (news.empty() && alerts_.is_full() == was_full) return;
  for (const auto& receiver : news.receivers) count_queue(receiver);
  if (deps_.wake && !news.receivers.empty()) deps_.wake(news.receivers);
  alerts_changed_ = true;
  has_news_ = true;
}

Ledger::Committed Ledger::configure_alerts() {
  if (deps_.store == nullptr) return {};
  std::set<core::Duration> windows;
  for (const auto& rule : settings_.alerts.rules.rules) {
    if (rule.window > core::Duration(0)) windows.insert(rule.window);
  }
  auto history = windows == windows_ ? History() : history_of(windows);
  if (!history) return std::unexpected(std::move(history.error()));
  renewed_ = forget_receivers();
  auto news = alerts_.on_settings(settings_.alerts);
  if (!news) return std::unexpected(std::move(news.error()));
  const auto parted = parted_from(news->decision);
  auto done = carry_out(std::move(news), {});
  if (done) tell_parted(parted);
  if (done) {
    remember_changes(*history);
    windows_ = std::move(windows);
  }
  sight_changed_ = true;  // a space that failed may be gone
  for (const auto& name : deps_.store->queued().value_or(std::vector<std::string>()))
    count_queue(name);  // those that are gone, too
  for (const auto& receiver : settings_.alerts.receivers) {
    const auto& name = receiver.options.name;
    const auto* state = alerts_.book().receiver(name);
    if (state != nullptr) queues_[name].failing_since = state->failing_since;
    count_queue(name);
  }
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
    rule::Event event;
    event.space = space_view(space);
    event.sight = sight_of(space);
    if (deps_.store == nullptr || !space.judged || !event.sight) continue;
    if (auto done = carry_out(alerts_.on_event(std::move(event), nullptr, deps_.clock.wall_now()), {}); !done)
      return done;
  }
  return {};
}

// Windows reach back behind the start of this process, and behind the reload that brought them.
Ledger::History Ledger::history_of(const std::set<core::Duration>& windows) {
  std::vector<std::pair<std::int64_t, std::vector<store::RecordedChange>>> all;
  if (windows.empty()) return all;
  const auto now = alerts_.now();
  auto ahead = now.lived - now.wall;  // the most that it was: what was recorded then may have been lived since
  for (const auto& offset : now.offsets) ahead = std::max(ahead, offset.ahead);
  const auto since = now.lived - ahead - *windows.rbegin();
  for (const auto number : roster_.shown()) {
    for (const auto& [run, state] : roster_.at(number).runs) {
      if (state.record.last_change < since) continue;
      auto changes = deps_.store->changes(run, since);
      if (!changes) return std::unexpected(std::move(changes.error()));
      all.emplace_back(run, std::move(*changes));
    }
  }
  return all;
}

void Ledger::remember_changes(const std::vector<std::pair<std::int64_t, std::vector<store::RecordedChange>>>& history) {
  const auto now = alerts_.now();
  for (const auto& [run, changes] : history) {
    for (const auto& recorded : changes) alerts_.remember(run, now.lived_of(recorded.at), recorded.change);
  }
}

// What could not be committed is due still, and is tried again when the store had a moment.
void Ledger::tick_alerts(Report& report) {
  if (deps_.store == nullptr) return;
  scrub();
  const auto now = deps_.clock.steady_now();
  if (now < next_alerts_) return;
  bool done = true;
  for (const auto& [number, run] : alerts_.book().due_runs(alerts_.now())) {
    SpaceState* space = roster_.find(number);
    if (space == nullptr || !space->runs.contains(run)) continue;
    Step step;
    step.runs.push_back(space->runs.at(run).value());
    const auto carried = carry_out(*space, std::move(step), report);
    outdated_ = outdated_ || (!carried && carried.error().reload);
    done = done && carried;
  }
  if (alerts_.is_due()) done = carry_out(alerts_.on_tick(), {}) && done;
  if (!done) next_alerts_ = now + kAlertsAgain;
}

// What was included of a task is gone from the disk soon after it was delivered.
void Ledger::scrub() {
  const auto now = deps_.clock.steady_now();
  if (!scrub_by_ || now < *scrub_by_) return;
  scrub_by_ = deps_.store->scrub() ? std::nullopt : std::optional(now + kScrubAgain);
}

// The account fails with what concerns all of it; each space's own trouble is its own.
void Ledger::tell_account() {
  if (deps_.store == nullptr || !sight_changed_) return;
  rule::Sight sight;
  if (settings_.spaces.empty() && organization_.error) {
    sight = {false, true, std::string(view::name(organization_.error->reason))};
  }
  for (const auto number : roster_.shown()) {
    if (!sight.whole) break;
    const auto of_space = sight_of(roster_.at(number));
    if (of_space && !of_space->whole && of_space->of_account) sight = *of_space;
  }
  const bool was_told = told_account_ && told_account_->whole == sight.whole && told_account_->reason == sight.reason;
  if (!told_account_ && sight.whole && !is_judged_once()) return;
  sight_changed_ = false;
  if (was_told) return;
  rule::Event event;
  event.sight = sight;
  const auto done = carry_out(alerts_.on_event(std::move(event), nullptr, deps_.clock.wall_now()), {});
  if (done) told_account_ = sight;
  if (!done) sight_changed_ = true;
}

bool Ledger::is_judged_once() {
  return std::ranges::all_of(roster_.shown(), [this](auto number) { return roster_.at(number).judged; });
}

// What the lived clock is ahead of the wall clock, for what is shown.
core::Duration Ledger::ahead() const {
  const auto now = alerts_.now();
  return now.lived - now.wall;
}

std::string Ledger::odd_id(const task::TaskKey& key) { return deps_.store->odd_id(key).value_or(""); }

std::shared_ptr<const view::Alerts> Ledger::show_alerts() {
  auto out = std::make_shared<view::Alerts>();
  out->delivers = deps_.store != nullptr;
  out->incidents = alerts_.standing();
  for (const auto& receiver : settings_.alerts.receivers) {
    const auto& options = receiver.options;
    auto standing = queues_[options.name];
    standing.name = options.name;
    standing.type = std::string(notify::name(options.type));
    out->receivers.push_back(std::move(standing));
  }
  out->silences = alerts_.book().silences();
  for (auto& silence : out->silences) {
    silence.until -= ahead();
    if (const auto* space = roster_.find(silence.space_number)) silence.space = space->name;
  }
  out->is_full = alerts_.is_full();
  return out;
}

}  // namespace runwatch::watch
