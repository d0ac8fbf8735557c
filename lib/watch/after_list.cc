#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "watch/run_after.h"
#include "watch/step.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

using task::kNoTime;
using task::ObservedRunRow;

constexpr core::Duration kClockSlack = std::chrono::minutes(1);
constexpr std::ptrdiff_t kShrunkenAtLeast = 5;
constexpr std::ptrdiff_t kShrunkenDivisor = 5;  // over a fifth
constexpr int kListsUntilBelieved = 3;

// The list gives whole seconds; the id, when it is a version-1 UUID, is finer. Without it a run of the very second in
// question counts as the younger: an old failure told is better than a new one kept quiet.
core::WallTime latest_creation(const ObservedRunRow& row) {
  constexpr core::Duration kSecond = std::chrono::seconds(1);
  if (row.created == kNoTime) return kNoTime;
  const auto of_id = task::time_of_id(row.run_id);
  if (of_id >= row.created && of_id < row.created + kSecond) return of_id;
  const bool whole_second = row.created.time_since_epoch() % kSecond == core::Duration(0);
  return whole_second ? row.created + kSecond - core::Duration(1) : row.created;
}

bool says_something_new(const ObservedRunRow& before, const ObservedRunRow& now) {
  return before.status_given != now.status_given || before.status != now.status ||
         before.batch_count != now.batch_count || before.modified != now.modified;
}

// When the space's counting began. It is corrected where our clock was ahead then, by what it says now; but a list with
// runs from our future shows that it is the clock of now that is behind, and the old time holds.
core::WallTime first_discovery(const Space& space, const std::vector<ObservedRunRow>& rows, core::WallTime began) {
  const bool behind = std::ranges::any_of(
      rows, [&](const auto& row) { return row.created != kNoTime && row.created > began + kClockSlack; });
  const bool was_ahead = space.record.first_discovery > began && !behind;
  return space.record.first_discovery == kNoTime || was_ahead ? began : space.record.first_discovery;
}

// True when what the first poll of a run finds was there before us: the run is older than the space's first discovery,
// or only a change of the configuration brought it in.
bool is_baseline(core::WallTime first_discovery, core::WallTime run_created, bool selected_before) {
  return !selected_before || (run_created != kNoTime && run_created < first_discovery);
}

class ListComparison {
 public:
  ListComparison(const SpaceState& before, Discovered found, const Fetched& fetched, std::int64_t first_number,
                 const Context& context)
      : before_(before),
        rows_(std::move(found.list.rows)),
        whole_(found.list.whole),
        began_(fetched.began),
        context_(context),
        next_number_(first_number),
        after_(before.value()) {
    after_.record.first_discovery = first_discovery(before, rows_, began_.wall);
    if (found.info) after_.record.slug = found.info->slug;
    after_.record.selection = before.selection.text();
    after_.listed.emplace();
    after_.not_watched = 0;
  }

  Step run(core::SteadyTime due) {
    compare_rows();
    const auto missing = find_missing();
    if (is_shrunken(missing)) {
      after_.discovery.fail({view::PollReason::shrunken, shrunken_text(missing.size()), context_.now.wall});
      due = context_.now.steady + context_.settings.discovery_interval;
    } else {
      for (const auto* run : missing) miss(*run);
      after_.discovery.succeed(context_.now);
      after_.list_began = began_.steady;
    }
    step_.next.push_back({JobKind::discovery, 0, due});
    step_.space = std::move(after_);
    return std::move(step_);
  }

 private:
  void compare_rows() {
    const bool first = before_.record.first_discovery == kNoTime;
    const Selection selection_before = first ? before_.selection : Selection::parse(before_.record.selection);
    const auto selected = before_.selection.select(rows_, began_.wall);
    const auto selected_before = selection_before.select(rows_, began_.wall);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto& row = rows_[i];
      const bool fits = before_.selection.fits(row, began_.wall);
      if (fits) ++(*after_.listed)[task::index(row.status)];
      listed_.insert(row.run_id);
      if (const auto* known = before_.find_run(row.run_id)) {
        meet(*known, row, selected[i]);
      } else if (selected[i]) {
        enter(row, first, selected_before[i]);
      } else if (fits) {
        ++after_.not_watched;
      }
    }
  }

  void enter(const ObservedRunRow& row, bool first, bool selected_before) {
    // In the first list only what came while it was read is news; a time beyond that speaks of a wrong clock.
    const bool undatable = first && (row.created == kNoTime || row.created > context_.now.wall + kClockSlack);
    Run run;
    run.record.number = next_number_++;
    run.record.space = before_.record.number;
    run.record.row = row;
    run.record.listed = true;
    run.record.mode = row.mode;
    run.record.baseline =
        undatable || is_baseline(after_.record.first_discovery, latest_creation(row), selected_before);
    step_.next.push_back({JobKind::poll, run.record.number});
    put(std::move(run));
  }

  void meet(const RunState& known, const ObservedRunRow& row, bool selected) {
    Run after = known.value();
    const bool news = known.record.listed ? says_something_new(known.record.row, row) : known.record.retired;
    take_row(after, row);
    if (news) mark_changed(after, context_.now);
    if (is_taken_up(known, row, news, selected)) {
      take_up(after);
      if (news) after.record.taken_up = context_.now.wall;
      step_.recalled.push_back(known.record.number);
      step_.next.push_back({JobKind::poll, known.record.number});
    }
    update_finished(after.record, context_.now.wall);
    if (after.record != known.record || known.missed_lists > 0) put(std::move(after));
  }

  static void take_row(Run& run, const ObservedRunRow& row) {
    const auto created = run.record.row.created;
    run.record.row = row;
    if (row.created == kNoTime) run.record.row.created = created;
    if (row.mode != task::RunMode::none && run.record.mode != task::RunMode::mixed) run.record.mode = row.mode;
    run.record.listed = true;
    run.missed_lists = 0;
  }

  // A finished run stays retired until its row says something new, one that was lost until it has a row again; one that
  // was put away unfinished, because the configuration did not want it, returns when it is wanted again.
  bool is_taken_up(const RunState& run, const ObservedRunRow& row, bool news, bool selected) const {
    if (!run.record.retired || !before_.selection.admits(row.run_id, row.mode)) return false;
    return news || (run.record.finished == kNoTime && selected);
  }

  // Watched runs that the list lacks, although it was read as far back as they are.
  std::vector<const RunState*> find_missing() const {
    std::vector<const RunState*> missing;
    for (const auto number : before_.order) {
      const auto& run = before_.runs.at(number);
      const auto& row = run.record.row;
      const bool covered = whole_ || row.created != kNoTime || before_.selection.is_by_id();
      if (covered && !listed_.contains(row.run_id)) missing.push_back(&run);
    }
    return missing;
  }

  bool is_shrunken(const std::vector<const RunState*>& missing) {
    const auto was_listed = [](const RunState& run) { return run.record.listed; };
    const auto lost = std::ranges::count_if(missing, [&](const auto* run) { return was_listed(*run); });
    const auto all = std::ranges::count_if(before_.order, [&](auto n) { return was_listed(before_.runs.at(n)); });
    const bool lacks_much = lost >= kShrunkenAtLeast && lost * kShrunkenDivisor > all;
    after_.shrunken_lists = lacks_much ? before_.shrunken_lists + 1 : 0;
    return lacks_much && after_.shrunken_lists < kListsUntilBelieved;
  }

  static std::string shrunken_text(std::size_t missing) {
    return fmt::format("the list of runs lacks {} watched runs; they are kept until three lists in a row lack as many",
                       missing);
  }

  void miss(const RunState& run) {
    Run after = run.value();
    ++after.missed_lists;
    put(std::move(after));
  }

  void put(Run run) {
    conclude(before_.selection, run, context_);
    step_.runs.push_back(std::move(run));
  }

  const SpaceState& before_;
  const std::vector<ObservedRunRow> rows_;
  const bool whole_;
  const Moment began_;
  const Context& context_;
  std::int64_t next_number_;
  Space after_;
  std::set<std::string_view> listed_;
  Step step_;
};

}  // namespace

Step after_list(const SpaceState& space, Discovered found, const Fetched& fetched, std::int64_t first_number,
                const Context& context) {
  const auto due = next_beat(!space.discovery.tried, fetched.due, context.settings.discovery_interval, context);
  return ListComparison(space, std::move(found), fetched, first_number, context).run(due);
}

}  // namespace runwatch::watch
