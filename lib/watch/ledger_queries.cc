// What page and API ask of the history and of notices.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "watch/ledger.h"

namespace runwatch::watch {
namespace {

// A question about failures reads no more than this of a run, so that it holds nobody up.
constexpr std::int64_t kMostLookedAt = 50'000;
constexpr std::int64_t kMostOutboxRows = 1000;

std::unexpected<core::Error> unreadable(const store::Failure& failure) {
  return core::fail(core::ErrorKind::unavailable, "the database cannot be read: " + failure.text);
}

view::ChangeRow to_row(const store::RecordedChange& recorded, std::string task) {
  const auto& change = recorded.change;
  return {.seq = recorded.seq,
          .at = recorded.at,
          .task = std::move(task),
          .kind = change.kind,
          .from = change.from,
          .to = change.to,
          .new_attempt = change.new_attempt,
          .recovered = change.recovered,
          .attempts = change.attempts,
          .facts = change.facts};
}

std::unexpected<core::Error> no_run(const std::string& run_id) {
  return core::fail(
      core::ErrorKind::invalid,
      fmt::format("no run has the id {} here: /api/v1/runs lists those that are watched", core::printable(run_id)));
}

}  // namespace

const RunState* Ledger::find_run(const std::string& space, const std::string& run_id) {
  for (const auto number : roster_.shown()) {
    const auto& known = roster_.at(number);
    if (!space.empty() && known.name != space) continue;
    if (const auto* run = known.find_run(run_id)) return run;
  }
  return nullptr;
}

core::Result<view::ChangesPage> Ledger::changes(const view::ChangesQuery& query) {
  const auto* run = find_run(query.space, query.run_id);
  if (run == nullptr) return no_run(query.run_id);
  const auto number = run->record.number;
  const auto next = deps_.store->next_seq(number);
  if (!next) return unreadable(next.error());
  const auto before = query.before == 0 ? *next : std::min(query.before, *next);
  const auto limit = std::clamp<std::size_t>(query.limit, 1, view::kMostRows);
  store::ChangesFilter filter{.run = number, .before = before, .failures_only = query.failures_only};
  filter.from = std::max<std::int64_t>(1, before - kMostLookedAt);
  filter.limit = static_cast<std::int64_t>(limit);
  if (before <= 1) return view::ChangesPage{};
  const auto found = deps_.store->newest_changes(filter);
  if (!found) return unreadable(found.error());
  view::ChangesPage page;
  for (const auto& recorded : *found) {
    const auto& key = recorded.change.key;
    page.rows.push_back(to_row(recorded, task::is_usual(key) ? task::usual_task_id(key) : odd_id(key)));
  }
  const auto reached = page.rows.size() == limit ? page.rows.back().seq : filter.from;
  page.next = reached > 1 ? reached : 0;
  return page;
}

core::Result<std::vector<view::HourRow>> Ledger::hours(const view::HoursQuery& query) {
  const auto* run = find_run(query.space, query.run_id);
  if (run == nullptr) return no_run(query.run_id);
  const auto next = deps_.store->next_seq(run->record.number);
  if (!next) return unreadable(next.error());
  const auto counts = deps_.store->hours(run->record.number, *next - view::kMostCounted, query.since);
  if (!counts) return unreadable(counts.error());
  std::vector<view::HourRow> rows;
  for (const auto& count : *counts) {
    const core::WallTime hour{std::chrono::hours(count.hour)};
    if (rows.empty() || rows.back().hour != hour) rows.push_back({.hour = hour});
    if (count.to) rows.back().entered.at(task::index(*count.to)) += count.count;
    if (count.recovered) rows.back().recovered += count.count;
  }
  return rows;
}

core::Result<view::Delivery> Ledger::delivery(const store::OutboxRow& row) {
  view::Delivery delivery{.receiver = row.receiver, .state = std::string(store::name(row.state)), .tries = {}};
  if (row.state == store::OutboxRow::State::pending) delivery.due = due_of(row.receiver, row.due) - ahead();
  const auto attempts = deps_.store->attempts(row.seq);
  if (!attempts) return unreadable(attempts.error());
  for (const auto& attempt : *attempts) {
    delivery.tries.push_back({attempt.at, attempt.status, attempt.reason, attempt.took});
  }
  return delivery;
}

// Which rows of the outbox are meant; an incident that is remembered is noted in `page`.
core::Result<store::RowFilter> Ledger::filter_of(const view::NoticesQuery& query, view::NoticesPage& page) {
  store::RowFilter filter{.newest = kMostOutboxRows};
  if (query.id.empty()) {
    const auto* run = find_run(query.space, query.run_id);
    if (run == nullptr) return no_run(query.run_id);
    filter.run = run->record.number;
    return filter;
  }
  const auto& standing = shown_alerts_->incidents;
  const auto found = std::ranges::find_if(standing, [&](const auto& line) { return line.notice.incident == query.id; });
  if (found == standing.end()) {
    filter.id = query.id;
  } else {
    page.incident = *found;
    filter.incident = found->notice.incident_number;
  }
  return filter;
}

view::NoticeRow Ledger::notice_of(const store::OutboxRow& row) const {
  view::NoticeRow notice{.id = row.id, .kind = row.kind, .rule = row.rule, .test = row.test, .committed = row.created};
  for (const auto& line : shown_alerts_->incidents) {
    if (row.incident != 0 && line.notice.incident_number == row.incident) notice.incident = line.notice.incident;
  }
  return notice;
}

core::Result<view::NoticesPage> Ledger::notices(const view::NoticesQuery& query) {
  view::NoticesPage page;
  const auto filter = filter_of(query, page);
  if (!filter) return std::unexpected(filter.error());
  const auto rows = deps_.store->rows(*filter);
  if (!rows) return unreadable(rows.error());
  if (!query.id.empty() && !page.incident && rows->empty()) {
    return core::fail(core::ErrorKind::invalid, "no incident and no notice has this id: /api/v1/incidents lists them");
  }
  page.more = std::ssize(*rows) == kMostOutboxRows;
  for (const auto& row : *rows) {
    auto known = std::ranges::find(page.notices, row.id, &view::NoticeRow::id);
    if (known == page.notices.end() &&
        page.notices.size() == std::clamp<std::size_t>(query.limit, 1, view::kMostRows)) {
      page.more = true;
      break;
    }
    if (known == page.notices.end()) known = page.notices.insert(known, notice_of(row));
    auto way = delivery(row);
    if (!way) return std::unexpected(std::move(way.error()));
    known->deliveries.push_back(std::move(*way));
  }
  return page;
}

}  // namespace runwatch::watch
