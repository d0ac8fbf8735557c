// The one place where what was fetched becomes what is known: diff, commit, then publish.
//
// `apply` is one step: it takes the outcome of one job and returns what to ask next. State in memory follows the store:
// nothing is taken over, counted or published that was not committed first. What several steps changed may be published
// together.
// Owns: known state. Threads: one, the ledger's; it alone calls the store.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/log.h"
#include "metrics/exposition.h"
#include "metrics/meters.h"
#include "store/store.h"
#include "task/diff.h"
#include "watch/job.h"
#include "watch/run_list.h"
#include "watch/settings.h"
#include "watch/state.h"

namespace runwatch::watch {

// All polls wait that long; a pause about a refused token ends early when there is another one.
struct Pause {
  core::Duration length{};
  std::optional<core::Secret> refused_token;
};

struct Report {
  std::vector<Planned> next;
  std::optional<Pause> pause;
  // The store holds something that memory does not know, as after a commit in doubt: begin again from `load`.
  bool outdated = false;
};

class Ledger {
 public:
  struct Deps {
    const core::Clock& clock;
    store::Store* store;  // null: nothing is kept, as for a single look
    metrics::Meters& meters;
    metrics::Exposition& exposition;
    std::function<double()> random;  // 0 ≤ x < 1
  };

  Ledger(Settings settings, Deps deps);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Reads the store, enters new spaces and named runs, publishes what is known. Returns the first jobs.
  core::Result<std::vector<Planned>> load();
  Report apply(Fetched fetched);
  // True when something was applied that is not published yet.
  bool has_news() const { return has_news_; }
  void publish();

 private:
  using Committed = std::expected<void, store::Failure>;
  using KnownByRun = std::map<std::int64_t, task::KnownTasks>;

  // Entering spaces: ledger_enter.cc
  Committed read_store();
  std::expected<std::int64_t, store::Failure> enter(const SpaceSettings& settings, task::SpaceRecord record);
  task::SpaceRecord stored_or_new(const core::Secret& token);
  Committed enter_stored_spaces();
  void hide_absent_spaces();
  void show_again(SpaceState& space);
  bool is_shown(const SpaceState& space) const;
  std::string free_slug(const SpaceState* owner, const std::string& slug) const;
  void give_token(SpaceState& space, const core::Secret& token, std::vector<Planned>& jobs);
  void plan_space(const SpaceState& space, std::vector<Planned>& jobs);
  void keep_labels();
  void adopt_runs(SpaceState& space, store::Batch& batch);
  void enter_named_runs(SpaceState& space, store::Batch& batch);
  Committed restore_tasks(SpaceState& space);
  void relabel();

  // What came of a job: ledger_poll.cc, ledger_discovery.cc, ledger_failure.cc
  void take(unpod::TaskWalk& walk, const Fetched& fetched, Report& report);
  void take(Discovered& found, const Fetched& fetched, Report& report);
  void take(std::vector<unpod::SpaceInfo>& found, const Fetched& fetched, Report& report);
  void take(unpod::Failure& failure, const Fetched& fetched, Report& report);
  void log_recovery(std::string_view what, const SpaceState& space);
  void settle(SpaceState& space, RunState& run, task::RunRecord after, const task::Diff& diff);
  std::expected<KnownByRun, store::Failure> read_again(const std::vector<std::int64_t>& runs);
  void take_over(SpaceState& space, ListChanges changes, KnownByRun taken_up);
  void hold_back(const view::PollError& why);
  void attempt_failed(const Fetched& fetched, view::PollReason reason, std::string text, Report& report);
  void attempt_failed(const Fetched& fetched, const store::Failure& failure, Report& report);
  void spaces_failed(const Fetched& fetched, view::PollReason reason, const std::string& text, Report& report);

  // ledger.cc
  Committed commit(const store::Batch& batch);
  std::vector<std::int64_t> outdated_runs(const SpaceState& space, const ListChanges& changes) const;
  // Counts a poll that ended, well or not.
  void account(const Fetched& fetched, std::uint64_t pages, std::uint64_t duplicate_rows);
  void tell(SpaceState& space);  // with the next `publish`
  core::SteadyTime soon();
  core::SteadyTime due_after(const Fetched& fetched, core::Duration interval, bool first);
  core::SteadyTime in(core::Duration delay) const { return deps_.clock.steady_now() + delay; }

  Settings settings_;
  Deps deps_;
  store::Contents stored_;  // what was read at the start and no entered space has adopted yet
  std::map<std::int64_t, SpaceState> spaces_;
  std::vector<std::int64_t> order_;  // of the `spaces_` that are shown, as configured or listed
  std::int64_t last_space_ = 0;      // highest numbers given so far
  std::int64_t last_run_ = 0;
  bool has_news_ = false;
  bool spaces_tried_ = false;  // of the organization; true when they are configured
  int spaces_failures_ = 0;
  core::log::RateLimit logged_failures_{std::chrono::minutes(5)};
  core::log::RateLimit logged_recoveries_{std::chrono::minutes(5)};
};

}  // namespace runwatch::watch
