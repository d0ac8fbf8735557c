#include "watch/alerts.h"

#include <algorithm>

#include "core/log.h"
#include "notify/verdict.h"

namespace runwatch::watch {
namespace {

constexpr core::Duration kSetBy = std::chrono::seconds(1);  // less is drift
constexpr core::Duration kSetByMuch = std::chrono::seconds(10);
constexpr std::size_t kMostOffsets = 32;

static_assert(metrics::kSuppressionNames == rule::kSuppressionNames);
static_assert(metrics::kDeliveryReasonNames == notify::kReasonNames);

}  // namespace

Alerts::Alerts(Deps deps) : deps_(std::move(deps)), steady_base_(deps_.clock.steady_now()) {
  lived_base_ = deps_.clock.wall_now();
}

void Alerts::load(rule::Contents contents, const std::map<std::string, double>& totals, core::WallTime newest_commit,
                  core::WallTime newest_lived) {
  if (!std::exchange(has_clock_, true)) {
    const auto wall = deps_.clock.wall_now();
    steady_base_ = deps_.clock.steady_now();
    const bool is_known = newest_lived > core::WallTime();
    lived_base_ = (is_known ? newest_lived : newest_commit) + std::max(wall - newest_commit, core::Duration(0));
  }
  book_ = rule::Book();
  book_.load(std::move(contents));
  for (const auto& [key, value] : totals) count(key, value - totals_[key]);
}

// Counters of the process stand where the store's do, also after it was read again.
void Alerts::count(const std::string& key, double more) {
  if (more <= 0) return;
  totals_[key] += more;
  const auto space = key.find(' ');
  const auto family = key.substr(0, space);
  const auto label = key.substr(space + 1);
  if (family == "opened") deps_.meters.incidents_opened(label, more);
  if (family == "resolved") deps_.meters.incidents_resolved(label, more);
  const auto reason = std::ranges::find(rule::kSuppressionNames, label);
  if (family == "suppressed" && reason != rule::kSuppressionNames.end()) {
    deps_.meters.notices_suppressed(static_cast<std::size_t>(reason - rule::kSuppressionNames.begin()), more);
  }
}

rule::Instant Alerts::now() const {
  const auto passed = std::chrono::duration_cast<core::Duration>(deps_.clock.steady_now() - steady_base_);
  return {deps_.clock.wall_now(), lived_base_ + passed, offsets_};
}

bool Alerts::watch_clock() {
  const auto at = now();
  const auto ahead = at.lived - at.wall;
  const auto by = offsets_.empty() ? core::Duration(0) : offsets_.back().ahead - ahead;
  if (!offsets_.empty() && std::chrono::abs(by) < kSetBy) return false;
  offsets_.push_back({at.lived, ahead});
  if (offsets_.size() > kMostOffsets) offsets_.erase(offsets_.begin());
  if (std::chrono::abs(by) < kSetByMuch) return true;
  core::log::warning(by > by.zero() ? "this machine's clock was set forward" : "this machine's clock was set back",
                     {{"by", std::chrono::abs(by)}});
  return true;
}

core::SteadyTime Alerts::steady(core::WallTime lived) const { return steady_base_ + (lived - lived_base_); }

const notify::ReceiverOptions* Alerts::receiver(const std::string& name) const {
  const auto found =
      std::ranges::find(settings_.receivers, name, [](const auto& receiver) { return receiver.options.name; });
  return found == settings_.receivers.end() ? nullptr : &found->options;
}

bool Alerts::asks(rule::When when) const {
  return std::ranges::any_of(settings_.rules.rules, [when](const auto& rule) { return rule.when == when; });
}

bool Alerts::is_due() const {
  const auto due = book_.next_due();
  return due != task::kNoTime && due <= now().lived;
}

// Events may take nine tenths of the outbox; notices of incidents always find a place.
rule::Context Alerts::context_of_events(core::WallTime at) const {
  auto out = context();
  out.now.wall = at;
  out.room = [this]() -> std::uint64_t {
    const auto queue = deps_.store->queue("");
    const auto limit = settings_.outbox_max.count / 10 * 9;
    return queue && queue->bytes < limit ? limit - queue->bytes : 0;
  };
  return out;
}

Alerts::Outcome<AlertNews> Alerts::on_settings(const AlertSettings& settings) {
  settings_ = settings;
  std::vector<std::string> rules;
  for (const auto& rule : settings_.rules.rules) {
    if (!rule::is_event(rule.when)) rules.push_back(rule.name);
  }
  std::vector<std::string> receivers;
  for (const auto& receiver : settings_.rules.receivers) receivers.push_back(receiver.name);
  auto queued = deps_.store->queued();  // what is dead is to be seen, whoever it was for
  if (!queued) return std::unexpected(std::move(queued.error()));
  std::ranges::move(*queued, std::back_inserter(receivers));
  deps_.meters.keep_only_alerts(rules, receivers);
  return compose(book_.under_settings(context()), nullptr);
}

Alerts::Outcome<AlertNews> Alerts::on_event(rule::Event event, const Step* step, core::WallTime at) {
  watch_clock();
  if (step != nullptr) event.rows = step->rows;
  if (asks(rule::When::task_finished) && !event.changes.empty()) {
    auto seq = deps_.store->next_seq(event.polled);
    if (!seq) return std::unexpected(std::move(seq.error()));
    event.first_seq = *seq;
  }
  return compose(book_.decide(event, context_of_events(at)), step);
}

Alerts::Outcome<AlertNews> Alerts::on_leaving(std::int64_t space) {
  return compose(book_.leave(space, context()), nullptr);
}

Alerts::Outcome<AlertNews> Alerts::on_tick() {
  return compose(book_.tick(context_of_events(deps_.clock.wall_now())), nullptr);
}

Alerts::Outcome<AlertNews> Alerts::on_delivery(const std::string& receiver, core::WallTime failing_since,
                                               bool disabled) {
  return compose(book_.delivery(receiver, failing_since, disabled, context()), nullptr);
}

Alerts::Outcome<AlertNews> Alerts::on_silence(rule::Silence silence) {
  return compose(book_.silence(std::move(silence)), nullptr);
}

Alerts::Outcome<AlertNews> Alerts::on_expiry(std::int64_t silence) {
  return compose(book_.expire(silence, context()), nullptr);
}

Alerts::Outcome<AlertNews> Alerts::on_test(const std::string& receiver, const std::string& id) {
  rule::Notice notice;
  notice.id = id;
  notice.kind = rule::Kind::event;
  notice.when = rule::When::task_failed;
  notice.rule = "test";
  notice.severity = "info";
  notice.test = true;
  notice.at = deps_.clock.wall_now();
  notice.started = notice.at;
  notice.why = "somebody asked for a test of this receiver; nothing is wrong";
  notice.receivers = {receiver};
  rule::Decision decision;
  decision.notices.push_back(std::move(notice));
  return compose(std::move(decision), nullptr);
}

void Alerts::take_over(AlertNews& news) {
  book_.take_over(news.decision);
  for (const auto& [key, more] : news.totals) count(key, more);
  for (const auto& notice : news.decision.notices) {
    const auto log = notice.when == rule::When::task_finished ? core::log::debug : core::log::info;  // thousands
    log("a notice is on its way", {{"rule", notice.rule},
                                   {"kind", std::string(rule::name(notice.kind))},
                                   {"space", notice.space},
                                   {"run", notice.run_id},
                                   {"why", notice.why}});
  }
  if (!news.decision.incidents.empty() || !news.decision.closed.empty()) count_open();
  note_room(news.decision);
}

void Alerts::note_room(const rule::Decision& decision) {
  const bool tells =
      std::ranges::any_of(decision.notices, [](const auto& notice) { return notice.incident_number == 0; });
  if (decision.held > 0 && !is_full_) {
    core::log::warning(
        "the outbox is full: events wait until receivers have taken what is in it, or notices are dropped",
        {{"alerts.outbox_max", std::to_string(settings_.outbox_max.count)}});
  } else if (is_full_ && tells && decision.held == 0) {
    core::log::info("the outbox has room again: the events that waited are told");
  }
  is_full_ = decision.held > 0 || (is_full_ && !tells);
}

void Alerts::count_open() {
  std::map<std::string, std::uint64_t> open;
  for (const auto& rule : settings_.rules.rules) {
    if (!rule::is_event(rule.when)) open[rule.name] = 0;
  }
  for (const auto& incident : book_.incidents()) {
    const auto found = open.find(incident.rule);
    if (incident.phase == rule::Phase::open && found != open.end()) ++found->second;
  }
  for (const auto& [rule, n] : open) deps_.meters.incidents_open(rule, n);
}

}  // namespace runwatch::watch
