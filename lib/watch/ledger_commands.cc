// What people ask of alerts, by the control socket.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/digest.h"
#include "watch/ledger.h"

namespace runwatch::watch {
namespace {

constexpr std::chrono::hours kLongestSilence{10 * 365 * 24};

core::Error not_committed(const store::Failure& failure) {
  return {core::ErrorKind::unavailable, "nothing was changed, for it could not be stored: " + failure.text};
}

core::Error not_read(const store::Failure& failure) {
  return {core::ErrorKind::unavailable, "the database cannot be read: " + failure.text};
}

core::Error refused(std::string text) { return {core::ErrorKind::invalid, std::move(text)}; }

// That there is one of this name, where one is given.
core::Result<void> check_name(std::string_view kind, std::string_view name,
                              const std::vector<std::string_view>& names) {
  if (name.empty() || std::ranges::find(names, name) != names.end()) return {};
  return std::unexpected(
      refused(fmt::format("no {0} has the name {1}: the {0}s are {2}", kind, name, fmt::join(names, ", "))));
}

}  // namespace

// Who changed something looks at it next.
void Ledger::show_at_once() {
  alerts_changed_ = has_news_ = is_urgent_ = true;
  next_show_ = {};
}

core::Result<rule::Silence> Ledger::add_silence(rule::Silence silence, std::chrono::seconds lasting) {
  if (lasting < std::chrono::seconds(1) || lasting > kLongestSilence)
    return std::unexpected(refused("a silence lasts from a second to ten years"));
  const auto now = alerts_.now();
  std::vector<std::string_view> rules, spaces;
  for (const auto& rule : settings_.alerts.rules.rules) rules.push_back(rule.name);
  for (const auto number : roster_.shown()) spaces.push_back(roster_.at(number).name);
  if (auto known = check_name("rule", silence.rule, rules); !known) return std::unexpected(std::move(known.error()));
  if (auto known = check_name("space", silence.space, spaces); !known) return std::unexpected(std::move(known.error()));
  for (const auto number : roster_.shown())
    if (roster_.at(number).name == silence.space) silence.space_number = number;
  silence.from = now.wall;
  silence.until = now.lived + lasting;
  auto news = alerts_.on_silence(std::move(silence));
  if (!news) return std::unexpected(not_committed(news.error()));
  auto made = news->decision.silences.empty() ? rule::Silence{} : news->decision.silences.back();
  if (auto done = carry_out(std::move(news), {}); !done) return std::unexpected(not_committed(done.error()));
  show_at_once();
  made.until -= ahead();
  return made;
}

core::Result<void> Ledger::expire_silence(std::int64_t number) {
  const auto& known = alerts_.book().silences();
  if (std::ranges::find(known, number, &rule::Silence::number) == known.end()) {
    return std::unexpected(refused("no silence has this number: see `runwatch silence list`"));
  }
  if (auto done = carry_out(alerts_.on_expiry(number), {}); !done) return std::unexpected(not_committed(done.error()));
  show_at_once();
  return {};
}

std::string Ledger::no_receiver(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& receiver : settings_.alerts.receivers) names.push_back(receiver.options.name);
  return fmt::format("no receiver is named {} ({})", name,
                     names.empty() ? "there is none" : fmt::format("there are: {}", fmt::join(names, ", ")));
}

std::string Ledger::no_way_to(const std::string& name) const {
  return no_receiver(name) + ": configure it again, or drop what is dead";
}

core::Result<std::string> Ledger::test_receiver(const std::string& receiver) {
  const auto* options = alerts_.receiver(receiver);
  if (options == nullptr) return std::unexpected(refused(no_receiver(receiver)));
  if (options->type == notify::Type::alertmanager) {
    return std::unexpected(refused(receiver + " is an Alertmanager, which is shown incidents as they stand: there is "
                                              "nothing to queue; `amtool alert query` shows what it has"));
  }
  const auto at = deps_.clock.wall_now().time_since_epoch().count();
  auto id = fmt::format("{:016x}", core::digest64(fmt::format("{}\n{}", receiver, at)));
  if (auto done = carry_out(alerts_.on_test(receiver, id), {}); !done) {
    return std::unexpected(not_committed(done.error()));
  }
  return id;
}

core::Result<std::size_t> Ledger::change_rows(std::vector<store::OutboxRow> rows, store::OutboxRow::State to) {
  const auto now = alerts_.now();
  store::Batch batch;
  std::set<std::string> receivers;
  for (auto& row : rows) {
    receivers.insert(row.receiver);
    row.state = to;
    row.tries = row.refusals = 0;
    row.aged = {};
    row.due = now.lived;
    scrub_by_ = row.personal && to == store::OutboxRow::State::dropped ? deps_.clock.steady_now() : scrub_by_;
    batch.outbox.push_back(std::move(row));
  }
  batch.at = now.wall;
  if (auto done = commit(batch); !done) return std::unexpected(not_committed(done.error()));
  for (const auto& receiver : receivers) {
    count_queue(receiver);
    if (to == store::OutboxRow::State::dropped) forgive(receiver);
  }
  if (deps_.wake) deps_.wake(receivers);
  show_at_once();
  return batch.outbox.size();
}

core::Result<std::size_t> Ledger::replay(const std::vector<std::string>& ids) {
  std::vector<store::OutboxRow> rows;
  for (const auto& id : std::set(ids.begin(), ids.end())) {
    auto found = deps_.store->rows({.id = id});
    if (!found) return std::unexpected(not_read(found.error()));
    std::erase_if(*found, [](const auto& row) { return row.state != store::OutboxRow::State::dead; });
    if (found->empty())
      return std::unexpected(refused(
          fmt::format("no dead notice has the id {}: what waits is tried again by itself, what was delivered is "
                      "not, and an incident's notices have ids of their own (`runwatch alerts show ID`)",
                      id)));
    for (const auto& row : *found)
      if (alerts_.receiver(row.receiver) == nullptr) return std::unexpected(refused(no_way_to(row.receiver)));
    std::ranges::move(*found, std::back_inserter(rows));
  }
  return change_rows(std::move(rows), store::OutboxRow::State::pending);
}

core::Result<std::vector<Ledger::Dead>> Ledger::dead_rows() {
  auto found = deps_.store->rows({.state = store::OutboxRow::State::dead});
  if (!found) return std::unexpected(not_read(found.error()));
  std::vector<Dead> dead;
  for (auto& row : *found) {
    auto attempts = deps_.store->attempts(row.seq);
    if (!attempts) return std::unexpected(not_read(attempts.error()));
    dead.push_back({std::move(row), attempts->empty() ? "" : attempts->back().reason});
  }
  return dead;
}

core::Result<std::size_t> Ledger::replay_dead(const std::string& receiver) {
  auto found = deps_.store->rows({.receiver = receiver, .state = store::OutboxRow::State::dead});
  if (!found) return std::unexpected(not_read(found.error()));
  if (alerts_.receiver(receiver) == nullptr)
    return std::unexpected(
        refused(found->empty() ? no_receiver(receiver) + ", and no dead notice is of that name" : no_way_to(receiver)));
  return change_rows(std::move(*found), store::OutboxRow::State::pending);
}

core::Result<std::size_t> Ledger::drop(const std::vector<std::string>& ids, const std::string& receiver) {
  std::vector<store::OutboxRow> rows;
  for (const auto& id : std::set(ids.begin(), ids.end())) {
    auto found = deps_.store->rows({.id = id, .receiver = receiver});
    if (!found) return std::unexpected(not_read(found.error()));
    using enum store::OutboxRow::State;
    const bool any_dead = std::ranges::find(*found, dead, &store::OutboxRow::state) != found->end();
    std::erase_if(*found, [&](const auto& row) { return row.state != (any_dead ? dead : pending); });
    if (found->empty())
      return std::unexpected(
          refused(fmt::format("no waiting or dead notice has the id {}: what was delivered is gone, and an incident's "
                              "notices have ids of their own (`runwatch alerts show ID`)",
                              id)));
    std::ranges::move(*found, std::back_inserter(rows));
  }
  return change_rows(std::move(rows), store::OutboxRow::State::dropped);
}

core::Result<void> Ledger::begin_backup(const std::filesystem::path& copy) {
  auto begun = deps_.store->begin_backup(copy);
  if (!begun) return core::fail(core::ErrorKind::unavailable, begun.error().text);
  return {};
}

core::Result<bool> Ledger::continue_backup(const std::filesystem::path& copy) {
  auto done = deps_.store->continue_backup(copy);
  if (!done) return core::fail(core::ErrorKind::unavailable, done.error().text);
  return *done;
}

void Ledger::end_backup(const std::filesystem::path& copy) { deps_.store->end_backup(copy); }

// However long the run's history is, only sums of it are kept.
core::Result<void> Ledger::add_causes(Told& told) const {
  const auto first = std::ranges::find_if(told.rows, [](const auto& row) { return row.run != 0; });
  if (first == told.rows.end()) return {};
  std::map<core::WallTime, Told::Cause*> until;
  for (const auto& row : told.rows) {
    if (row.run != 0) until.emplace(row.created, &told.causes[row.id]);
  }
  const auto count = [&](const store::RecordedChange& recorded) {
    const auto notice = until.lower_bound(recorded.at);
    if (notice == until.end()) return;
    auto& cause = *notice->second;
    if (cause.changes++ == 0) cause.first = recorded.seq;
    cause.newest = recorded.at;
    if (recorded.change.to == task::Status::failed) ++cause.failures;
  };
  if (first->change == 0) {
    const auto read = deps_.store->each_change(first->run, std::max(first->since, core::WallTime()), count);
    return read ? core::Result<void>() : std::unexpected(not_read(read.error()));
  }
  const auto change =
      deps_.store->newest_changes({.run = first->run, .from = first->change, .before = first->change + 1, .limit = 1});
  if (!change) return std::unexpected(not_read(change.error()));
  std::ranges::for_each(*change, count);
  return {};
}

core::Result<Ledger::Told> Ledger::explain(const std::string& id) {
  Told told;
  const auto& standing = shown_alerts_->incidents;
  const auto incident = std::ranges::find_if(standing, [&](const auto& line) { return line.notice.incident == id; });
  if (incident != standing.end()) told.incident = *incident;
  auto rows = incident != standing.end() ? deps_.store->rows({.incident = incident->notice.incident_number})
                                         : deps_.store->rows({.id = id});
  if (!rows) return std::unexpected(not_read(rows.error()));
  told.rows = std::move(*rows);
  if (!told.incident && told.rows.empty()) {
    return std::unexpected(refused("no incident and no notice has the id " + id + ": see `runwatch alerts list`"));
  }
  if (auto done = add_causes(told); !done) return std::unexpected(std::move(done.error()));
  for (const auto& row : told.rows) {
    auto attempts = deps_.store->attempts(row.seq);
    if (!attempts) return std::unexpected(not_read(attempts.error()));
    std::ranges::move(*attempts, std::back_inserter(told.attempts));
  }
  for (auto& row : told.rows) row.due = due_of(row.receiver, row.due) - ahead();  // for people
  return told;
}

}  // namespace runwatch::watch
