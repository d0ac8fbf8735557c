// The one place where what was fetched becomes what is known: a step, its commit, its taking over; then publishing.
//
// Each event becomes a `Step` (watch/step.h), which `carry_out` commits and takes over: state in memory follows the
// store, and nothing is counted or published that was not committed first. What several steps changed may be published
// together.
// Owns: known state. Threads: one, the ledger's; it alone calls the store.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "metrics/exposition.h"
#include "metrics/meters.h"
#include "notify/courier.h"
#include "store/store.h"
#include "view/ledger_query.h"
#include "watch/alerts.h"
#include "watch/failed_polls.h"
#include "watch/job.h"
#include "watch/roster.h"
#include "watch/settings.h"
#include "watch/state.h"
#include "watch/step.h"
#include "watch/step_log.h"

namespace runwatch::watch {

struct Report {
  std::vector<Planned> next;
  std::optional<core::Secret> refused_token;  // all polls are to wait until there is another one, or for a while
  // The store holds something that memory does not know, as after a commit in doubt: `recover`.
  bool outdated = false;
};

class Ledger {
 public:
  struct Deps {
    const core::Clock& clock;
    store::Store* store;  // null: nothing is kept, as for a single look
    metrics::Meters& meters;
    metrics::Exposition& exposition;
    std::function<double()> random;                                      // 0 ≤ x < 1
    std::function<void(const std::set<std::string>& receivers)> wake{};  // their queues grew
  };

  Ledger(Settings settings, Deps deps);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Reads the store, enters new spaces and named runs, publishes what is known. Returns the first jobs.
  core::Result<std::vector<Planned>> load();
  // Other settings from now on: what they leave as it is keeps all that is known of it. `due_by` says what becomes of
  // the jobs planned before. After a failure those from before are in force.
  struct Reconfigured {
    std::vector<Planned> next;  // after a failure, too
    core::Result<void> outcome;
    std::uint64_t given_up = 0;  // notices for receivers that went, or became others
  };
  Reconfigured reconfigure(Settings settings);
  // The store holds something that memory does not know: reads it again, and asks for everything anew.
  core::Result<std::vector<Planned>> recover();
  // When a job is to be done at the latest; nothing when nobody waits for it any more.
  std::optional<core::SteadyTime> due_by(const Job& job);

  Report apply(Fetched fetched);
  // To be called every second or so: what the clock alone brings about.
  Report tick();
  // How long until it has something to say of alerts, at most `longest`.
  core::Duration rests(core::Duration longest) const;
  // For couriers: what to send next, and what became of it. False: it could not be committed.
  notify::Next next_delivery(const std::string& receiver);
  bool settle(const notify::Settlement& settlement);
  void note_shown(const notify::Attempt& attempt);  // to an Alertmanager
  // For people, each committed when it returns: ledger_commands.cc. Fails: `invalid` for what is not known.
  core::Result<rule::Silence> add_silence(rule::Silence silence, std::chrono::seconds lasting);
  core::Result<void> expire_silence(std::int64_t number);
  core::Result<std::string> test_receiver(const std::string& receiver);  // id of the notice
  core::Result<std::size_t> replay(const std::vector<std::string>& ids);
  core::Result<std::size_t> replay_dead(const std::string& receiver);
  // A notice has one id at all its receivers: those of `receiver`, which may be empty for any; where some of them are
  // dead, these alone.
  core::Result<std::size_t> drop(const std::vector<std::string>& ids, const std::string& receiver);
  // An incident by its id, or a notice by its, with all that is known of its way.
  struct Told {
    std::optional<view::IncidentStanding> incident;
    std::vector<store::OutboxRow> rows;
    std::vector<store::DeliveryAttempt> attempts;
    // What the run's polls brought since the notice before; of an event the change that it tells of.
    struct Cause {
      std::uint64_t changes = 0;
      std::uint64_t failures = 0;             // among them
      std::int64_t first = 0;                 // number in the run's history
      core::WallTime newest = task::kNoTime;  // commit
    };
    std::map<std::string, Cause> causes;  // by the id of a notice that is about a run
  };
  core::Result<Told> explain(const std::string& id);
  struct Dead {
    store::OutboxRow row;
    std::string last_failure;  // reason; empty: it was never sent
  };
  core::Result<std::vector<Dead>> dead_rows();

  // A copy of the database, some pages with each call; true: it is whole.
  core::Result<void> begin_backup(const std::filesystem::path& copy);
  core::Result<bool> continue_backup(const std::filesystem::path& copy);
  void end_backup(const std::filesystem::path& copy);  // gives it up where it is in the making
  // For page and API: ledger_queries.cc. Fails: as view/ledger_query.h says.
  core::Result<view::ChangesPage> changes(const view::ChangesQuery& query);
  core::Result<std::vector<view::HourRow>> hours(const view::HoursQuery& query);
  core::Result<view::NoticesPage> notices(const view::NoticesQuery& query);

  // To be shown with all else; no pause: there is none.
  void note_reload(view::Reload reload);
  void note_pause(std::optional<view::Pause> pause);

  // True when something was applied that is not published yet.
  bool has_news() const { return has_news_; }
  bool is_urgent() const { return is_urgent_; }  // somebody waits for it to be published
  void publish();

 private:
  using Committed = std::expected<void, store::Failure>;
  using Entered = std::expected<std::int64_t, store::Failure>;
  struct RecalledRun {
    std::int64_t number;
    task::KnownTasks known;
    task::History history;
  };
  using Recalled = std::vector<RecalledRun>;

  // Which spaces there are: ledger_spaces.cc
  struct Source {
    store::Contents stored;
    bool anew;  // what memory has of the runs does not count
  };
  core::Result<void> configure(Settings settings, Report& report);
  core::Result<void> configure(bool anew, Report& report);
  std::expected<Source, store::Failure> read_store(bool anew, bool loads_alerts);
  std::expected<std::vector<std::int64_t>, store::Failure> enter_all(const Source& source, Report& report);
  Committed part_from_the_rest(const Source& source, const std::vector<std::int64_t>& staying);
  Entered configure_space(const Source& source, SpaceSettings settings, Report& report);
  Entered enter_stored(const Source& source, const task::SpaceRecord& record, SpaceSettings settings, Report& report);
  Entered enter_new(SpaceSettings settings, std::string slug, Report& report);
  Committed change(SpaceState& space, SpaceSettings settings, bool entering, Report& report);
  std::vector<std::int64_t> enter_leaving(const Source& source, const std::vector<std::int64_t>& staying);
  void keep_meters();
  void forget_failed_polls();  // of what is not polled any more

  // The organization's list of them: ledger_organization.cc
  Entered enter_listed(const unpod::SpaceInfo& info, Report& report);
  void note_absences(const std::vector<std::int64_t>& listed);
  void plan_organization(core::SteadyTime due, Report& report);

  // What came of a job.
  void take(unpod::TaskWalk& walk, Fetched& fetched, Report& report);
  void take(Discovered& found, Fetched& fetched, Report& report);
  void take(std::vector<unpod::SpaceInfo>& found, Fetched& fetched, Report& report);
  void take(unpod::Failure& failure, Fetched& fetched, Report& report);
  void organization_failed(const Fetched& fetched, view::PollError why, Report& report);
  void hold_back(const view::PollError& why);
  void perform(SpaceState& space, const RunState* run, Step step, const Fetched& fetched, Report& report);
  bool is_polled(const FailedPolls::Place& place);
  void account(const SpaceState& space, const Attempts& attempts, core::Duration interval, const Fetched& fetched);

  // A step's way: ledger_carry_out.cc
  Committed carry_out(SpaceState& space, Step step, Report& report);
  std::expected<Recalled, store::Failure> recall(const std::vector<std::int64_t>& runs);
  Committed commit(store::Batch& batch);
  core::WallTime purges_before(core::SteadyTime now);
  void purged();
  void take_over(SpaceState& space, Step& step, Recalled recalled);
  void plan(SpaceState& space, const std::vector<Ask>& asks, Report& report);

  // Alerts: ledger_alerts.cc
  rule::Lookup lookup();
  Alerts::Outcome<AlertNews> decide(const SpaceState& space, const Step& step, core::WallTime at);
  static void add(store::Batch& batch, const AlertNews& news);
  static void add_told_runs(SpaceState& space, Step& step, const rule::Decision& decision);
  void hasten(Step& step, const rule::Decision& decision);
  Committed carry_out(Alerts::Outcome<AlertNews> news, store::Batch batch);
  void take_over(AlertNews& news);
  Committed configure_alerts();
  Committed tell_sights();
  using History =
      std::expected<std::vector<std::pair<std::int64_t, std::vector<store::RecordedChange>>>, store::Failure>;
  History history_of(const std::set<core::Duration>& windows);
  void remember_changes(const std::vector<std::pair<std::int64_t, std::vector<store::RecordedChange>>>& history);
  void tick_alerts(Report& report);
  void scrub();
  void tell_account();
  bool is_judged_once();
  bool may_show_alerts() const;
  void show_at_once();
  core::WallTime due_of(const std::string& receiver, core::WallTime due) const;  // where it is held back, then
  bool follow_receiver(const std::string& name, const notify::Attempt& attempt, bool disabled, store::Batch batch);
  void note_attempt(const notify::Attempt& attempt, std::optional<core::Duration> latency);
  void count_queue(const std::string& receiver);
  core::Duration ahead() const;
  std::shared_ptr<const view::Alerts> show_alerts();
  std::string odd_id(const task::TaskKey& key);
  const RunState* find_run(const std::string& space, const std::string& run_id);
  core::Result<view::Delivery> delivery(const store::OutboxRow& row);
  core::Result<store::RowFilter> filter_of(const view::NoticesQuery& query, view::NoticesPage& page);
  view::NoticeRow notice_of(const store::OutboxRow& row) const;
  core::Result<void> add_causes(Told& told) const;
  std::string no_receiver(const std::string& name) const;  // an error's text, with those that there are
  std::string no_way_to(const std::string& name) const;
  void forgive(const std::string& receiver);
  std::set<std::string> forget_receivers();
  std::vector<std::pair<std::string, std::uint64_t>> parted_from(const rule::Decision& decision);
  void tell_parted(const std::vector<std::pair<std::string, std::uint64_t>>& parted);
  void try_again();
  core::Result<std::size_t> change_rows(std::vector<store::OutboxRow> rows, store::OutboxRow::State to);

  const std::uint64_t* current_ticket(const Job& job);
  Context context() { return {settings_, Moment::now(deps_.clock), deps_.random()}; }
  core::SteadyTime soon();

  Settings settings_;
  Deps deps_;
  Roster roster_;
  StepLog log_;
  FailedPolls failed_polls_;
  std::optional<view::Reload> reload_;
  std::optional<view::Pause> pause_;
  Alerts alerts_;
  std::map<std::string, view::ReceiverStanding, std::less<>> queues_;  // by receiver
  std::map<std::string, core::WallTime, std::less<>> held_;            // receivers held back until then: lived
  std::map<std::string, std::map<std::size_t, bool>> shown_places_;    // of Alertmanagers: which took the newest
  std::optional<rule::Sight> told_account_;
  bool sight_changed_ = true;                 // what fails may be otherwise than the account was told
  std::optional<core::SteadyTime> scrub_by_;  // what was included of tasks is to be off the disk
  std::shared_ptr<const view::Alerts> shown_alerts_ = std::make_shared<view::Alerts>();
  std::set<core::Duration> windows_;  // of rules
  bool outdated_ = false;             // as Report has it, outside of polls
  std::uint64_t given_up_ = 0;        // as Reconfigured has it, since the start
  std::set<std::string> renewed_;     // receivers that the newest settings have otherwise than those before
  core::SteadyTime next_purge_;
  std::optional<core::Duration> wall_ahead_;  // of the steady clock, when there was the first purge
  core::SteadyTime next_alerts_{};            // after what the clock brought could not be committed
  core::SteadyTime next_show_{};              // of alerts
  bool alerts_changed_ = false;               // since they were shown
  Attempts organization_;                     // its list of spaces, where none are configured
  std::uint64_t organization_ticket_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::int64_t last_space_ = 0;  // highest numbers given so far
  std::int64_t last_run_ = 0;
  core::SteadyTime next_tick_{};
  core::SteadyTime committed_at_;  // or the start: time that nobody lived is not vouched for
  bool has_news_ = false;
  bool is_urgent_ = false;
  bool loaded_ = false;
  bool configured_ = false;  // all that the settings say is in force
};

}  // namespace runwatch::watch
