#include "watch/ledger.h"

#include <algorithm>
#include <utility>

#include "watch/show.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

constexpr core::Duration kFirstTriesWithin = std::chrono::seconds(2);
// How old the store may say that it is: so much of the time before a restart is not believed.
constexpr core::Duration kHeartbeat = std::chrono::hours(1);
// By then a clock that was wrong at boot is set.
constexpr core::Duration kFirstPurgeAfter = std::chrono::hours(1);
constexpr core::Duration kTickEvery = std::chrono::minutes(1);
constexpr int kShowShare = 20;  // thousands of incidents take a while to show: so many times as long they are not
constexpr core::Duration kShortestRest = std::chrono::milliseconds(50);  // what is due may have to wait for others

}  // namespace

Ledger::Ledger(Settings settings, Deps deps)
    : settings_(std::move(settings)),
      deps_(std::move(deps)),
      roster_(deps_.meters),
      alerts_({deps_.clock, deps_.store, deps_.meters, lookup(), [this](const auto& key) { return odd_id(key); }}),
      next_purge_(deps_.clock.steady_now() + kFirstPurgeAfter),
      committed_at_(deps_.clock.steady_now()) {}

Report Ledger::apply(Fetched fetched) {
  Report report;
  const auto* ticket = current_ticket(fetched.job);
  if (ticket == nullptr || *ticket != fetched.job.ticket) return report;
  auto outcome = std::move(fetched.outcome);
  std::visit([&](auto& value) { take(value, fetched, report); }, outcome);
  tell_account();
  report.outdated = report.outdated || std::exchange(outdated_, false);
  return report;
}

const std::uint64_t* Ledger::current_ticket(const Job& job) {
  if (job.kind == JobKind::spaces) return settings_.spaces.empty() ? &organization_ticket_ : nullptr;
  SpaceState* space = roster_.find(job.space);
  if (space == nullptr || roster_.is_hidden(*space)) return nullptr;
  if (job.kind == JobKind::discovery) return &space->ticket;
  const auto run = space->runs.find(job.run);
  return run == space->runs.end() || run->second.record.retired ? nullptr : &run->second.ticket;
}

std::optional<core::SteadyTime> Ledger::due_by(const Job& job) {
  const auto* ticket = current_ticket(job);
  if (ticket == nullptr || *ticket != job.ticket) return std::nullopt;
  const auto now = deps_.clock.steady_now();
  if (job.kind != JobKind::poll) return now + settings_.discovery_interval;
  return now + roster_.at(job.space).runs.at(job.run).interval;
}

void Ledger::take(unpod::TaskWalk& walk, Fetched& fetched, Report& report) {
  SpaceState& space = roster_.at(fetched.job.space);
  RunState& run = space.runs.at(fetched.job.run);
  fetched.pages = walk.run.pages;
  fetched.duplicate_rows = walk.run.duplicate_rows;
  perform(space, &run, after_walk(space, run, std::move(walk), fetched, context()), fetched, report);
}

void Ledger::take(Discovered& found, Fetched& fetched, Report& report) {
  SpaceState& space = roster_.at(fetched.job.space);
  fetched.pages = found.list.pages;
  fetched.duplicate_rows = found.list.duplicate_rows;
  if (found.info) found.info->slug = roster_.free_slug(&space, found.info->slug);
  perform(space, nullptr, after_list(space, std::move(found), fetched, last_run_ + 1, context()), fetched, report);
  roster_.relabel();
}

void Ledger::take(unpod::Failure& failure, Fetched& fetched, Report& report) {
  if (failure.cancelled) return;
  view::PollError why{failure.reason, std::move(failure.text), deps_.clock.wall_now()};
  const bool refused = failure.reason == view::PollReason::auth;
  if (refused) report.refused_token = failure.refused_token;
  if (refused || failure.retry_after) hold_back(why);
  if (fetched.job.kind == JobKind::spaces) return organization_failed(fetched, std::move(why), report);
  SpaceState& space = roster_.at(fetched.job.space);
  const RunState* run = fetched.job.kind == JobKind::poll ? &space.runs.at(fetched.job.run) : nullptr;
  perform(space, run, after_failure(space, run, std::move(why), context()), fetched, report);
}

// A pause holds back what was not tried yet: the platform's word to one of us is its word to all.
void Ledger::hold_back(const view::PollError& why) {
  Report nothing;
  for (const auto number : roster_.shown()) {
    SpaceState& space = roster_.at(number);
    [[maybe_unused]] const auto done = carry_out(space, held_back(space, why, context()), nothing);  // commits nothing
  }
}

// What cannot be committed fails as the attempt that brought it.
void Ledger::perform(SpaceState& space, const RunState* run, Step step, const Fetched& fetched, Report& report) {
  if (auto done = carry_out(space, std::move(step), report); !done) {
    report.outdated = report.outdated || done.error().reload;
    view::PollError why{view::PollReason::store, done.error().text, deps_.clock.wall_now()};
    done = carry_out(space, after_failure(space, run, std::move(why), context()), report);  // commits nothing
  }
  if (run == nullptr) {
    account(space, space.discovery, settings_.discovery_interval, fetched);
  } else {
    account(space, run->attempts, run->interval, fetched);
  }
}

// Counts a poll that ended, well or not.
void Ledger::account(const SpaceState& space, const Attempts& attempts, core::Duration interval,
                     const Fetched& fetched) {
  if (!roster_.is_shown(space)) return;
  const FailedPolls::Place place{space.record.number, fetched.job.run};
  if (!is_polled(place)) {
    failed_polls_.forget([&](const auto& gone) { return gone == place; });
  } else if (attempts.error) {
    const auto run_id = place.second == 0 ? std::string() : space.runs.at(place.second).record.row.run_id;
    failed_polls_.failed(place, space.name, run_id, *attempts.error);
  } else {
    failed_polls_.went_well(place, deps_.clock.wall_now());
  }
  deps_.meters.poll_ended(space.name, fetched.took, fetched.pages, fetched.duplicate_rows);
  if (attempts.error) deps_.meters.poll_failed(space.name, attempts.error->reason);
  if (deps_.clock.steady_now() - fetched.due > interval) deps_.meters.poll_overrun(space.name);
}

bool Ledger::is_polled(const FailedPolls::Place& place) {
  const auto [number, run] = place;
  if (number == 0) return settings_.spaces.empty();
  const SpaceState* space = roster_.find(number);
  if (space == nullptr || !roster_.is_shown(*space)) return false;
  const auto found = space->runs.find(run);
  return run == 0 || (found != space->runs.end() && !found->second.record.retired);
}

Report Ledger::tick() {
  Report report;
  if (alerts_.watch_clock()) has_news_ = true;
  tick_alerts(report);
  report.outdated = std::exchange(outdated_, false);
  has_news_ = has_news_ || may_show_alerts();
  const auto now = deps_.clock.steady_now();
  if (now < next_tick_) return report;
  next_tick_ = now + kTickEvery;
  for (const auto number : roster_.shown()) {
    SpaceState& space = roster_.at(number);
    Step step = after_tick(space, context());
    if (step.forgotten.empty()) continue;
    if (auto done = carry_out(space, std::move(step), report); !done) {
      report.outdated = report.outdated || done.error().reload;
    }
  }
  if (now - committed_at_ >= kHeartbeat) {
    store::Batch heartbeat;
    heartbeat.heartbeat = true;
    heartbeat.at = deps_.clock.wall_now();
    if (auto done = commit(heartbeat); !done) report.outdated = report.outdated || done.error().reload;
  }
  return report;
}

core::Duration Ledger::rests(core::Duration longest) const {
  const auto due = alerts_.book().next_due();
  if (due == task::kNoTime) return longest;
  const auto again = std::chrono::ceil<core::Duration>(next_alerts_ - deps_.clock.steady_now());
  return std::clamp(std::max(due - alerts_.now().lived, again), std::min(kShortestRest, longest), longest);
}

bool Ledger::may_show_alerts() const { return alerts_changed_ && deps_.clock.steady_now() >= next_show_; }

void Ledger::publish() {
  auto snapshot = std::make_shared<view::Snapshot>();
  std::vector<const SpaceState*> spaces;
  for (const auto number : roster_.shown()) {
    SpaceState& space = roster_.at(number);
    spaces.push_back(&space);
    if (space.changed) space.shown = show(space, settings_);
    space.changed = false;
    snapshot->spaces.push_back(space.shown);
  }
  const bool of_organization = settings_.spaces.empty();
  if (of_organization) snapshot->organization = show(organization_, settings_);
  snapshot->not_ready =
      of_organization && !organization_.tried ? "the organization's spaces were not tried yet" : not_ready(spaces);
  if (may_show_alerts()) {
    const auto began = deps_.clock.steady_now();
    shown_alerts_ = show_alerts();
    const auto ended = deps_.clock.steady_now();
    next_show_ = ended + kShowShare * (ended - began);
    alerts_changed_ = false;
  }
  snapshot->alerts = shown_alerts_;
  snapshot->failed_polls = failed_polls_.shown();
  snapshot->reload = reload_;
  snapshot->pause = pause_;
  const auto now = alerts_.now();
  snapshot->clock = {now.lived - now.wall, {now.offsets.begin(), now.offsets.end()}};
  deps_.exposition.publish(std::move(snapshot));
  has_news_ = is_urgent_ = false;
}

void Ledger::note_reload(view::Reload reload) {
  reload_ = std::move(reload);
  has_news_ = is_urgent_ = true;
}

void Ledger::note_pause(std::optional<view::Pause> pause) {
  has_news_ = has_news_ || pause_ != pause;
  pause_ = std::move(pause);
}

core::SteadyTime Ledger::soon() {
  const auto within = std::min(settings_.interval, kFirstTriesWithin);
  return deps_.clock.steady_now() + std::chrono::duration_cast<core::Duration>(deps_.random() * within);
}

}  // namespace runwatch::watch
