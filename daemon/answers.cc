#include "daemon/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "core/timestamp.h"
#include "page/alerts_json.h"

namespace runwatch::daemon {
namespace {

using Json = nlohmann::ordered_json;
using Answer = control::Handler::Answer;
using watch::Ledger;

std::string write(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json time_or_null(core::WallTime time) { return time == task::kNoTime ? Json() : Json(core::format_timestamp(time)); }

Json dead_json(const store::OutboxRow& row, const std::string& last_failure) {
  return {{"id", row.id},
          {"receiver", row.receiver},
          {"rule", row.rule},
          {"kind", rule::name(row.kind)},
          {"committed", time_or_null(row.created)},
          {"last_failure", last_failure}};
}

// As a notice's `poll` and `change`, sentences for people.
void add_cause(Json& notice, const Ledger::Told::Cause& cause) {
  notice["change"] = cause.changes == 0
                         ? "nothing changed since the notice before: the clock brought it"
                         : fmt::format("{} change(s) of the run from number {} on, {} of them into failed",
                                       cause.changes, cause.first, cause.failures);
  if (cause.changes > 0) notice["poll"] = "the one committed at " + core::format_timestamp(cause.newest);
}

bool is_watched(const view::Snapshot& snapshot, const rule::Silence& silence) {
  return silence.run_id.empty() || std::ranges::any_of(snapshot.spaces, [&](const auto& space) {
           const bool is_its = silence.space.empty() || space->name == silence.space;
           return is_its &&
                  std::ranges::any_of(space->runs, [&](const auto& run) { return run->run_id == silence.run_id; });
         });
}

std::string clause(const rule::Settings& settings, const std::string& name) {
  const auto found = std::ranges::find(settings.rules, name, &rule::Rule::name);
  if (found == settings.rules.end()) return "the rule is not in the configuration any more";
  auto text = fmt::format("{} = {}, for {} s", name, rule::name(found->when), core::seconds(found->lasting));
  if (found->at_least > 1) text += fmt::format(", at_least {}", found->at_least);
  if (found->above > 0) text += fmt::format(", above {}", found->above);
  return text;
}

Json delivery_json(const store::OutboxRow& row, const std::vector<store::DeliveryAttempt>& attempts) {
  Json tries = Json::array();
  for (const auto& attempt : attempts) {
    if (attempt.row != row.seq) continue;
    tries.push_back({{"at", time_or_null(attempt.at)},
                     {"status", attempt.status},
                     {"reason", attempt.reason},
                     {"seconds", core::seconds(attempt.took)}});
  }
  return {{"receiver", row.receiver},
          {"state", store::name(row.state)},
          {"due", row.state == store::OutboxRow::State::pending ? time_or_null(row.due) : Json()},
          {"attempts", std::move(tries)}};
}

// Of a notice whose body is still there: a delivered one keeps none.
void add_body(Json& notice, const store::OutboxRow& row) {
  const auto body = Json::parse(row.body, nullptr, false);
  if (!body.is_object() || !body.contains("data")) return;
  const auto& data = body["data"];
  notice["why"] = data.value("why", "");
  notice["update"] = data.value("update", 0);
  notice["repeat"] = data.value("repeat", false);
  if (data.contains("counts") && data["counts"].contains("new")) notice["new"] = data["counts"]["new"];
  if (data.contains("tasks")) notice["tasks"] = data["tasks"];
}

Json explanation_json(const Ledger::Told& told, const rule::Settings& rules) {
  Json notices = Json::array();
  for (const auto& row : told.rows) {
    auto known = std::ranges::find_if(notices, [&](const Json& notice) { return notice["id"] == row.id; });
    if (known == notices.end()) {
      notices.push_back({{"id", row.id},
                         {"kind", rule::name(row.kind)},
                         {"test", row.test},
                         {"committed", time_or_null(row.created)},
                         {"poll", Json()},
                         {"change", Json()},
                         {"deliveries", Json::array()}});
      known = std::prev(notices.end());
      if (const auto cause = told.causes.find(row.id); cause != told.causes.end()) add_cause(*known, cause->second);
    }
    add_body(*known, row);
    (*known)["deliveries"].push_back(delivery_json(row, told.attempts));
  }
  const bool is_test = !told.rows.empty() && told.rows.front().test;
  const auto rule = told.rows.empty() ? told.incident->notice.rule : told.rows.front().rule;
  return {{"incident", told.incident ? Json::parse(page::incident_json(*told.incident)) : Json()},
          {"clause", is_test ? "none: somebody asked for a test" : clause(rules, rule)},
          {"notices", std::move(notices)}};
}

Answer changed(const core::Result<std::size_t>& done) {
  if (!done) return std::unexpected(done.error());
  return write({{"changed", *done}});
}

using Snapshots = std::function<std::shared_ptr<const view::Snapshot>()>;

void answer_about_alerts(control::Handler& handler, watch::Watch& watch, const Snapshots& snapshot) {
  handler.list = [&watch, snapshot]() -> Answer {
    const auto dead = watch.ask_ledger<std::vector<Ledger::Dead>>([](Ledger& l) { return l.dead_rows(); });
    if (!dead) return std::unexpected(dead.error());
    const auto alerts = snapshot()->alerts;
    Json out = {{"incidents", Json::array()}, {"receivers", Json::array()}, {"dead", Json::array()}};
    for (const auto& line : alerts->incidents) out["incidents"].push_back(Json::parse(page::incident_json(line)));
    for (const auto& receiver : alerts->receivers)
      out["receivers"].push_back(Json::parse(page::receiver_json(receiver)));
    for (const auto& [row, last_failure] : *dead) out["dead"].push_back(dead_json(row, last_failure));
    return write(out);
  };
  handler.test = [&watch](const control::Request& request) -> Answer {
    const auto id = watch.ask_ledger<std::string>([request](Ledger& l) { return l.test_receiver(request.receiver); });
    if (!id) return std::unexpected(id.error());
    return write({{"id", *id}});
  };
  handler.replay = [&watch](const control::Request& request) {
    return changed(watch.ask_ledger<std::size_t>(
        [request](Ledger& l) { return request.dead ? l.replay_dead(request.receiver) : l.replay(request.ids); }));
  };
  handler.drop = [&watch](const control::Request& request) {
    return changed(
        watch.ask_ledger<std::size_t>([request](Ledger& l) { return l.drop(request.ids, request.receiver); }));
  };
}

void answer_about_silences(control::Handler& handler, watch::Watch& watch, const Snapshots& snapshot) {
  handler.silences = [&watch, snapshot]() -> Answer {
    // After what was asked for before, which is published by then.
    if (const auto turn = watch.ask_ledger<void>([](Ledger&) { return core::Result<void>(); }); !turn)
      return std::unexpected(turn.error());
    Json list = Json::array();
    for (const auto& silence : snapshot()->alerts->silences) list.push_back(Json::parse(page::silence_json(silence)));
    return write({{"silences", std::move(list)}});
  };
  handler.add_silence = [&watch, snapshot](const control::Request& request) -> Answer {
    const auto made = watch.ask_ledger<rule::Silence>([request](Ledger& l) {
      rule::Silence silence{
          .space = request.space, .run_id = request.run_id, .rule = request.rule, .reason = request.reason};
      return l.add_silence(std::move(silence), std::chrono::seconds(request.seconds));
    });
    if (!made) return std::unexpected(made.error());
    auto out = Json::parse(page::silence_json(*made));
    if (!is_watched(*snapshot(), *made)) out["note"] = "no watched run has this id now";
    return write(out);
  };
  handler.expire = [&watch](const control::Request& request) -> Answer {
    const auto done = watch.ask_ledger<void>([request](Ledger& l) { return l.expire_silence(request.number); });
    if (!done) return std::unexpected(done.error());
    return write({{"changed", 1}});
  };
}

}  // namespace

control::Handler answers(watch::Watch& watch, const Snapshots& snapshot, const std::function<rule::Settings()>& rules) {
  control::Handler handler;
  answer_about_alerts(handler, watch, snapshot);
  answer_about_silences(handler, watch, snapshot);
  handler.show = [&watch, rules](const std::string& id) -> Answer {
    const auto told = watch.ask_ledger<Ledger::Told>([id](Ledger& l) { return l.explain(id); });
    if (!told) return std::unexpected(told.error());
    return write(explanation_json(*told, rules()));
  };
  return handler;
}

}  // namespace runwatch::daemon
