#include "watch/run_list.h"

#include <algorithm>

#include "watch/timing.h"

namespace runwatch::watch {
namespace {

using task::kNoTime;

constexpr core::Duration kClockSlack = std::chrono::minutes(1);

// The list gives whole seconds; the id, when it is a version-1 UUID, is finer. Without it a run of the very second in
// question counts as the younger: an old failure told is better than a new one kept quiet.
core::WallTime latest_creation(const task::ObservedRunRow& row) {
  constexpr core::Duration kSecond = std::chrono::seconds(1);
  if (row.created == kNoTime) return kNoTime;
  const auto of_id = task::time_of_id(row.run_id);
  if (of_id >= row.created && of_id < row.created + kSecond) return of_id;
  const bool whole_second = row.created.time_since_epoch() % kSecond == core::Duration(0);
  return whole_second ? row.created + kSecond - core::Duration(1) : row.created;
}

bool says_something_new(const task::ObservedRunRow& before, const task::ObservedRunRow& now) {
  return before.status_given != now.status_given || before.status != now.status ||
         before.batch_count != now.batch_count || before.modified != now.modified;
}

task::RunRecord with_row(const task::RunRecord& run, const task::ObservedRunRow& row, core::WallTime now) {
  task::RunRecord after = run;
  const bool changed = run.listed && (run.row.status != row.status || run.row.batch_count != row.batch_count);
  if (changed) after.last_change = now;
  after.row = row;
  if (row.created == kNoTime) after.row.created = run.row.created;
  if (row.mode != task::RunMode::none && run.mode != task::RunMode::mixed) after.mode = row.mode;
  after.listed = true;
  update_finished(after, now);
  return after;
}

// A finished run stays retired until its row says something new; one that was put away unfinished, because the
// configuration did not want it, returns when it is wanted again.
bool is_taken_up(const task::RunRecord& run, const task::ObservedRunRow& row, bool admitted, bool selected) {
  if (!run.retired || !admitted) return false;
  return (run.listed && says_something_new(run.row, row)) || (run.finished == kNoTime && selected);
}

task::RunRecord new_run(const task::ObservedRunRow& row, std::int64_t space, std::int64_t number, bool baseline) {
  task::RunRecord run;
  run.number = number;
  run.space = space;
  run.row = row;
  run.listed = true;
  run.baseline = baseline;
  run.mode = row.mode;
  return run;
}

std::uint64_t count_unknown(const SpaceSettings& settings, const std::vector<task::ObservedRunRow>& rows) {
  return static_cast<std::uint64_t>(std::ranges::count_if(settings.run_ids, [&](const std::string& id) {
    return std::ranges::find(rows, id, &task::ObservedRunRow::run_id) == rows.end();
  }));
}

class ListComparison {
 public:
  ListComparison(const SpaceState& space, const Discovered& found, core::WallTime began, core::WallTime now)
      : space_(space), found_(found), began_(began), now_(now) {
    changes_.space = space.record;
    // A clock that was ahead then must not make every later run look old; one that is behind now must not either make
    // old runs look new.
    const bool behind = std::ranges::any_of(
        found.list.rows, [&](const auto& row) { return row.created != kNoTime && row.created > began + kClockSlack; });
    const bool ahead = space.record.first_discovery > began && !behind;
    if (space.record.first_discovery == kNoTime || ahead) changes_.space.first_discovery = began;
    if (found.info) changes_.space.slug = found.info->slug;
    changes_.space.selection = space.selection.text();
  }

  ListChanges run(std::int64_t next_number) {
    const auto& rows = found_.list.rows;
    const bool first = space_.record.first_discovery == kNoTime;
    const Selection before = first ? space_.selection : Selection::parse(space_.record.selection);
    const auto selected = space_.selection.select(rows, began_);
    const auto selected_before = before.select(rows, began_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto known = space_.numbers.find(rows[i].run_id);
      const bool fits = space_.selection.fits(rows[i], began_);
      if (fits) ++changes_.listed[task::index(rows[i].status)];
      if (known != space_.numbers.end()) {
        meet(space_.runs.at(known->second).record, rows[i], selected[i]);
      } else if (selected[i]) {
        // In the first list only what came while it was read is news; a time beyond that speaks of a wrong clock.
        const bool undatable = first && (rows[i].created == kNoTime || rows[i].created > now_ + kClockSlack);
        const bool baseline = undatable || is_baseline(changes_.space, latest_creation(rows[i]), selected_before[i]);
        changes_.added.push_back(new_run(rows[i], space_.record.number, next_number++, baseline));
      } else if (fits) {
        ++changes_.not_watched;
      }
    }
    changes_.unknown = count_unknown(space_.settings, rows);
    return std::move(changes_);
  }

 private:
  void meet(const task::RunRecord& known, const task::ObservedRunRow& row, bool selected) {
    task::RunRecord after = with_row(known, row, now_);
    const bool admitted = space_.selection.admits(row.run_id, row.mode);
    if (is_taken_up(known, row, admitted, selected)) {
      after.retired = false;
      after.retired_at = kNoTime;
      changes_.taken_up.push_back(known.number);
    }
    if (after != known) changes_.updated.push_back(std::move(after));
  }

  const SpaceState& space_;
  const Discovered& found_;
  core::WallTime began_;
  core::WallTime now_;
  ListChanges changes_;
};

}  // namespace

bool is_baseline(const task::SpaceRecord& space, core::WallTime run_created, bool selected_before) {
  if (space.first_discovery == kNoTime || !selected_before) return true;
  return run_created != kNoTime && run_created < space.first_discovery;
}

void update_finished(task::RunRecord& run, core::WallTime now) {
  if (!is_finished_run(run)) {
    run.finished = kNoTime;
  } else if (run.finished == kNoTime) {
    run.finished = now;
  }
}

ListChanges compare_list(const SpaceState& space, const Discovered& found, core::WallTime began, core::WallTime now,
                         std::int64_t first_number) {
  return ListComparison(space, found, began, now).run(first_number);
}

}  // namespace runwatch::watch
