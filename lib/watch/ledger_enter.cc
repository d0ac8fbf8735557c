#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/digest.h"
#include "watch/labels.h"
#include "watch/ledger.h"
#include "watch/plan.h"
#include "watch/show.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

using task::kNoTime;

constexpr int kAbsencesUntilHidden = 3;

core::Error to_error(const store::Failure& failure) {
  const bool corrupt = failure.kind == store::FailureKind::corrupt;
  return {corrupt ? core::ErrorKind::corrupt : core::ErrorKind::unavailable, failure.text};
}

task::RunRecord named_run(const SpaceState& space, const std::string& id, std::int64_t number) {
  task::RunRecord run;
  run.number = number;
  run.space = space.record.number;
  run.row.run_id = id;
  run.row.created = task::time_of_id(id);
  run.baseline = true;  // the configuration brought it in: all that it has behind it was there before us
  return run;
}

// A change of the configuration puts runs away and takes them up again, whatever their age.
bool follow_selection(task::RunRecord& run, const Selection& selection, core::WallTime now) {
  const bool admitted = selection.admits(run.row.run_id, run.row.mode);
  if (!run.retired && !admitted) {
    run.retired = true;
    run.retired_at = now;
    return true;
  }
  if (run.retired && admitted && selection.is_by_id() && run.finished == kNoTime) {
    run.retired = false;
    run.retired_at = kNoTime;
    return true;
  }
  return false;
}

}  // namespace

core::Result<std::vector<Planned>> Ledger::load() {
  if (auto read = read_store(); !read) return std::unexpected(to_error(read.error()));
  std::vector<Planned> jobs;
  deps_.meters.space_list(std::nullopt);
  for (const auto& settings : settings_.spaces) {
    const auto number = enter(settings, stored_or_new(settings.token));
    if (!number) return std::unexpected(to_error(number.error()));
    plan_space(spaces_.at(*number), jobs);
  }
  if (settings_.spaces.empty()) {
    if (auto entered = enter_stored_spaces(); !entered) return std::unexpected(to_error(entered.error()));
    Job job;
    job.kind = JobKind::spaces;
    jobs.push_back({job, soon()});
  }
  keep_labels();
  publish();
  return jobs;
}

void Ledger::plan_space(const SpaceState& space, std::vector<Planned>& jobs) {
  jobs.push_back({discovery_job(space), soon()});
  for (const auto run : space.order) jobs.push_back({poll_job(space, space.runs.at(run)), soon()});
}

// What is stored is shown at once; the list of the organization's spaces brings the tokens to ask with.
Ledger::Committed Ledger::enter_stored_spaces() {
  const auto records = stored_.spaces;
  for (const auto& record : records) {
    if (auto entered = enter(settings_.every_space, record); !entered) return std::unexpected(entered.error());
  }
  return {};
}

// The list lacks them, at once those that were only known from the store: they are shown no more until it has them.
void Ledger::hide_absent_spaces() {
  std::erase_if(order_, [this](std::int64_t number) {
    const SpaceState& space = spaces_.at(number);
    if (space.settings.token.empty()) return true;
    if (space.absences < kAbsencesUntilHidden) return false;
    core::log::warning("the organization's list of spaces has it no more", {{"space", space.name}});
    return true;
  });
  keep_labels();
}

void Ledger::show_again(SpaceState& space) {
  if (is_shown(space)) return;
  order_.push_back(space.record.number);
  deps_.meters.add_space(space.name);
  relabel();
  tell(space);
}

bool Ledger::is_shown(const SpaceState& space) const {
  return std::ranges::find(order_, space.record.number) != order_.end();
}

// A slug that no other space has as its label. It is stored like this, so that no label moves to another space,
// whenever which slug is learnt.
std::string Ledger::free_slug(const SpaceState* owner, const std::string& slug) const {
  std::set<std::string> taken;
  for (const auto& [number, space] : spaces_) {
    if (&space != owner) taken.insert({space.name, space.record.slug});
  }
  return slug.empty() ? slug : free_label(slug, taken);
}

void Ledger::give_token(SpaceState& space, const core::Secret& token, std::vector<Planned>& jobs) {
  space.settings.token = token;
  show_again(space);
  plan_space(space, jobs);
}

void Ledger::keep_labels() {
  std::vector<std::string> names;
  for (const auto number : order_) names.push_back(spaces_.at(number).name);
  deps_.meters.keep_only(names);
}

task::SpaceRecord Ledger::stored_or_new(const core::Secret& token) {
  task::SpaceRecord record;
  record.key = core::digest128(token.reveal());
  const auto known = std::ranges::find(stored_.spaces, record.key, &task::SpaceRecord::key);
  if (known != stored_.spaces.end()) return *known;
  record.number = last_space_ + 1;
  return record;
}

Ledger::Committed Ledger::read_store() {
  if (deps_.store == nullptr) return {};
  auto contents = deps_.store->load();
  if (!contents) return std::unexpected(contents.error());
  stored_ = std::move(*contents);
  for (const auto& space : stored_.spaces) last_space_ = std::max(last_space_, space.number);
  for (const auto& run : stored_.runs) last_run_ = std::max(last_run_, run.number);
  return {};
}

std::expected<std::int64_t, store::Failure> Ledger::enter(const SpaceSettings& settings, task::SpaceRecord record) {
  SpaceState space;
  space.settings = settings;
  space.selection = Selection(settings);
  space.record = std::move(record);
  store::Batch batch;
  const bool stored = std::ranges::find(stored_.spaces, space.record) != stored_.spaces.end();
  if (!stored) batch.spaces.push_back(space.record);
  adopt_runs(space, batch);
  enter_named_runs(space, batch);
  if (auto committed = commit(batch); !committed) return std::unexpected(committed.error());
  if (auto restored = restore_tasks(space); !restored) return std::unexpected(restored.error());
  const auto number = space.record.number;
  last_space_ = std::max(last_space_, number);
  std::erase_if(stored_.runs, [number](const auto& run) { return run.space == number; });
  spaces_.insert_or_assign(number, std::move(space));
  order_.push_back(number);
  relabel();
  return number;
}

void Ledger::adopt_runs(SpaceState& space, store::Batch& batch) {
  for (auto record : stored_.runs) {
    if (record.space != space.record.number) continue;
    const bool changed = follow_selection(record, space.selection, deps_.clock.wall_now());
    if (changed) batch.runs.push_back(record);
    space.add_run(std::move(record));
  }
  auto counters = std::ranges::find(stored_.counters, space.record.number, [](const auto& c) { return c.first; });
  space.counters = counters == stored_.counters.end() ? std::make_shared<task::Counters>()
                                                      : std::make_shared<task::Counters>(counters->second);
}

void Ledger::enter_named_runs(SpaceState& space, store::Batch& batch) {
  for (const auto& id : space.settings.run_ids) {
    if (space.find_run(id) != nullptr) continue;
    auto run = named_run(space, id, ++last_run_);
    batch.runs.push_back(run);
    space.add_run(std::move(run));
  }
}

Ledger::Committed Ledger::restore_tasks(SpaceState& space) {
  space.sort_order();
  const auto now = deps_.clock.wall_now();
  for (const auto number : space.order) {
    RunState& run = space.runs.at(number);
    if (deps_.store != nullptr && run.record.polled) {
      auto known = deps_.store->load_tasks(number);
      if (!known) return std::unexpected(known.error());
      run.known = std::move(*known);
    }
    run.interval = interval_of(run.record, now, settings_);
    run.shown = show(run);
  }
  return {};
}

void Ledger::relabel() {
  std::vector<SpaceNaming> namings;
  for (const auto number : order_) {
    const SpaceState& space = spaces_.at(number);
    namings.push_back({space.settings.name, space.record.slug});
  }
  const auto labels = label_spaces(namings);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    SpaceState& space = spaces_.at(order_[i]);
    if (space.name == labels[i]) continue;
    if (space.name.empty()) {
      deps_.meters.add_space(labels[i]);
    } else {
      deps_.meters.rename_space(space.name, labels[i]);
    }
    space.name = labels[i];
    tell(space);
  }
}

}  // namespace runwatch::watch
