#include "watch/ledger.h"

#include <algorithm>
#include <utility>

#include "watch/show.h"

namespace runwatch::watch {
namespace {

constexpr core::Duration kFirstTriesWithin = std::chrono::seconds(2);

metrics::StoreError to_meter(store::FailureKind kind) {
  switch (kind) {
    case store::FailureKind::full:
      return metrics::StoreError::full;
    case store::FailureKind::io:
      return metrics::StoreError::io;
    case store::FailureKind::corrupt:
      return metrics::StoreError::corrupt;
    case store::FailureKind::readonly:
      return metrics::StoreError::readonly;
    case store::FailureKind::locked:
      return metrics::StoreError::locked;
    case store::FailureKind::other:
      break;
  }
  return metrics::StoreError::other;
}

}  // namespace

Ledger::Ledger(Settings settings, Deps deps)
    : settings_(std::move(settings)), deps_(std::move(deps)), spaces_tried_(!settings_.spaces.empty()) {}

Report Ledger::apply(Fetched fetched) {
  Report report;
  auto outcome = std::move(fetched.outcome);
  std::visit([&](auto& value) { take(value, fetched, report); }, outcome);
  return report;
}

Ledger::Committed Ledger::commit(const store::Batch& batch) {
  if (deps_.store == nullptr || batch.empty()) return {};
  const auto start = deps_.clock.steady_now();
  const auto committed = deps_.store->commit(batch);
  if (committed) {
    deps_.meters.store_committed(deps_.clock.steady_now() - start);
    deps_.meters.store_size(deps_.store->database_size().count, deps_.store->wal_size().count);
  } else {
    deps_.meters.store_error(to_meter(committed.error().kind));
  }
  return committed;
}

// Not one that would be entered anew at once: what it has behind it would be told again.
std::vector<std::int64_t> Ledger::outdated_runs(const SpaceState& space, const ListChanges& changes) const {
  const auto now = deps_.clock.wall_now();
  std::vector<std::int64_t> outdated;
  for (const auto& [number, run] : space.runs) {
    const bool old = run.record.retired && now - run.record.retired_at > settings_.retention;
    const bool listed = std::ranges::find(changes.updated, number, &task::RunRecord::number) != changes.updated.end();
    if (old && !listed && !space.selection.fits(run.record.row, now)) outdated.push_back(number);
  }
  return outdated;
}

void Ledger::account(const Fetched& fetched, std::uint64_t pages, std::uint64_t duplicate_rows) {
  const SpaceState& space = spaces_.at(fetched.job.space);
  if (!is_shown(space)) return;
  const bool is_poll = fetched.job.kind == JobKind::poll;
  const auto interval = is_poll ? space.runs.at(fetched.job.run).interval : settings_.discovery_interval;
  deps_.meters.poll_ended(space.name, fetched.took, pages, duplicate_rows);
  if (fetched.took > interval) deps_.meters.poll_overrun(space.name);
}

void Ledger::tell(SpaceState& space) {
  space.changed = true;
  has_news_ = true;
}

void Ledger::publish() {
  auto snapshot = std::make_shared<view::Snapshot>();
  std::vector<const SpaceState*> spaces;
  for (const auto number : order_) {
    SpaceState& space = spaces_.at(number);
    spaces.push_back(&space);
    if (space.changed) space.shown = show(space, settings_);
    space.changed = false;
    snapshot->spaces.push_back(space.shown);
  }
  snapshot->not_ready = spaces_tried_ ? not_ready(spaces) : "the organization's spaces were not tried yet";
  deps_.exposition.publish(std::move(snapshot));
  has_news_ = false;
}

core::SteadyTime Ledger::soon() {
  const auto within = std::min(settings_.interval, kFirstTriesWithin);
  return in(std::chrono::duration_cast<core::Duration>(deps_.random() * within));
}

// The beat goes on from when the job was due; the second one falls anywhere in the interval, so that neither our
// runs nor many daemons started together stay in step.
core::SteadyTime Ledger::due_after(const Fetched& fetched, core::Duration interval, bool first) {
  if (first) return in(std::chrono::duration_cast<core::Duration>(deps_.random() * interval));
  return std::max(fetched.due + interval, deps_.clock.steady_now());
}

}  // namespace runwatch::watch
