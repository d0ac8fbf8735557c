#include "store/commit.h"

#include <algorithm>
#include <vector>

#include "store/task_row.h"

namespace runwatch::store {

namespace {

std::int64_t flag(bool value) { return value ? 1 : 0; }

template <class E>
std::int64_t number(E value) {
  return static_cast<std::int64_t>(value);
}

int write_space(Session& session, const task::SpaceRecord& space) {
  Statement& put = session[Sql::put_space];
  put.bind(space.number);
  put.bind(std::span<const std::uint8_t>{space.key});
  put.bind(std::string_view{space.slug});
  put.bind(space.first_discovery);
  put.bind(std::string_view{space.selection});
  return put.run();
}

int write_run(Session& session, const task::RunRecord& run) {
  Statement& put = session[Sql::put_run];
  put.bind(run.number);
  put.bind(run.space);
  put.bind(std::string_view{run.row.run_id});
  put.bind(number(run.row.status));
  put.bind(flag(run.row.status_given));
  put.bind(number(run.row.mode));
  put.bind(number(run.row.batch_count));
  put.bind(run.row.created);
  put.bind(run.row.modified);
  put.bind(flag(run.listed));
  put.bind(flag(run.baseline));
  put.bind(flag(run.polled));
  put.bind(flag(run.retired));
  put.bind(number(run.execution));
  put.bind(number(run.mode));
  put.bind(run.last_change);
  put.bind(run.finished);
  put.bind(run.retired_at);
  for (const std::uint64_t count : run.tasks) put.bind(number(count));
  return put.run();
}

int write_task(Session& session, std::int64_t run, const task::TaskUpdate& update) {
  Statement& put = session[Sql::put_task];
  put.bind(run);
  put.bind(std::span<const std::uint8_t>{update.key.bytes});
  const TaskRow row = pack_task(update.after);
  put.bind(std::span<const std::uint8_t>{row});
  return put.run();
}

int write_tasks(Session& session, const Batch& batch) {
  for (const task::TaskUpdate& update : batch.tasks) {
    if (!update.stored) continue;
    if (const int code = write_task(session, batch.run, update); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int write_odd_ids(Session& session, const Batch& batch) {
  for (const auto& [key, text] : batch.odd_ids) {
    const auto update = std::ranges::lower_bound(batch.tasks, key, {}, &task::TaskUpdate::key);
    if (update == batch.tasks.end() || update->key != key || !update->stored) continue;
    Statement& put = session[Sql::put_odd_id];
    put.bind(batch.run);
    put.bind(std::span<const std::uint8_t>{key.bytes});
    put.bind(std::string_view{text});
    if (const int code = put.run(); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

void bind_status(Statement& statement, const std::optional<task::Status>& status) {
  if (status) {
    statement.bind(number(*status));
  } else {
    statement.bind_null();
  }
}

int write_change(Session& session, const Batch& batch, std::int64_t seq, const task::TaskChange& change) {
  Statement& put = session[Sql::put_change];
  put.bind(batch.run);
  put.bind(seq);
  put.bind(batch.at);
  put.bind(std::span<const std::uint8_t>{change.key.bytes});
  put.bind(number(change.kind));
  bind_status(put, change.from);
  bind_status(put, change.to);
  put.bind(flag(change.returned.has_value()));
  put.bind(flag(change.recovered));
  put.bind(number(change.facts.reason));
  return put.run();
}

int write_changes(Session& session, const Batch& batch) {
  if (std::ranges::all_of(batch.changes, &task::TaskChange::baseline)) return SQLITE_OK;
  Statement& last = session[Sql::last_change];
  last.bind(batch.run);
  const int found = last.step();
  std::int64_t seq = found == SQLITE_ROW ? last.integer() : 0;
  last.reset();
  if (found != SQLITE_ROW) return found;
  for (const task::TaskChange& change : batch.changes) {
    if (change.baseline) continue;
    if (const int code = write_change(session, batch, ++seq, change); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int read_counter(Session& session, std::int64_t space, std::string_view cell, double& value) {
  Statement& get = session[Sql::get_counter];
  get.bind(space);
  get.bind(cell);
  const int code = get.step();
  value = code == SQLITE_ROW ? get.real() : 0;
  get.reset();
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

int write_counter(Session& session, std::int64_t space, std::string_view cell, double value) {
  Statement& put = session[Sql::put_counter];
  put.bind(space);
  put.bind(cell);
  put.bind(value);
  return put.run();
}

// Amounts are added one by one, in the order and from the value that task::Counters has in memory: summed first, the
// last bit of a sum could differ, and a counter that is a hair smaller after a restart looks like a reset.
int write_counters(Session& session, const Batch& batch) {
  std::vector<double> values(task::cell_count());
  std::vector<bool> touched(task::cell_count());
  for (const task::CellIncrement& increment : batch.increments) {
    const std::size_t cell = increment.cell;
    if (!touched.at(cell)) {
      const int code = read_counter(session, batch.space, task::cell_key(cell), values[cell]);
      if (code != SQLITE_OK) return code;
      touched[cell] = true;
    }
    values[cell] += increment.amount;
  }
  for (std::size_t cell = 0; cell < values.size(); ++cell) {
    if (!touched[cell]) continue;
    const int code = write_counter(session, batch.space, task::cell_key(cell), values[cell]);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

int forget_run(Session& session, std::int64_t run) {
  for (const Sql sql : {Sql::forget_changes, Sql::forget_odd_ids, Sql::forget_tasks, Sql::forget_run}) {
    session[sql].bind(run);
    if (const int code = session[sql].run(); code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

}  // namespace

int write_batch(Session& session, const Batch& batch) {
  int code = SQLITE_OK;
  for (auto space = batch.spaces.begin(); code == SQLITE_OK && space != batch.spaces.end(); ++space) {
    code = write_space(session, *space);
  }
  for (auto run = batch.runs.begin(); code == SQLITE_OK && run != batch.runs.end(); ++run) {
    code = write_run(session, *run);
  }
  if (code == SQLITE_OK && batch.run != 0) code = write_tasks(session, batch);
  if (code == SQLITE_OK && batch.run != 0) code = write_odd_ids(session, batch);
  if (code == SQLITE_OK && batch.run != 0) code = write_changes(session, batch);
  if (code == SQLITE_OK && batch.space != 0 && !batch.increments.empty()) code = write_counters(session, batch);
  for (auto run = batch.forgotten_runs.begin(); code == SQLITE_OK && run != batch.forgotten_runs.end(); ++run) {
    code = forget_run(session, *run);
  }
  return code;
}

}  // namespace runwatch::store
