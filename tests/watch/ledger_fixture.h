// A ledger over a real store in a folder of its own, fed by hand.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/directory.h"
#include "support/manual_clock.h"
#include "task/task_key.h"
#include "unpod/collect.h"
#include "watch/ledger.h"

namespace runwatch::watch::test {

using namespace std::chrono_literals;

inline const std::string kSpaceToken = "8KZRTQP7BNW5XEDLORYUHMJC";
inline const std::string kRunId = "R40fe5eface1511f082ac156368e7acc4";

class Desk {
 public:
  explicit Desk(Settings settings = one_space()) : settings_(std::move(settings)) { open(); }
  ~Desk() { close(); }

  static Settings one_space() {
    Settings settings;
    settings.spaces.push_back({});
    settings.spaces.back().token = core::Secret(kSpaceToken);
    settings.spaces.back().name = "sales";
    return settings;
  }

  // A process ends, another one begins on the same store, maybe with another configuration.
  void restart(const std::function<void()>& meanwhile = {}) {
    close();
    if (meanwhile) meanwhile();
    open();
  }
  void restart(Settings settings) {
    settings_ = std::move(settings);
    restart();
  }

  Report apply(Fetched fetched) {
    clock.advance(1s);
    Report report = ledger->apply(std::move(fetched));
    note(report.next);
    if (ledger->has_news()) ledger->publish();
    return report;
  }

  // The clock moves on, and the ledger looks at it.
  Report wait(core::Duration time) {
    clock.advance(time);
    Report report = ledger->tick();
    if (ledger->has_news()) ledger->publish();
    return report;
  }

  // As a reload does.
  std::vector<Planned> reconfigure(Settings settings) {
    settings_ = settings;
    auto [jobs, outcome, parted] = ledger->reconfigure(std::move(settings));
    given_up = parted;
    note(jobs);
    taken_over = outcome.has_value();
    if (ledger->has_news()) ledger->publish();
    return jobs;
  }

  // The answer to the newest job about this.
  Fetched fetched(JobKind kind, std::int64_t run = 0, std::int64_t space = 1) {
    Fetched f;
    f.job.kind = kind;
    f.job.space = kind == JobKind::spaces ? 0 : space;
    f.job.run = run;
    f.job.ticket = tickets_[{kind, f.job.space, run}];
    f.due = clock.steady_now();
    f.began = Moment::now(clock);
    f.took = 100ms;
    return f;
  }

  Report discover(std::vector<task::ObservedRunRow> rows) {
    auto f = fetched(JobKind::discovery);
    Discovered found;
    found.list.rows = std::move(rows);
    f.outcome = std::move(found);
    return apply(std::move(f));
  }

  Report poll(std::int64_t run, const std::vector<std::pair<int, task::Status>>& tasks) {
    return apply(walked(run, tasks));
  }
  // A walk that begins now.
  Fetched walked(std::int64_t run, const std::vector<std::pair<int, task::Status>>& tasks) {
    auto f = fetched(JobKind::poll, run);
    unpod::TaskWalk walk;
    walk.digests = std::make_shared<const unpod::PageDigests>();
    for (const auto& [id, status] : tasks) {
      task::ObservedTask t;
      t.key = task::make_task_key("T8ff2ccdffe9a11f0878d43cd8a99e0" + std::to_string(10 + id));
      t.status = status;
      walk.run.tasks.push_back(t);
    }
    f.outcome = std::move(walk);
    return f;
  }

  Report fail(JobKind kind, std::int64_t run, view::PollReason reason) {
    auto f = fetched(kind, run);
    unpod::Failure failure;
    failure.reason = reason;
    failure.text = "it did not work";
    f.outcome = failure;
    return apply(std::move(f));
  }

  task::ObservedRunRow row(const std::string& id, core::Duration age, task::Status status = task::Status::in_progress) {
    task::ObservedRunRow r;
    r.run_id = id;
    r.created = clock.wall_now() - age;
    r.status = status;
    r.status_given = true;
    return r;
  }

  const view::SpaceSnapshot& space(std::size_t i = 0) { return *exposition->snapshot()->spaces.at(i); }
  std::uint64_t tasks(task::Status status) { return space().tasks[task::index(status)]; }
  std::uint64_t failures() { return space().counters->total(task::Family::failures); }
  bool exposes(const std::string& line) {
    return exposition->render(metrics::TextFormat::prometheus).find("\n" + line + "\n") != std::string::npos;
  }
  std::filesystem::path database() const { return folder_.database(); }

  runwatch::test::ManualClock clock;
  std::unique_ptr<metrics::Meters> meters;
  std::unique_ptr<metrics::Exposition> exposition;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Ledger> ledger;
  std::vector<Planned> first_jobs;
  bool taken_over = true;  // by the newest `reconfigure`
  std::uint64_t given_up = 0;

 private:
  void open() {
    meters = std::make_unique<metrics::Meters>(metrics::BuildInfo{"0", "test", "test"});
    exposition = std::make_unique<metrics::Exposition>(metrics::ExpositionOptions{}, *meters);
    store = store::Store::open(database()).value();
    ledger =
        std::make_unique<Ledger>(settings_, Ledger::Deps{clock, store.get(), *meters, *exposition, [] { return 0.5; }});
    first_jobs = ledger->load().value();
    note(first_jobs);
  }
  void note(const std::vector<Planned>& jobs) {
    for (const auto& [job, due] : jobs) tickets_[{job.kind, job.space, job.run}] = job.ticket;
  }
  void close() {
    tickets_.clear();
    ledger.reset();
    store.reset();
    exposition.reset();
    meters.reset();
  }

  Settings settings_;
  std::map<std::tuple<JobKind, std::int64_t, std::int64_t>, std::uint64_t> tickets_;
  runwatch::test::Directory folder_;
};

}  // namespace runwatch::watch::test
