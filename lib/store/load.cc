#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "store/session.h"

namespace runwatch::store {

namespace {

// Counts are stored as signed numbers.
bool good_counts(const task::RunRecord& run) {
  return std::ranges::all_of(run.tasks, [](std::uint64_t count) { return std::in_range<std::int64_t>(count); });
}

}  // namespace

std::unexpected<Failure> Session::unreadable(int code, std::string_view table) const {
  return connection_.failure(code, fmt::format("read its {}", table));
}

Outcome<Meta> Session::meta() {
  std::optional<Meta> found;
  const int code = tables_->meta.each([&](const Meta& meta) {
    found = meta;
    return true;
  });
  if (code != SQLITE_OK) return unreadable(code, "meta");
  if (!found) return damaged(connection_.path(), "the number of its commits is missing");
  return *found;
}

Outcome<Contents> Session::contents() {
  const auto newest = meta();
  if (!newest) return std::unexpected(newest.error());
  Contents contents;
  contents.newest_commit = newest->at;
  contents.newest_lived = newest->lived;
  int code = tables_->spaces.each([&](task::SpaceRecord& space) {
    contents.counters.emplace_back(space.number, task::Counters{});
    contents.spaces.push_back(std::move(space));
    return true;
  });
  if (code != SQLITE_OK) return unreadable(code, "spaces");
  code = tables_->runs.each([&](task::RunRecord& run) {
    contents.runs.push_back(std::move(run));
    return good_counts(contents.runs.back());
  });
  if (code != SQLITE_OK) return unreadable(code, "runs");
  for (auto& [space, counters] : contents.counters) {
    code = tables_->counters.each(
        [&](const Counter& counter) {
          // A cell that this version does not know stays where it is, for the version that does.
          if (const auto cell = task::find_cell(counter.cell)) counters.restore(*cell, counter.value);
          return true;
        },
        space);
    if (code != SQLITE_OK) return unreadable(code, "counters");
  }
  contents.alerts.last_incident = newest->last_incident;
  contents.alerts.last_silence = newest->last_silence;
  if (auto read = read_alerts(contents); !read) return std::unexpected(read.error());
  return contents;
}

Outcome<task::KnownTasks> Session::tasks(std::int64_t run) {
  std::int64_t expected = 0;  // tombstones apart
  static_cast<void>(tables_->task_count.with(run).ask(expected));
  task::KnownTasks known;
  // A damaged number must not ask for all memory.
  known.reserve(static_cast<std::size_t>(std::clamp<std::int64_t>(expected, 0, 4'000'000)));
  const auto take = [&](const TaskEntry& entry) {
    const auto task = unpack_task(entry.state);
    if (!task || (known.size() != 0 && entry.key <= known.key(known.size() - 1))) return false;
    known.append(entry.key, *task);
    return true;
  };
  if (const int code = tables_->tasks.each(take, run); code != SQLITE_OK) {
    return unreadable(code, "tasks");
  }
  return known;
}

Outcome<task::History> Session::points(std::int64_t run) {
  task::History history;
  const auto take = [&](const HistoryEntry& entry) {
    auto unpacked = task::unpack_history(entry.points);
    if (unpacked) history = std::move(*unpacked);
    return unpacked.has_value();
  };
  if (const int code = tables_->histories.each(take, run); code != SQLITE_OK) return unreadable(code, "histories");
  return history;
}

Outcome<void> Session::each_change(std::int64_t run, core::WallTime since,
                                   const std::function<void(const RecordedChange&)>& take) {
  const auto hand_on = [&](const ChangeEntry& entry) {
    take(entry.recorded);
    return true;
  };
  // As a number: kNoTime is bound as NULL, which nothing is later than.
  const int code = tables_->changes.each(hand_on, run, since.time_since_epoch().count());
  if (code != SQLITE_OK) return unreadable(code, "changes");
  return {};
}

// Prepared anew, as what follows: it is people who ask.
Outcome<std::vector<RecordedChange>> Session::newest_changes(const ChangesFilter& filter) {
  Preparation prepare{connection_.handle()};
  const auto failures = fmt::format("AND to_status = {} AND kind < {}", task::index(task::Status::failed),
                                    task::index(task::ChangeKind::late));
  Table<ChangeEntry> newest{
      prepare, "changes", Ask::one_parent,
      fmt::format("AND seq >= ? AND seq < ? {} ORDER BY seq DESC LIMIT ?", filter.failures_only ? failures : "")};
  if (prepare.code != SQLITE_OK) return unreadable(prepare.code, "changes");
  std::vector<RecordedChange> found;
  const auto take = [&](ChangeEntry& entry) {
    found.push_back(entry.recorded);
    return true;
  };
  const auto before = filter.before == 0 ? std::numeric_limits<std::int64_t>::max() : filter.before;
  const int code = newest.each(take, filter.run, filter.from, before, filter.limit);
  if (code != SQLITE_OK) return unreadable(code, "changes");
  return found;
}

Outcome<std::vector<HourCount>> Session::hours(std::int64_t run, std::int64_t from, core::WallTime since) {
  Preparation prepare{connection_.handle()};
  auto statement = prepare(
      fmt::format("SELECT at / 3600000 AS hour, to_status, recovered, count(*) FROM changes WHERE run = ? AND seq >= ? "
                  "AND at >= ? AND kind < {} GROUP BY 1, 2, 3 ORDER BY 1",
                  task::index(task::ChangeKind::late)));
  if (prepare.code != SQLITE_OK) return unreadable(prepare.code, "changes");
  std::vector<HourCount> hours;
  int code = statement.with(run, from, since.time_since_epoch().count()).step();
  for (; code == SQLITE_ROW; code = statement.step()) {
    auto& hour = hours.emplace_back();
    const bool good = statement.read(hour.hour) && statement.read(hour.to) && statement.read(hour.recovered) &&
                      statement.read(hour.count);
    if (!good) return unreadable(SQLITE_CORRUPT, "changes");
  }
  if (code != SQLITE_DONE) return unreadable(code, "changes");
  return hours;
}

}  // namespace runwatch::store
