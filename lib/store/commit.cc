#include <algorithm>
#include <optional>
#include <vector>

#include "store/session.h"

namespace runwatch::store {

namespace {

// Writes until something fails; what it is asked to do after that it leaves.
class Writer {
 public:
  Writer(Tables& tables, const Batch& batch) : tables_{tables}, batch_{batch} {}

  void records() {
    for (const auto& space : batch_.spaces) put(tables_.spaces, space);
    for (const auto& run : batch_.runs) put(tables_.runs, run);
  }

  void tasks() {
    for (const auto& update : batch_.tasks) {
      if (!update.stored) continue;
      const TaskRow state = pack_task(update.after);
      put(tables_.tasks, {batch_.run, update.key, state});
    }
    for (const auto& [key, text] : batch_.odd_ids) {
      const auto update = std::ranges::lower_bound(batch_.tasks, key, {}, &task::TaskUpdate::key);
      if (update == batch_.tasks.end() || update->key != key || !update->stored) continue;
      put(tables_.odd_ids, {batch_.run, key, text});
    }
  }

  void histories() {
    for (const auto& [run, history] : batch_.histories) {
      const auto points = task::pack(*history);
      put(tables_.histories, {run, points});
    }
  }

  void changes() {
    if (std::ranges::all_of(batch_.changes, &task::TaskChange::baseline)) return;
    std::int64_t seq = 0;
    note(tables_.last_change.with(batch_.run).ask(seq));
    for (const auto& change : batch_.changes) {
      if (!change.baseline) put(tables_.changes, {batch_.run, {++seq, batch_.at, change}});
    }
  }

  // Amounts are added one by one, in the order and from the value that task::Counters has in memory: summed first, the
  // last bit of a sum could differ, and a counter that is a hair smaller after a restart looks like a reset.
  void counters() {
    std::vector<std::optional<double>> values(task::cell_count());
    for (const auto& increment : batch_.increments) {
      auto& value = values.at(increment.cell);
      if (!value) value = counter(task::cell_key(increment.cell));
      *value += increment.amount;
    }
    for (std::size_t cell = 0; cell < values.size(); ++cell) {
      if (values[cell]) put(tables_.counters, {batch_.space, task::cell_key(cell), *values[cell]});
    }
  }

  void forgotten() {
    for (const std::int64_t run : batch_.forgotten_runs) {
      note(tables_.changes.forget(run));
      note(tables_.odd_ids.forget(run));
      note(tables_.tasks.forget(run));
      note(tables_.histories.forget(run));
      note(tables_.runs.forget(run));
    }
  }

  int code() const { return code_; }

 private:
  template <class Row>
  void put(Table<Row>& table, const Row& row) {
    if (code_ == SQLITE_OK) code_ = table.put(row);
  }

  void note(int code) {
    if (code_ == SQLITE_OK) code_ = code;
  }

  double counter(std::string_view cell) {
    double value = 0;
    const auto take = [&](const Counter& found) {
      value = found.value;
      return true;
    };
    note(tables_.counter.each(take, batch_.space, cell));
    return value;
  }

  Tables& tables_;
  const Batch& batch_;
  int code_ = SQLITE_OK;
};

}  // namespace

int Session::write(const Batch& batch, std::uint64_t commits) {
  if (const int code = tables_->begin.run(); code != SQLITE_OK) return code;
  Writer writer{*tables_, batch};
  writer.records();
  writer.histories();
  if (batch.run != 0) writer.tasks();
  if (batch.run != 0) writer.changes();
  if (batch.space != 0) writer.counters();
  writer.forgotten();
  if (writer.code() != SQLITE_OK) return writer.code();
  if (const int code = write_alerts(tables_->alerts, batch); code != SQLITE_OK) return code;
  // Numbers given once are never given again, even if this is rolled back.
  if (batch.alerts != nullptr) {
    for (const auto& incident : batch.alerts->incidents) last_incident_ = std::max(last_incident_, incident.number);
    for (const auto& silence : batch.alerts->silences) last_silence_ = std::max(last_silence_, silence.number);
  }
  return tables_->meta.put({.commits = commits,
                            .at = batch.at,
                            .lived = batch.lived,
                            .last_incident = last_incident_,
                            .last_silence = last_silence_});
}

}  // namespace runwatch::store
