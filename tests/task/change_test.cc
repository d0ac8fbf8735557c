// What a change tells of its attempt: what alerts, history and integrations are made of.
#include <doctest/doctest.h>

#include "diff_fixture.h"

using namespace runwatch::task;
using namespace runwatch::task::test;

namespace {

const TaskChange& only(const Diff& diff) {
  REQUIRE(diff.changes.size() == 1);
  return diff.changes.front();
}

}  // namespace

TEST_CASE("the first sight of a finished call carries its facts and begins an attempt") {
  Run run;
  auto call = full_call(1, Status::failed, "a");
  call.failure = FailureReason::busy;
  const auto& change = only(run.poll({call}));
  CHECK(change.new_attempt);
  CHECK(change.facts == CallFacts{call.call, call.started, call.ended, call.duration, call.cost, call.call_status,
                                  FailureReason::busy});
}

TEST_CASE("a task that is not finished has no facts of a call, whatever its outputs say") {
  Run run;
  CHECK(only(run.poll({full_call(1, Status::in_progress, "a")})).facts == CallFacts{});
}

TEST_CASE("outputs that follow their status are one late change, and none when nothing more comes") {
  Run run;
  run.poll(std::vector<Seen>{{1, Status::failed}});
  const auto call = full_call(1, Status::failed, "a");
  const TaskChange change = only(run.poll({call}));
  CHECK(change.kind == ChangeKind::late);
  CHECK(change.from == Status::failed);
  CHECK(change.to == Status::failed);
  CHECK_FALSE(change.new_attempt);
  CHECK(change.facts.call == call.call);
  CHECK(change.facts.outcome == CallStatus::completed);
  CHECK(run.poll({call}).changes.empty());
}

TEST_CASE("outputs that come in parts are a late change each") {
  Run run;
  auto call = full_call(1, Status::completed, "a");
  const auto cost = std::exchange(call.cost, std::nullopt);
  run.poll({call});
  call.cost = cost;
  CHECK(only(run.poll({call})).facts.cost == cost);
}

TEST_CASE("late outputs of what was there before us are no change") {
  Run run(true);
  run.poll(std::vector<Seen>{{1, Status::failed}});
  CHECK(run.poll({full_call(1, Status::failed, "a")}).changes.empty());
}

TEST_CASE("another call in the same finished status is a new attempt in between") {
  Run run;
  run.poll({full_call(1, Status::failed, "a")});
  const auto& change = only(run.poll({full_call(1, Status::failed, "b")}));
  CHECK(change.kind == ChangeKind::inferred);
  CHECK(change.new_attempt);
  CHECK(change.facts.call == full_call(1, Status::failed, "b").call);
}

TEST_CASE("a task that is taken up again begins an attempt, and its next failure belongs to it") {
  Run run;
  run.poll({full_call(1, Status::failed, "a")});
  CHECK(only(run.poll({full_call(1, Status::pending, "a")})).new_attempt);
  CHECK_FALSE(only(run.poll({full_call(1, Status::in_progress, "a")})).new_attempt);
  const auto& again = only(run.poll({full_call(1, Status::failed, "a")}));  // the outputs are still the old ones
  CHECK_FALSE(again.new_attempt);
  CHECK(again.facts.call == 0);
}

TEST_CASE("the same call in another finished status is no new attempt, another call is one") {
  Run run;
  run.poll({full_call(1, Status::failed, "a")});
  CHECK_FALSE(only(run.poll({full_call(1, Status::completed, "a")})).new_attempt);
  CHECK(only(run.poll({full_call(1, Status::failed, "b")})).new_attempt);
}

TEST_CASE("a tombstone that returns says which status it left with") {
  Run run;
  run.poll(std::vector<Seen>{{1, Status::failed}, {2, Status::pending}});
  for (int i = 0; i < 3; ++i) run.poll(std::vector<Seen>{{2, Status::pending}});
  const auto& change = only(run.poll(std::vector<Seen>{{1, Status::failed}, {2, Status::pending}}));
  CHECK(change.returned == Status::failed);
  CHECK_FALSE(change.from.has_value());
  CHECK_FALSE(change.new_attempt);
}

TEST_CASE("a run that the platform has no more loses each task once") {
  Run run;
  run.poll(std::vector<Seen>{{1, Status::failed}, {2, Status::pending}});
  const auto gone = everything_gone(run.known);
  CHECK(gone.changes.size() == 2);
  run.known.apply(gone.updates);
  run.counters.apply(gone.tally.increments());
  CHECK(run.transitions("failed", "gone") == 1);
  CHECK(everything_gone(run.known).changes.empty());
}

TEST_CASE("a call that ends in our future, or too long ago, is a bad end and no lag") {
  for (const auto distance : {std::chrono::hours(1), std::chrono::hours(-25)}) {
    Run run;
    auto call = full_call(1, Status::completed, "a");
    call.created = kNoTime;
    call.ended = kStart + distance;
    for (int i = 0; i < 3; ++i) run.poll({call});
    CHECK(run.total(Family::lag) == 0);
    CHECK(run.count("unpod_task_bad_fields_total{field=\"end\"}") == 1);
  }
}
