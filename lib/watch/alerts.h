// Alerts beside the ledger's steps: the book of incidents, the clock its due times are on, and the rows of the outbox
// that notices become.
//
// A step's decision joins the step's own transaction, and is taken over with it. Without a store nothing is decided.
// Owns: the book. Threads: one, the ledger's.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "metrics/meters.h"
#include "notify/canonical.h"
#include "notify/receiver.h"
#include "rule/book.h"
#include "store/outbox.h"
#include "store/store.h"
#include "view/alerts.h"
#include "watch/settings.h"
#include "watch/state.h"
#include "watch/step.h"

namespace runwatch::watch {

// What an event brings about alerts, to be committed and then taken over.
struct AlertNews {
  rule::Decision decision;
  std::vector<store::OutboxRow> rows;    // new ones, and those that were folded into
  std::set<std::string> receivers;       // whose queue grew
  std::map<std::string, double> totals;  // what counters that go on after a restart grow by

  bool empty() const { return decision.empty() && rows.empty(); }
};

class Alerts {
 public:
  struct Deps {
    const core::Clock& clock;
    store::Store* store;  // null: nothing is decided
    metrics::Meters& meters;
    rule::Lookup lookup;
    std::function<std::string(const task::TaskKey&)> odd_id;  // text of an id that is not usual
  };
  template <class T>
  using Outcome = std::expected<T, store::Failure>;

  explicit Alerts(Deps deps);

  // As the store has it. The lived clock goes on from that of the newest commit; a process has one of its own only.
  void load(rule::Contents contents, const std::map<std::string, double>& totals, core::WallTime newest_commit,
            core::WallTime newest_lived);
  // Whether a rule looks at this.
  bool asks(rule::When when) const;

  // A change that was committed, for what looks back. `lived`: when.
  void remember(std::int64_t run, core::WallTime lived, const task::TaskChange& change) {
    book_.remember(run, lived, change);
  }

  Outcome<AlertNews> on_settings(const AlertSettings& settings);
  Outcome<AlertNews> on_event(rule::Event event, const Step* step, core::WallTime at);  // `at`: its commit
  Outcome<AlertNews> on_tick();
  Outcome<AlertNews> on_leaving(std::int64_t space);
  Outcome<AlertNews> on_delivery(const std::string& receiver, core::WallTime failing_since, bool disabled);
  Outcome<AlertNews> on_silence(rule::Silence silence);
  Outcome<AlertNews> on_expiry(std::int64_t silence);
  Outcome<AlertNews> on_test(const std::string& receiver, const std::string& id);

  void take_over(AlertNews& news);
  void count_open();  // incidents, for the meters
  // Looks whether the wall clock was set; true once for each time.
  bool watch_clock();

  bool is_due() const;
  rule::Instant now() const;
  core::SteadyTime steady(core::WallTime lived) const;
  const rule::Book& book() const { return book_; }
  const AlertSettings& settings() const { return settings_; }
  const notify::ReceiverOptions* receiver(const std::string& name) const;
  bool is_full() const { return is_full_; }
  std::vector<view::IncidentStanding> standing();  // newest first, then those that ended lately

 private:
  rule::Context context() const { return {settings_.rules, deps_.lookup, now()}; }
  rule::Context context_of_events(core::WallTime at) const;
  Outcome<AlertNews> compose(rule::Decision decision, const Step* step);
  Outcome<void> queue(const rule::Notice& notice, const std::string& receiver, const Step* step, AlertNews& news);
  store::OutboxRow row_of(const rule::Notice& notice, const notify::ReceiverOptions& options, const Step* step) const;
  void add_ended(std::vector<view::IncidentStanding>& out);
  void keep_shown(view::IncidentStanding& line) const;
  bool is_configured(const std::string& rule) const;
  std::vector<std::string> shown_to(const rule::Incident& incident) const;
  std::string odd_id(const task::TaskKey& key, const Step* step) const;
  static std::vector<notify::Included> included_of(const notify::ReceiverOptions& options, const Step& step,
                                                   const task::TaskKey& task);
  // Rows of the same incident and receiver that wait already, in order.
  Outcome<std::vector<store::OutboxRow>> waiting_before(const store::OutboxRow& row, const AlertNews& news) const;
  static void fold(std::vector<store::OutboxRow>& waiting, store::OutboxRow& row,
                   const notify::ReceiverOptions& options, AlertNews& news);
  void count(const std::string& key, double more);
  void note_room(const rule::Decision& decision);

  Deps deps_;
  AlertSettings settings_;
  rule::Book book_;
  core::WallTime lived_base_{};
  core::SteadyTime steady_base_{};
  std::vector<rule::ClockOffset> offsets_;  // as the wall clock was set
  bool has_clock_ = false;
  std::map<std::string, double> totals_;       // as the store has them
  bool is_full_ = false;                       // events wait for room in the outbox
  std::vector<view::IncidentStanding> shown_;  // as last shown
  std::vector<view::IncidentStanding> ended_;  // that the book has forgotten
};

}  // namespace runwatch::watch
