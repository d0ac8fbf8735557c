// What a decision brings for the outbox: rows, those that are folded into, and totals.
#include <algorithm>

#include "notify/canonical.h"
#include "watch/alerts.h"

namespace runwatch::watch {
namespace {

bool is_end(rule::Kind kind) { return kind == rule::Kind::resolved || kind == rule::Kind::ended; }

std::string totals_key(std::string_view family, std::string_view label) {
  return std::string(family) + " " + std::string(label);
}

}  // namespace

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
    if (notice.repeat && !waiting->empty()) return {};
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
  const auto& changed = news.decision.receivers_changed;  // nothing waits for another one of its name
  const bool is_new = std::ranges::find(changed, row.receiver) != changed.end();
  auto waiting = is_new ? Outcome<std::vector<store::OutboxRow>>() : deps_.store->waiting(row.receiver, row.incident);
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
  const auto gives_way = [](const auto& known) { return !known.sent && known.seq != 0; };
  if (!waiting.empty() && is_end(waiting.back().kind) && gives_way(waiting.back())) {
    waiting.back().state = store::OutboxRow::State::dropped;
    news.rows.push_back(std::move(waiting.back()));
    waiting.pop_back();
  }
  if (waiting.empty() || waiting.back().kind != rule::Kind::update || !gives_way(waiting.back())) return;
  auto newest = std::move(waiting.back());
  newest.body = notify::fold(newest.body, row.body, options.max_body);
  row = std::move(newest);
}

}  // namespace runwatch::watch
