#include <algorithm>
#include <utility>

#include "core/digest.h"
#include "watch/ledger.h"
#include "watch/plan.h"
#include "watch/show.h"
#include "watch/timing.h"

namespace runwatch::watch {

namespace log = core::log;

void Ledger::take(Discovered& found, const Fetched& fetched, Report& report) {
  SpaceState& space = spaces_.at(fetched.job.space);
  const bool first_attempt = !space.discovery.tried;
  const auto now = deps_.clock.wall_now();
  account(fetched, found.list.pages, found.list.duplicate_rows);
  ListChanges changes = compare_list(space, found, fetched.began, now, last_run_ + 1);
  if (changes.space.slug != space.record.slug) changes.space.slug = free_slug(&space, changes.space.slug);

  auto taken_up = read_again(changes.taken_up);
  if (!taken_up) return attempt_failed(fetched, taken_up.error(), report);
  store::Batch batch;
  batch.forgotten_runs = outdated_runs(space, changes);
  // Should a forgotten run come back, after a leap of the clock maybe, what it has behind it is no news.
  for (const auto number : batch.forgotten_runs) {
    const auto created = space.runs.at(number).record.row.created;
    changes.space.first_discovery = std::max(changes.space.first_discovery, created + std::chrono::seconds(1));
  }
  if (changes.space != space.record) batch.spaces.push_back(changes.space);
  batch.runs = changes.added;
  batch.runs.insert(batch.runs.end(), changes.updated.begin(), changes.updated.end());
  if (auto committed = commit(batch); !committed) return attempt_failed(fetched, committed.error(), report);
  for (const auto number : batch.forgotten_runs) space.forget_run(number);

  std::vector<std::int64_t> started = changes.taken_up;
  for (const auto& run : changes.added) started.push_back(run.number);
  take_over(space, std::move(changes), std::move(*taken_up));
  for (const auto number : started) report.next.push_back({poll_job(space, space.runs.at(number)), soon()});
  if (space.discovery.error) log_recovery("run lists are complete again", space);
  space.discovery.succeed(now);
  report.next.push_back({discovery_job(space), due_after(fetched, settings_.discovery_interval, first_attempt)});
  relabel();
  tell(space);
}

// Before anything is committed: a run that is watched again without what was known of it would be all news.
std::expected<Ledger::KnownByRun, store::Failure> Ledger::read_again(const std::vector<std::int64_t>& runs) {
  KnownByRun known;
  for (const auto number : runs) {
    if (deps_.store == nullptr) continue;
    auto tasks = deps_.store->load_tasks(number);
    if (!tasks) return std::unexpected(tasks.error());
    known.emplace(number, std::move(*tasks));
  }
  return known;
}

void Ledger::take_over(SpaceState& space, ListChanges changes, KnownByRun taken_up) {
  space.record = std::move(changes.space);
  space.listed = changes.listed;
  space.not_watched = changes.not_watched;
  space.unknown = changes.unknown;
  if (!changes.added.empty()) {
    log::info("watching runs", {{"space", space.name}, {"new", changes.added.size()}, {"before", space.order.size()}});
  }
  std::vector<std::int64_t> changed;
  for (const auto& record : changes.added) changed.push_back(record.number);
  for (const auto& record : changes.updated) changed.push_back(record.number);
  for (auto& record : changes.added) {
    last_run_ = std::max(last_run_, record.number);
    log::debug("watching run", {{"space", space.name}, {"run", record.row.run_id}, {"baseline", record.baseline}});
    space.add_run(std::move(record)).interval = settings_.interval;
  }
  for (auto& record : changes.updated) space.runs.at(record.number).record = std::move(record);
  for (auto& [number, known] : taken_up) {
    RunState& run = space.runs.at(number);
    log::info("watching run again", {{"space", space.name}, {"run", run.record.row.run_id}});
    run.attempts = {};
    run.interval = settings_.interval;
    run.known = std::move(known);
  }
  space.sort_order();
  for (const auto number : changed) {
    RunState& run = space.runs.at(number);
    if (!run.record.retired) run.shown = show(run);
  }
}

void Ledger::take(std::vector<unpod::SpaceInfo>& found, const Fetched& fetched, Report& report) {
  const bool first = !spaces_tried_;
  for (auto& [number, space] : spaces_) ++space.absences;
  for (auto& info : found) {
    const auto key = core::digest128(info.token.reveal());
    const auto known = std::ranges::find_if(spaces_, [&](const auto& s) { return s.second.record.key == key; });
    if (known != spaces_.end()) {
      known->second.absences = 0;
      if (known->second.settings.token.empty()) {
        give_token(known->second, info.token, report.next);
      } else {
        show_again(known->second);
      }
      continue;
    }
    SpaceSettings settings = settings_.every_space;
    settings.token = info.token;
    auto record = stored_or_new(info.token);
    if (record.slug.empty()) record.slug = free_slug(nullptr, info.slug);
    const auto number = enter(settings, std::move(record));
    if (!number) {
      report.outdated = number.error().reload;
      return spaces_failed(fetched, view::PollReason::store, number.error().text, report);
    }
    plan_space(spaces_.at(*number), report.next);
  }
  hide_absent_spaces();
  spaces_tried_ = true;
  spaces_failures_ = 0;
  deps_.meters.space_list(true);
  Job job;
  job.kind = JobKind::spaces;
  report.next.push_back({job, due_after(fetched, settings_.discovery_interval, first)});
  has_news_ = true;
}

}  // namespace runwatch::watch
