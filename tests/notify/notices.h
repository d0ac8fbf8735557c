// Notices to make bodies of. Each canonical body made here can be handed to a validator of somebody else's: with
// RUNWATCH_BODIES=file it is appended there, one a line.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/timestamp.h"
#include "notify/canonical.h"

namespace runwatch::test {

using Json = nlohmann::ordered_json;

inline const std::string kHostile =
    "\"quoted\"\n<script>alert(1)</script> @everyone <!channel> <@U1> [x](http://evil.test) https://evil.test "
    "{{why}} {{data}} \xff\xfe \xed\xa0\x80 \u202Eback & more";

inline core::WallTime at(const char* text) { return core::parse_timestamp(text).value(); }

inline rule::TaskLine task_line(unsigned number) {
  rule::TaskLine line;
  line.task = task::make_task_key(fmt::format("T{:08x}5aca11f0b9d2a3d7ac1fd01e", number));
  line.attempts = 1 + number % 3;
  line.facts = {.call = number + 1,
                .started = at("2026-02-07T05:55:00Z"),
                .ended = at("2026-02-07T05:57:45.120Z"),
                .duration = 12.3F + static_cast<float>(number),
                .cost = 0.01,
                .outcome = task::CallStatus::busy,
                .reason = number % 3 == 0 ? task::FailureReason::busy : task::FailureReason::other};
  return line;
}

inline rule::Notice firing(unsigned tasks = 3) {
  rule::Notice notice;
  notice.id = "0123456789abcdef0123456789abcdef";
  notice.rule = "task-failed";
  notice.severity = "warning";
  notice.labels = {{"team", "dialler"}};
  notice.runbook = "https://wiki.example.org/dialler";
  notice.incident_number = 7;
  notice.incident = "fedcba9876543210fedcba9876543210";
  notice.space = "sales";
  notice.space_key = std::string(64, 'a');
  notice.run_id = "R5f1c1e2cb9d211f0a3d7ac1fd01e0001";
  notice.at = at("2026-02-07T05:57:45.120Z");
  notice.started = at("2026-02-07T05:57:35Z");
  notice.why = fmt::format("{} attempts failed", tasks);
  notice.counts.fresh = notice.counts.open = notice.counts.total = tasks;
  notice.counts.run = {40, 0, 0, 0, 0, 300, 0, tasks, 0};
  for (unsigned i = 0; i < tasks; ++i) {
    if (i < rule::kMostTaskLines) notice.tasks.push_back(task_line(i));
    ++notice.counts.by_reason[task::index(task_line(i).facts.reason)];
  }
  notice.truncated = tasks - notice.tasks.size();
  return notice;
}

inline rule::Notice update(unsigned tasks, std::uint64_t ordinal) {
  rule::Notice notice = firing(tasks);
  notice.kind = rule::Kind::update;
  notice.update = ordinal;
  return notice;
}

inline rule::Notice over(rule::Kind kind) {
  rule::Notice notice = firing(0);
  notice.kind = kind;
  notice.update = 2;
  notice.ended = at("2026-02-07T06:30:00Z");
  notice.counts = {.total = 3, .recovered = 2, .gone = 1};
  notice.why = "all of them are over";
  return notice;
}

inline rule::Notice event_of_a_task() {
  rule::Notice notice = firing(1);
  notice.kind = rule::Kind::event;
  notice.when = rule::When::task_finished;
  notice.incident.clear();
  notice.incident_number = 0;
  return notice;
}

inline rule::Notice event_of_a_run() {
  rule::Notice notice = over(rule::Kind::event);
  notice.when = rule::When::run_finished;
  notice.incident.clear();
  notice.sums = task::RunSums{
      .finished = 12, .failed = 2, .outcomes = {9, 0, 0, 2}, .durations = 11, .duration = 600.5, .cost = 0.25};
  return notice;
}

inline rule::Notice hostile(rule::Notice notice) {
  for (std::string* const text :
       {&notice.rule, &notice.severity, &notice.runbook, &notice.space, &notice.why, &notice.about})
    *text = kHostile;
  notice.labels = {{"team", kHostile}, {kHostile, "x"}};
  return notice;
}

inline void record(const std::string& body) {
  if (const char* file = std::getenv("RUNWATCH_BODIES")) std::ofstream(file, std::ios::app) << body << '\n';
}

inline std::string make(const rule::Notice& notice, const notify::Rendering& rendering = {}) {
  auto body = notify::canonical(notice, rendering);
  record(body);
  return body;
}

}  // namespace runwatch::test
