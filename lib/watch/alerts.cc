#include "watch/alerts.h"

#include <algorithm>

#include "core/log.h"
#include "notify/canonical.h"
#include "notify/format.h"
#include "notify/verdict.h"

namespace runwatch::watch {
namespace {

constexpr core::Duration kSetBy = std::chrono::seconds(1);  // less is drift
constexpr core::Duration kSetByMuch = std::chrono::seconds(10);
constexpr std::size_t kMostOffsets = 32;

static_assert(metrics::kSuppressionNames == rule::kSuppressionNames);
static_assert(metrics::kDeliveryReasonNames == notify::kReasonNames);

bool is_end(rule::Kind kind) { return kind == rule::Kind::resolved || kind == rule::Kind::ended; }

std::string totals_key(std::string_view family, std::string_view label) {
  return std::string(family) + " " + std::string(label);
}

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

void Alerts::watch_clock() {
  const auto at = now();
  const auto ahead = at.lived - at.wall;
  const auto by = offsets_.empty() ? core::Duration(0) : offsets_.back().ahead - ahead;
  if (!offsets_.empty() && std::chrono::abs(by) < kSetBy) return;
  offsets_.push_back({at.lived, ahead});
  if (offsets_.size() > kMostOffsets) offsets_.erase(offsets_.begin());
  if (std::chrono::abs(by) < kSetByMuch) return;
  core::log::warning(by > by.zero() ? "this machine's clock was set forward" : "this machine's clock was set back",
                     {{"by", std::chrono::abs(by)}});
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
rule::Context Alerts::context_of_events() const {
  auto out = context();
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
  deps_.meters.keep_only_alerts(rules, receivers);
  auto news = compose(book_.under_settings(context()), nullptr);
  for (std::size_t i = 0; news && i < news->decision.receivers_changed.size(); ++i) {
    auto waiting =
        deps_.store->rows({.receiver = news->decision.receivers_changed[i], .state = store::OutboxRow::State::pending});
    if (!waiting) return std::unexpected(std::move(waiting.error()));
    for (auto& row : *waiting) {
      row.state = store::OutboxRow::State::dead;
      news->rows.push_back(std::move(row));
    }
  }
  return news;
}

Alerts::Outcome<AlertNews> Alerts::on_event(rule::Event event, const Step* step) {
  watch_clock();
  if (step != nullptr) event.rows = step->rows;
  if (asks(rule::When::task_finished) && !event.changes.empty()) {
    auto seq = deps_.store->next_seq(event.polled);
    if (!seq) return std::unexpected(std::move(seq.error()));
    event.first_seq = *seq;
  }
  return compose(book_.decide(event, context_of_events()), step);
}

Alerts::Outcome<AlertNews> Alerts::on_leaving(std::int64_t space) {
  return compose(book_.leave(space, context()), nullptr);
}

Alerts::Outcome<AlertNews> Alerts::on_tick() { return compose(book_.tick(context_of_events()), nullptr); }

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

Alerts::Outcome<AlertNews> Alerts::compose(rule::Decision decision, const Step* step) {
  AlertNews news;
  news.decision = std::move(decision);
  for (const auto& notice : news.decision.notices) {
    for (const auto& receiver : notice.receivers) {
      if (auto done = queue(notice, receiver, step, news); !done) return std::unexpected(std::move(done.error()));
    }
  }
  for (const auto& rule : news.decision.opened) ++news.totals[totals_key("opened", rule)];
  for (const auto& rule : news.decision.resolved) ++news.totals[totals_key("resolved", rule)];
  for (std::size_t i = 0; i < news.decision.suppressed.size(); ++i) {
    const auto more = static_cast<double>(news.decision.suppressed[i]);
    if (more > 0) news.totals[totals_key("suppressed", rule::kSuppressionNames[i])] += more;
  }
  return news;
}

// A repeat never waits behind another notice of its incident; an update that does joins the newest update that nobody
// was sent, and an end that nobody was sent gives way to it.
Alerts::Outcome<void> Alerts::queue(const rule::Notice& notice, const std::string& name, const Step* step,
                                    AlertNews& news) {
  const auto* options = receiver(name);
  if (options == nullptr) return {};
  store::OutboxRow row = row_of(notice, *options, step);
  if (notice.incident_number != 0) {
    auto waiting = waiting_before(row, news);
    if (!waiting) return std::unexpected(std::move(waiting.error()));
    // Nor does a firing: a receiver that was removed and is there again has it still.
    if ((notice.repeat || notice.kind == rule::Kind::firing) && !waiting->empty()) return {};
    if (notice.kind == rule::Kind::update) fold(*waiting, row, *options, news);
  }
  news.receivers.insert(name);
  news.rows.push_back(std::move(row));
  return {};
}

store::OutboxRow Alerts::row_of(const rule::Notice& notice, const notify::ReceiverOptions& options,
                                const Step* step) const {
  std::vector<notify::Included> included;
  if (step != nullptr && !notice.tasks.empty()) included = included_of(options, *step, notice.tasks.front().task);
  store::OutboxRow row;
  row.receiver = options.name;
  row.id = notice.id;
  row.incident = notice.incident_number;
  row.run = notice.run;
  row.change = notice.change;
  row.since = notice.started;
  row.rule = notice.rule;
  row.kind = notice.kind;
  row.created = notice.at;
  row.due = now().lived;
  row.test = notice.test;
  row.personal = !included.empty();
  row.body = notify::canonical(notice, {.external_url = settings_.rules.external_url,
                                        .max_body = options.max_body,
                                        .odd_id = [&](const task::TaskKey& key) { return odd_id(key, step); },
                                        .included = included});
  return row;
}

std::string Alerts::odd_id(const task::TaskKey& key, const Step* step) const {
  if (step == nullptr) return deps_.odd_id(key);
  const auto found = std::ranges::find(step->odd_ids, key, [](const auto& odd) { return odd.first; });
  return found == step->odd_ids.end() ? deps_.odd_id(key) : found->second;
}

std::vector<notify::Included> Alerts::included_of(const notify::ReceiverOptions& options, const Step& step,
                                                  const task::TaskKey& task) {
  std::vector<notify::Included> included;
  const auto found = std::ranges::lower_bound(step.rows, task, {}, [](const auto& row) { return row.first; });
  if (found == step.rows.end() || found->first != task) return included;
  if (options.include_task) included.push_back({"task", found->second});
  for (const auto& path : options.include) {
    if (auto json = notify::value_at(found->second, path)) included.push_back({path, std::move(*json)});
  }
  return included;
}

Alerts::Outcome<std::vector<store::OutboxRow>> Alerts::waiting_before(const store::OutboxRow& row,
                                                                      const AlertNews& news) const {
  auto waiting = deps_.store->waiting(row.receiver, row.incident);
  if (!waiting) return waiting;
  for (const auto& fresh : news.rows) {
    if (fresh.receiver != row.receiver || fresh.incident != row.incident) continue;
    const auto same = std::ranges::find(*waiting, fresh.seq, &store::OutboxRow::seq);
    if (fresh.seq != 0 && same != waiting->end()) {
      *same = fresh;
    } else {
      waiting->push_back(fresh);
    }
  }
  std::erase_if(*waiting, [](const auto& known) { return known.state != store::OutboxRow::State::pending; });
  return waiting;
}

void Alerts::fold(std::vector<store::OutboxRow>& waiting, store::OutboxRow& row, const notify::ReceiverOptions& options,
                  AlertNews& news) {
  if (waiting.empty()) return;
  auto newest = waiting.back();
  if (is_end(newest.kind) && !newest.sent && waiting.size() > 1 &&
      waiting[waiting.size() - 2].kind == rule::Kind::update && !waiting[waiting.size() - 2].sent) {
    newest.state = store::OutboxRow::State::dropped;
    news.rows.push_back(newest);
    newest = waiting[waiting.size() - 2];
  }
  if (newest.kind != rule::Kind::update || newest.sent || newest.seq == 0) return;
  newest.body = notify::fold(newest.body, row.body, options.max_body);
  row = std::move(newest);
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
