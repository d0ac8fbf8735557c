// A desk with alert rules, and receivers that ask its ledger for what is due.
#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "ledger_fixture.h"
#include "notify/verdict.h"

namespace runwatch::watch::test {

inline rule::Rule rule_of(rule::When when, std::string name) {
  rule::Rule rule;
  rule.name = std::move(name);
  rule.when = when;
  return rule;
}

inline Settings alerting(std::vector<rule::Rule> rules = {rule_of(rule::When::task_failed, "task-failed")},
                         const std::vector<std::string>& receivers = {"ops"}) {
  auto settings = Desk::one_space();
  settings.alerts.rules.rules = std::move(rules);
  for (const auto& name : receivers) {
    settings.alerts.rules.receivers.push_back({.name = name});
    settings.alerts.receivers.push_back({});
    settings.alerts.receivers.back().options.name = name;
  }
  return settings;
}

// A run that is watched from before its tasks fail.
inline void begin(Desk& desk, const std::vector<std::pair<int, task::Status>>& tasks) {
  desk.discover({desk.row(kRunId, 1h)});
  desk.poll(1, tasks);
}

inline notify::Exchange answer(int status) {
  http::Response response;
  response.status = status;
  return response;
}

// A receiver, and the courier that asks the ledger for it.
struct Receiver {
  Desk& desk;
  std::string name = "ops";
  std::vector<nlohmann::json> took{};
  std::vector<std::string> ids{};
  std::uint32_t held = 0;

  // One attempt of what is due; how long the courier rests then. Nothing: nothing is due.
  std::optional<core::Duration> attempt(int status) {
    auto next = desk.ledger->next_delivery(name);
    const auto* delivery = std::get_if<notify::Delivery>(&next);
    if (delivery == nullptr) return std::nullopt;
    const auto now = desk.clock.wall_now();
    auto verdict =
        notify::verdict(answer(status), {delivery->tries, delivery->refusals, delivery->aged, held}, now, 0.5);
    held = verdict.holds ? held + 1 : 0;
    if (verdict.fate == notify::Fate::delivered) {
      took.push_back(nlohmann::json::parse(delivery->body));
      ids.push_back(delivery->id);
    }
    const notify::Attempt attempt{.receiver = name, .at = now, .status = status, .reason = verdict.reason};
    CHECK(desk.ledger->settle({delivery->row, delivery->id, attempt, verdict}));
    return verdict.holds ? verdict.wait : 0ms;
  }
  void take_all() {
    for (int i = 0; attempt(200); ++i) REQUIRE(i < 1000);
  }
  std::string story() const {
    std::string out;
    for (const auto& body : took) {
      out += (out.empty() ? "" : ", ") + body["type"].get<std::string>();
      const auto& counts = body["data"]["counts"];
      if (counts.is_object()) out += " " + counts["new"].dump() + "/" + counts["open"].dump();
    }
    return out;
  }
};
// While no process has the store's file.
inline void execute(const Desk& desk, const char* sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(desk.database().c_str(), &connection) == SQLITE_OK);
  CHECK(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(connection);
}

}  // namespace runwatch::watch::test
