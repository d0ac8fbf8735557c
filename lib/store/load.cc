#include "store/load.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "store/task_row.h"

namespace runwatch::store {

namespace {

// Reads the columns of one row and remembers whether all were within their bounds.
class Row {
 public:
  explicit Row(Statement& statement) : statement_{statement} {}

  std::int64_t integer(std::int64_t low, std::int64_t high) {
    const std::int64_t value = statement_.integer();
    good_ = good_ && low <= value && value <= high;
    return value;
  }
  std::int64_t number() { return integer(1, std::numeric_limits<std::int64_t>::max()); }
  bool flag() { return integer(0, 1) == 1; }
  template <class E>
  E member(std::size_t count) {
    const auto value = integer(0, static_cast<std::int64_t>(count) - 1);
    return good_ ? static_cast<E>(value) : E{};
  }
  core::WallTime time() { return statement_.time(); }
  std::string text() { return std::string{statement_.text()}; }
  void key(std::array<std::uint8_t, 16>& bytes) {
    const auto blob = statement_.blob();
    good_ = good_ && blob.size() == bytes.size();
    if (good_) std::ranges::copy(blob, bytes.begin());
  }
  void check(bool good) { good_ = good_ && good; }
  bool good() const { return good_; }

 private:
  Statement& statement_;
  bool good_ = true;
};

task::SpaceRecord space_of(Row& row) {
  task::SpaceRecord space;
  space.number = row.number();
  row.key(space.key);
  space.slug = row.text();
  space.first_discovery = row.time();
  space.selection = row.text();
  return space;
}

task::RunRecord run_of(Row& row) {
  task::RunRecord run;
  run.number = row.number();
  run.space = row.number();
  run.row.run_id = row.text();
  run.row.status = row.member<task::Status>(task::kStatusCount);
  run.row.status_given = row.flag();
  run.row.mode = row.member<task::RunMode>(task::kRunModeNames.size());
  // Any 64 bits: the platform's number is kept as it came.
  run.row.batch_count = static_cast<std::uint64_t>(
      row.integer(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
  run.row.created = row.time();
  run.row.modified = row.time();
  run.listed = row.flag();
  run.baseline = row.flag();
  run.polled = row.flag();
  run.retired = row.flag();
  run.execution = row.member<task::ExecutionType>(task::kExecutionTypeNames.size());
  run.mode = row.member<task::RunMode>(task::kRunModeNames.size());
  run.last_change = row.time();
  run.finished = row.time();
  run.retired_at = row.time();
  for (std::uint64_t& count : run.tasks) {
    count = static_cast<std::uint64_t>(row.integer(0, std::numeric_limits<std::int64_t>::max()));
  }
  return run;
}

// Calls `take(Row&)` for each row; what it leaves not good is damage.
template <class Take>
Outcome<void> each(Session& session, Statement& statement, std::string_view what, Take take) {
  int code = SQLITE_OK;
  bool good = true;
  while (good && (code = statement.step()) == SQLITE_ROW) {
    Row row{statement};
    take(row);
    good = row.good();
  }
  statement.reset();
  const Connection& connection = session.connection();
  if (!good) return std::unexpected(damaged(connection.path(), std::string{"impossible values in "}.append(what)));
  if (code != SQLITE_DONE) return std::unexpected(connection.failure(code, std::string{"read "}.append(what)));
  return {};
}

Outcome<task::Counters> read_counters(Session& session, std::int64_t space) {
  task::Counters counters;
  Statement& get = session[Sql::get_counters];
  get.bind(space);
  auto done = each(session, get, "its counters", [&](Row& row) {
    // A cell that this version does not know stays where it is, for the version that does.
    const auto cell = task::find_cell(get.text());
    const double value = get.real();
    row.check(std::isfinite(value) && value >= 0);
    if (cell) counters.restore(*cell, value);
  });
  if (!done) return std::unexpected(done.error());
  return counters;
}

// How many tasks to expect, tombstones apart.
std::size_t expected_tasks(Session& session, std::int64_t run) {
  Statement& get = session[Sql::get_task_count];
  get.bind(run);
  const std::int64_t count = get.step() == SQLITE_ROW ? get.integer() : 0;
  get.reset();
  // A damaged number must not ask for all memory.
  return static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, 4'000'000));
}

}  // namespace

Outcome<Contents> read_contents(Session& session) {
  Contents contents;
  auto done = each(session, session[Sql::get_spaces], "its spaces",
                   [&](Row& row) { contents.spaces.push_back(space_of(row)); });
  if (!done) return std::unexpected(done.error());
  done = each(session, session[Sql::get_runs], "its runs", [&](Row& row) { contents.runs.push_back(run_of(row)); });
  if (!done) return std::unexpected(done.error());
  for (const auto& space : contents.spaces) {
    auto counters = read_counters(session, space.number);
    if (!counters) return std::unexpected(counters.error());
    contents.counters.emplace_back(space.number, std::move(*counters));
  }
  return contents;
}

Outcome<task::KnownTasks> read_tasks(Session& session, std::int64_t run) {
  task::KnownTasks known;
  known.reserve(expected_tasks(session, run));
  Statement& get = session[Sql::get_tasks];
  get.bind(run);
  auto done = each(session, get, "the tasks of a run", [&](Row& row) {
    task::TaskKey key;
    row.key(key.bytes);
    const auto task = unpack_task(get.blob());
    row.check(task && (known.size() == 0 || known.key(known.size() - 1) < key));
    if (row.good()) known.append(key, *task);
  });
  if (!done) return std::unexpected(done.error());
  return known;
}

}  // namespace runwatch::store
