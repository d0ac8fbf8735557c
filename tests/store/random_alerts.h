// Random batches of what is remembered of alerts.
#pragma once

#include "store/alert_model.h"

namespace store_test {

inline std::string any_text(std::mt19937_64& random) {
  static const std::vector<std::string> kTexts{"", "ops", "a\nb", "3:x", "\xc3\xbc", std::string(3000, 'y')};
  return kTexts[random() % kTexts.size()];
}

inline std::vector<std::string> any_list(std::mt19937_64& random) {
  std::vector<std::string> list(random() % 4);
  for (auto& text : list) text = any_text(random);
  return list;
}

inline rule::Incident random_incident(std::mt19937_64& random) {
  rule::Incident incident;
  incident.number = static_cast<std::int64_t>(1 + random() % 5);
  incident.id = std::to_string(random());
  incident.rule = any_text(random);
  incident.when = any<rule::When>(random, rule::kWhenNames.size());
  incident.space = static_cast<std::int64_t>(random() % 3);
  incident.run = static_cast<std::int64_t>(random() % 3);
  incident.about = any_text(random);
  incident.phase = any<rule::Phase>(random, 3);
  incident.started = any_time(random);
  incident.ended = any_time(random);
  incident.due = any_time(random);
  incident.told_at = any_time(random);
  incident.notices = random() % 100;
  incident.total = random() % 100;
  if (random() % 2 == 0) incident.value = static_cast<double>(random() % 100) / 7;
  if (random() % 2 == 0) incident.threshold = 0.25;
  incident.muted = random() % 2 == 0;
  incident.receivers = any_list(random);
  incident.values = any_list(random);
  return incident;
}

inline rule::Member random_member(std::mt19937_64& random) {
  return {.incident = static_cast<std::int64_t>(1 + random() % 5),
          .task = key_of(random() % 20),
          .ordinal = static_cast<std::uint32_t>(1 + random() % 3),
          .phase = any<rule::MemberPhase>(random, 5),
          .told = random() % 2 == 0,
          .attempts = static_cast<std::uint32_t>(random()),
          .due = any_time(random),
          .facts = random_facts(random)};
}

inline rule::Mark random_mark(std::mt19937_64& random) {
  return {.run = static_cast<std::int64_t>(1 + random() % 3),
          .rule = random() % 2 == 0 ? "crm" : "other",
          .task = key_of(random() % 20),
          .seq = static_cast<std::int64_t>(random() % 3),
          .deadline = any_time(random),
          .status = any<task::Status>(random, task::kStatusCount),
          .attempts = static_cast<std::uint32_t>(random()),
          .facts = random_facts(random)};
}

inline store::OutboxRow random_row(std::mt19937_64& random) {
  store::OutboxRow row;
  row.seq = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(1 + random() % 40);
  row.receiver = random() % 2 == 0 ? "ops" : "mail";
  row.id = "n" + std::to_string(random() % 8);
  row.incident = static_cast<std::int64_t>(random() % 4);
  row.rule = any_text(random);
  row.kind = any<rule::Kind>(random, rule::kKindNames.size());
  row.created = core::WallTime{std::chrono::seconds{1 + random() % 1000}};
  row.due = core::WallTime{core::Duration{1 + random() % 1'000'000}};
  row.state = any<State>(random, 4);
  row.tries = static_cast<std::uint32_t>(random() % 3);
  row.refusals = static_cast<std::uint32_t>(random() % 3);
  row.aged = core::Duration{random() % 1000};
  row.sent = random() % 2 == 0;
  row.test = random() % 2 == 0;
  row.personal = random() % 3 == 0;
  row.body = std::string(random() % 9000, '\xc3') + "\xc3\xbc";
  return row;
}

inline OwnedAlerts random_alerts(std::mt19937_64& random) {
  OwnedAlerts alerts;
  auto& decision = alerts.decision;
  const auto times = [&](std::uint64_t most, auto make) {
    for (auto n = random() % (most + 1); n != 0; --n) make();
  };
  const auto number = [&] { return static_cast<std::int64_t>(1 + random() % 5); };
  times(2, [&] { decision.incidents.push_back(random_incident(random)); });
  times(9, [&] { decision.members.push_back(random_member(random)); });
  times(4, [&] { decision.erased.push_back(random_member(random)); });
  times(5, [&] { decision.marks.push_back(random_mark(random)); });
  times(3, [&] { decision.unmarked.push_back(random_mark(random)); });
  times(1, [&] { decision.closed.push_back(number()); });
  times(1, [&] {
    decision.silences.push_back({number(), any_text(random), number(), any_text(random), any_text(random),
                                 any_time(random), any_time(random), any_text(random)});
  });
  times(1, [&] { decision.expired.push_back(number()); });
  times(1, [&] { decision.rules.push_back({any_text(random), any<rule::When>(random, 11), any_text(random)}); });
  times(1, [&] { decision.rules_gone.push_back(any_text(random)); });
  times(1, [&] {
    decision.receivers.push_back({any_text(random), any_text(random), any_time(random), random() % 2 == 0});
  });
  times(1, [&] { decision.receivers_gone.push_back(any_text(random)); });
  times(1, [&] { decision.receivers_gone.push_back(random() % 4 == 0 ? "mail" : "none"); });
  times(1, [&] { decision.receivers_changed.push_back(random() % 4 == 0 ? "ops" : "none"); });
  times(4, [&] { alerts.outbox.push_back(random_row(random)); });
  times(3, [&] {
    alerts.attempts.push_back({static_cast<std::int64_t>(1 + random() % 40), any_time(random),
                               static_cast<std::uint32_t>(random() % 600), "http", core::Duration{random() % 1000}});
  });
  times(2, [&] { alerts.totals[any_text(random)] += 0.1 * static_cast<double>(random() % 10); });
  if (random() % 10 == 0) alerts.outbox_before = core::WallTime{std::chrono::seconds{random() % 1000}};
  return alerts;
}

}  // namespace store_test
