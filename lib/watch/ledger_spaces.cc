#include <algorithm>
#include <utility>

#include "core/digest.h"
#include "watch/ledger.h"

namespace runwatch::watch {
namespace {

core::Error to_error(const store::Failure& failure) {
  const bool corrupt = failure.kind == store::FailureKind::corrupt;
  return {corrupt ? core::ErrorKind::corrupt : core::ErrorKind::unavailable, failure.text};
}

const task::SpaceRecord* find_stored(const store::Contents& stored, const core::Secret& token) {
  const core::SpaceKeys keys(token);
  const auto found = std::ranges::find_if(stored.spaces, [&](const auto& space) { return keys.fit(space.key); });
  return found == stored.spaces.end() ? nullptr : &*found;
}

// The steady time at which something of an earlier process is said to have happened: as long ago as commits show that
// time went by after it.
core::SteadyTime steady_of(core::WallTime time, const store::Contents& stored, core::SteadyTime now) {
  if (time == task::kNoTime) return now;
  return now - std::max(stored.newest_commit - time, core::Duration(0));
}

SpaceState adopt(const store::Contents& stored, const task::SpaceRecord& record, core::SteadyTime now) {
  SpaceState space;
  space.stored = true;
  space.record = record;
  for (const auto& stored_run : stored.runs) {
    if (stored_run.space != record.number) continue;
    Run run;
    run.record = stored_run;
    run.quiet_since = steady_of(run.record.last_change, stored, now);
    run.retired_since = steady_of(run.record.retired_at, stored, now);
    space.put_run(std::move(run));
  }
  space.sort_order();
  const auto counters = std::ranges::find(stored.counters, record.number, [](const auto& c) { return c.first; });
  if (counters != stored.counters.end()) space.counters = std::make_shared<task::Counters>(counters->second);
  return space;
}

// What no store has: how the attempts of this process went.
void remember(SpaceState& space, const SpaceState& known) {
  const auto record = space.record;
  static_cast<Space&>(space) = known.value();
  space.record = record;
  space.name = known.name;
  space.absences = known.absences;
  space.judged = known.judged;
  for (auto& [number, run] : space.runs) {
    const auto before = known.runs.find(number);
    if (before == known.runs.end()) continue;
    run.attempts = before->second.attempts;
    run.missed_lists = before->second.missed_lists;
  }
}

}  // namespace

core::Result<std::vector<Planned>> Ledger::load() {
  Report report;
  if (auto done = configure(false, report); !done) return std::unexpected(std::move(done.error()));
  publish();
  return std::move(report.next);
}

Ledger::Reconfigured Ledger::reconfigure(Settings settings) {
  if (settings == settings_ && configured_) {
    renewed_.clear();
    try_again();
    return {};
  }
  Report report;
  const auto given_up = given_up_;
  auto before = settings_;
  auto outcome = configure(std::move(settings), report);
  // What was in force goes on. Where that cannot be either, all is read anew.
  if (!outcome && !configure(std::move(before), report)) outdated_ = true;
  if (outcome) try_again();
  return {std::move(report.next), std::move(outcome), given_up_ - given_up};
}

core::Result<void> Ledger::configure(Settings settings, Report& report) {
  if (settings_.spaces.empty() != settings.spaces.empty()) organization_ticket_ = 0;
  settings_ = std::move(settings);
  return configure(false, report);
}

core::Result<std::vector<Planned>> Ledger::recover() {
  organization_ticket_ = 0;
  Report report;
  if (auto done = configure(true, report); !done) return std::unexpected(std::move(done.error()));
  return std::move(report.next);
}

core::Result<void> Ledger::configure(bool anew, Report& report) {
  configured_ = false;
  const bool loads_alerts = anew || !loaded_;
  loaded_ = true;
  const auto source = read_store(anew, loads_alerts);
  if (!source) return std::unexpected(to_error(source.error()));
  const auto staying = enter_all(*source, report);
  if (!staying) return std::unexpected(to_error(staying.error()));
  if (auto done = part_from_the_rest(*source, *staying); !done) return std::unexpected(to_error(done.error()));
  keep_meters();
  forget_failed_polls();
  if (loads_alerts) {
    scrub_by_ = deps_.clock.steady_now();  // what a process before this one left
    if (auto done = tell_sights(); !done) return std::unexpected(to_error(done.error()));
  }
  has_news_ = true;
  configured_ = true;
  return {};
}

std::expected<Ledger::Source, store::Failure> Ledger::read_store(bool anew, bool loads_alerts) {
  Source source{{}, anew};
  if (deps_.store != nullptr) {
    auto contents = deps_.store->load();
    if (!contents) return std::unexpected(std::move(contents.error()));
    source.stored = std::move(*contents);
  }
  for (const auto& space : source.stored.spaces) last_space_ = std::max(last_space_, space.number);
  for (const auto& run : source.stored.runs) last_run_ = std::max(last_run_, run.number);
  if (!loads_alerts) return source;
  windows_.clear();
  if (deps_.store != nullptr) {
    alerts_.load(std::move(source.stored.alerts), source.stored.totals, source.stored.newest_commit,
                 source.stored.newest_lived);
  }
  return source;
}

// The numbers of those that the settings want.
std::expected<std::vector<std::int64_t>, store::Failure> Ledger::enter_all(const Source& source, Report& report) {
  std::vector<Entered> entered;
  for (const auto& settings : settings_.spaces) entered.push_back(configure_space(source, settings, report));
  if (settings_.spaces.empty()) {
    // What is stored is shown at once; the list of the organization's spaces brings the tokens to ask with.
    for (const auto& record : source.stored.spaces) {
      entered.push_back(enter_stored(source, record, settings_.every_space, report));
    }
    if (organization_ticket_ == 0) plan_organization(soon(), report);
  }
  std::vector<std::int64_t> numbers;
  for (const auto& number : entered) {
    if (!number) return std::unexpected(number.error());
    numbers.push_back(*number);
  }
  return numbers;
}

// The rest is there until what was told of it has ended.
Ledger::Committed Ledger::part_from_the_rest(const Source& source, const std::vector<std::int64_t>& staying) {
  const auto leaving = enter_leaving(source, staying);
  auto all = staying;
  all.insert(all.end(), leaving.begin(), leaving.end());
  roster_.keep(all);
  if (auto done = configure_alerts(); !done) return done;
  for (const auto number : leaving) {
    if (auto done = carry_out(alerts_.on_leaving(number), {}); !done) return done;
  }
  roster_.keep(staying);
  return {};
}

// Spaces that the configuration has no more, for as long as it takes to end what was told of them.
std::vector<std::int64_t> Ledger::enter_leaving(const Source& source, const std::vector<std::int64_t>& staying) {
  std::set<std::int64_t> leaving(roster_.shown().begin(), roster_.shown().end());
  for (const auto& incident : alerts_.book().incidents()) {
    const auto record = std::ranges::find(source.stored.spaces, incident.space, &task::SpaceRecord::number);
    if (record == source.stored.spaces.end()) continue;
    leaving.insert(incident.space);
    if (roster_.find(incident.space) == nullptr) {
      roster_.enter(adopt(source.stored, *record, deps_.clock.steady_now()));
    }
  }
  for (const auto number : staying) leaving.erase(number);
  return {leaving.begin(), leaving.end()};
}

Ledger::Entered Ledger::configure_space(const Source& source, SpaceSettings settings, Report& report) {
  if (const auto* record = find_stored(source.stored, settings.token)) {
    return enter_stored(source, *record, std::move(settings), report);
  }
  return enter_new(std::move(settings), {}, report);
}

Ledger::Entered Ledger::enter_stored(const Source& source, const task::SpaceRecord& record, SpaceSettings settings,
                                     Report& report) {
  SpaceState* known = roster_.find(record.number);
  const bool entering = known == nullptr || source.anew;
  if (entering) {
    SpaceState space = adopt(source.stored, record, deps_.clock.steady_now());
    if (known != nullptr) remember(space, *known);
    known = &roster_.enter(std::move(space));
  }
  if (settings.token.empty()) settings.token = known->settings.token;
  if (auto done = change(*known, std::move(settings), entering, report); !done) return std::unexpected(done.error());
  return record.number;
}

Ledger::Entered Ledger::enter_new(SpaceSettings settings, std::string slug, Report& report) {
  SpaceState fresh;
  fresh.record.number = last_space_ + 1;
  fresh.record.slug = std::move(slug);
  SpaceState& space = roster_.enter(std::move(fresh));
  if (auto done = change(space, std::move(settings), true, report); !done) {
    roster_.leave(last_space_ + 1);
    return std::unexpected(done.error());
  }
  return ++last_space_;
}

Ledger::Committed Ledger::change(SpaceState& space, SpaceSettings settings, bool entering, Report& report) {
  return carry_out(space, under_settings(space, std::move(settings), entering, last_run_ + 1, context()), report);
}

void Ledger::keep_meters() {
  std::vector<std::string> names;
  for (const auto number : roster_.shown()) names.push_back(roster_.at(number).name);
  if (settings_.spaces.empty()) {
    names.push_back(metrics::kOrganization);
    deps_.meters.add_space(metrics::kOrganization);
  } else {
    deps_.meters.space_list(std::nullopt);
  }
  deps_.meters.keep_only(names);
}

void Ledger::forget_failed_polls() {
  failed_polls_.forget([this](const auto& place) { return !is_polled(place); });
}

}  // namespace runwatch::watch
