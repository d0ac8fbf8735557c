#include "task/diff.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "diff_fixture.h"

using namespace runwatch::task;
using namespace runwatch::task::test;

TEST_CASE("a first sight in a new run is a transition from none, and a failure counts in full") {
  Run run;
  run.poll(std::vector<Seen>{{1, Status::pending}, {2, Status::failed, "c"}});
  CHECK(run.transitions("none", "pending") == 1);
  CHECK(run.transitions("none", "failed") == 1);
  CHECK(run.total(Family::failures) == 1);
  CHECK(run.known.counts()[index(Status::failed)] == 1);
}

TEST_CASE("baseline tasks set the gauges and count as transitions from none, and nothing else") {
  Run run(true);
  run.poll({full_call(1, Status::failed, "a"), full_call(2, Status::completed, "b")});
  CHECK(run.transitions("none", "failed") == 1);
  CHECK(run.known.counts()[index(Status::completed)] == 1);
  for (const Family family : {Family::failures, Family::calls, Family::duration, Family::cost, Family::wait,
                              Family::completion, Family::lag, Family::bad_fields}) {
    CHECK(run.total(family) == 0);
  }
}

TEST_CASE("outputs of a baseline attempt that come later stay untold, those of its next attempt do not") {
  Run run(true);
  run.poll(std::vector<Seen>{{1, Status::failed}});
  run.poll({full_call(1, Status::failed, "a")});
  CHECK(run.total(Family::calls) == 0);
  CHECK(run.total(Family::failures) == 0);
  run.poll({full_call(1, Status::failed, "b")});
  CHECK(run.total(Family::calls) == 1);
  CHECK(run.total(Family::failures) == 1);
}

TEST_CASE("a baseline task that fails later is a failure") {
  Run run(true);
  run.poll(std::vector<Seen>{{1, Status::pending}});
  run.poll(std::vector<Seen>{{1, Status::failed}});
  CHECK(run.total(Family::failures) == 1);
}

TEST_CASE("an attempt is observed once, however often it is seen") {
  Run run;
  for (int i = 0; i < 3; ++i) run.poll({full_call(1, Status::completed, "a")});
  CHECK(run.count("unpod_calls_total{call_status=\"completed\",call_type=\"outbound\"}") == 1);
  for (const Family family : {Family::duration, Family::cost, Family::wait, Family::completion, Family::lag}) {
    CHECK(run.total(family) == 1);
  }
}

TEST_CASE("outputs that follow the status are observed when they come") {
  Run run;
  run.poll(std::vector<Seen>{{1, Status::completed}});
  CHECK(run.total(Family::calls) == 0);
  auto late = observed({1, Status::completed, "a"});
  late.duration = 12.0F;
  run.poll({late});
  CHECK(run.total(Family::duration) == 1);
  run.poll({full_call(1, Status::completed, "a")});
  CHECK(run.total(Family::calls) == 1);
  CHECK(run.total(Family::duration) == 1);
  CHECK(run.total(Family::cost) == 1);
  CHECK(run.total(Family::inferred) == 0);
}

TEST_CASE("an unfinished task tells no output") {
  Run run;
  run.poll({full_call(1, Status::in_progress, "a")});
  CHECK(run.total(Family::calls) == 0);
  run.poll({full_call(1, Status::completed, "a")});
  CHECK(run.total(Family::calls) == 1);
}

TEST_CASE("failed, pending, failed is two failures and one retry") {
  Run run;
  run.poll({full_call(1, Status::failed, "a")});
  run.poll(std::vector<Seen>{{1, Status::pending}});
  run.poll({full_call(1, Status::failed, "b")});
  CHECK(run.total(Family::failures) == 2);
  CHECK(run.total(Family::retries) == 1);
  CHECK(run.total(Family::calls) == 2);
  CHECK(run.total(Family::inferred) == 0);
}

TEST_CASE("the same finished status with another call is an attempt between two polls") {
  Run run;
  run.poll({full_call(1, Status::failed, "a")});
  const Diff& last = run.poll({full_call(1, Status::failed, "b")});
  CHECK(last.changes.size() == 1);
  CHECK(last.changes[0].kind == ChangeKind::inferred);
  CHECK(run.total(Family::inferred) == 1);
  CHECK(run.total(Family::retries) == 1);
  CHECK(run.total(Family::failures) == 2);
  CHECK(run.total(Family::calls) == 2);
  CHECK(run.total(Family::transitions) == 1);
}

TEST_CASE("a call that follows a change from one finished status to another is that entry's, not one in between") {
  Run run;
  run.poll(std::vector{full_call(1, Status::failed, "a")});
  run.poll({{1, Status::completed}});
  run.poll(std::vector{full_call(1, Status::completed, "b")});
  CHECK(run.total(Family::inferred) == 0);
  CHECK(run.total(Family::retries) == 0);
  CHECK(run.total(Family::recoveries) == 1);
  CHECK(run.total(Family::calls) == 2);
}

TEST_CASE("a call that comes with another finished status is observed, whatever was told of the entry before") {
  for (const bool baseline : {true, false}) {
    CAPTURE(baseline);
    Run run(baseline);
    auto without_call = observed({1, Status::failed});
    without_call.call_status = CallStatus::failed;
    without_call.duration = 3.0F;
    run.poll({without_call});
    run.poll({full_call(1, Status::completed, "b")});
    CHECK(run.total(Family::calls) == (baseline ? 1 : 2));
    CHECK(run.total(Family::duration) == (baseline ? 1 : 2));
    CHECK(run.total(Family::completion) == 1);
    CHECK(run.total(Family::recoveries) == 1);
    CHECK(run.total(Family::inferred) == 0);
  }
}

TEST_CASE("the same call in another finished status is the same attempt, and its late outputs are observed") {
  Run run;
  auto early = observed({1, Status::partially_completed, "a"});
  early.call_status = CallStatus::completed;
  run.poll({early});
  early.status = Status::completed;
  run.poll({early});
  run.poll({full_call(1, Status::completed, "a")});
  CHECK(run.total(Family::calls) == 1);
  CHECK(run.total(Family::duration) == 1);
  CHECK(run.total(Family::cost) == 1);
  CHECK(run.total(Family::completion) == 1);
  run.poll({full_call(1, Status::completed, "b")});
  CHECK(run.total(Family::calls) == 2);
  CHECK(run.total(Family::inferred) == 1);
}

TEST_CASE("a call seen under way is not held against the one that the task ended with") {
  Run run;
  run.poll({{1, Status::pending}});
  run.poll({{1, Status::in_progress, "a"}});
  run.poll({{1, Status::failed}});
  run.poll(std::vector{full_call(1, Status::failed, "b")});
  CHECK(run.total(Family::inferred) == 0);
  CHECK(run.total(Family::failures) == 1);
  CHECK(run.total(Family::calls) == 1);
}

TEST_CASE("without call ids another start time is another attempt") {
  Run run;
  auto first = observed({1, Status::completed});
  first.started = kStart - std::chrono::hours(1);
  auto second = first;
  second.started = kStart;
  run.poll({first});
  run.poll({second});
  CHECK(run.total(Family::inferred) == 1);
}

TEST_CASE("outputs of the attempt before are not taken for those of the next") {
  Run run;
  run.poll({full_call(1, Status::failed, "a")});
  run.poll({full_call(1, Status::pending, "a")});
  run.poll({full_call(1, Status::failed, "a")});
  CHECK(run.total(Family::failures) == 2);
  CHECK(run.total(Family::calls) == 1);
  run.poll({full_call(1, Status::failed, "b")});
  CHECK(run.total(Family::failures) == 2);
  CHECK(run.total(Family::inferred) == 0);
  CHECK(run.total(Family::calls) == 2);
}

TEST_CASE("a recovery is a completion after a failure, whatever lay between") {
  Run run;
  run.poll(std::vector<Seen>{{1, Status::failed}, {2, Status::failed}, {3, Status::pending}});
  run.poll(std::vector<Seen>{{1, Status::completed}, {2, Status::hold}, {3, Status::completed}});
  run.poll(std::vector<Seen>{{1, Status::completed}, {2, Status::completed}, {3, Status::completed}});
  CHECK(run.total(Family::recoveries) == 2);
}

TEST_CASE("entries into unknown are counted, and the way out of it is a transition") {
  Run run;
  run.poll(std::vector<Seen>{{1, Status::pending}});
  run.poll(std::vector<Seen>{{1, Status::unknown}});
  run.poll(std::vector<Seen>{{1, Status::unknown}});
  run.poll(std::vector<Seen>{{1, Status::completed}});
  CHECK(run.total(Family::unknown_status) == 1);
  CHECK(run.transitions("unknown", "completed") == 1);
}

TEST_CASE("a bad field is told once per attempt") {
  Run run;
  auto task = observed({1, Status::completed, "a"});
  task.bad_fields = static_cast<std::uint8_t>(bit(Field::duration) | bit(Field::created));
  run.poll({task});
  run.poll({task});
  CHECK(run.count("unpod_task_bad_fields_total{field=\"duration\"}") == 1);
  CHECK(run.count("unpod_task_bad_fields_total{field=\"created\"}") == 1);
  task.call = 77;
  run.poll({task});
  CHECK(run.count("unpod_task_bad_fields_total{field=\"duration\"}") == 2);
}

TEST_CASE("spans that are negative or over a day are bad fields and no observations") {
  Run run;
  auto task = full_call(1, Status::completed, "a");
  task.created = task.started + std::chrono::seconds(1);
  task.ended = task.created + std::chrono::hours(25);
  run.poll({task});
  CHECK(run.count("unpod_task_bad_fields_total{field=\"start\"}") == 1);
  CHECK(run.count("unpod_task_bad_fields_total{field=\"end\"}") == 1);
  CHECK(run.total(Family::wait) == 0);
  CHECK(run.total(Family::completion) == 0);
}

TEST_CASE("one missing task is gone at the third poll in a row without it") {
  Run run;
  const std::vector<Seen> all{{1, Status::pending}, {2, Status::pending}, {3, Status::pending}};
  const std::vector<Seen> some{{1, Status::pending}, {2, Status::pending}};
  run.poll(all);
  run.poll(some);
  run.poll(some);
  run.poll(all);
  CHECK(run.transitions("pending", "gone") == 0);
  run.poll(some);
  run.poll(some);
  CHECK(run.transitions("pending", "gone") == 0);
  run.poll(some);
  CHECK(run.transitions("pending", "gone") == 1);
  CHECK(run.known.counts()[index(Status::pending)] == 2);
  run.poll(some);
  CHECK(run.transitions("pending", "gone") == 1);
}

TEST_CASE("the return of a task that was gone is no first sight") {
  Run run;
  const std::vector<Seen> rest{{2, Status::pending}, {3, Status::pending}};
  auto with = [&](Status status) {
    auto all = rest;
    all.push_back({1, status, "a"});
    return all;
  };
  run.poll(with(Status::failed));
  for (int i = 0; i < 3; ++i) run.poll(rest);
  CHECK(run.transitions("failed", "gone") == 1);
  run.poll(with(Status::failed));
  CHECK(run.transitions("none", "failed") == 2);
  CHECK(run.total(Family::failures) == 1);
  for (int i = 0; i < 3; ++i) run.poll(rest);
  run.poll(with(Status::completed));
  CHECK(run.total(Family::recoveries) == 1);
}

namespace {

std::vector<Seen> many(int from, int to, Status status = Status::pending) {
  std::vector<Seen> tasks;
  for (int i = from; i < to; ++i) tasks.push_back({i, status});
  return tasks;
}

}  // namespace

TEST_CASE("a shrunken walk takes nothing away, and what is there is still diffed") {
  Run run;
  run.poll(many(0, 20));
  auto shrunken = many(0, 14);
  shrunken[0].status = Status::failed;
  const Diff& last = run.poll(shrunken);
  CHECK(last.shrunken);
  CHECK(last.missing == 6);
  CHECK(run.total(Family::failures) == 1);
  CHECK(run.known.counts()[index(Status::pending)] == 19);
}

TEST_CASE("what three shrunken walks in a row lack leaves at once") {
  Run run;
  run.poll(many(0, 20));
  CHECK(run.poll(many(0, 10)).shrunken);
  CHECK(run.poll(many(0, 10)).shrunken);
  CHECK_FALSE(run.poll(many(0, 10)).shrunken);
  CHECK(run.transitions("pending", "gone") == 10);
}

TEST_CASE("ids that differ from walk to walk do not leave") {
  Run run;
  run.poll(many(0, 20));
  for (int i = 0; i < 6; ++i) CHECK(run.poll(i % 2 == 0 ? many(0, 10) : many(10, 20)).shrunken);
  CHECK(run.total(Family::transitions) == 20);
}

TEST_CASE("an empty answer is shrunken even for a run of one task") {
  Run run;
  run.poll(many(0, 1));
  CHECK(run.poll(std::vector<Seen>{}).shrunken);
  CHECK(run.poll(std::vector<Seen>{}).shrunken);
  CHECK_FALSE(run.poll(std::vector<Seen>{}).shrunken);
  CHECK(run.transitions("pending", "gone") == 1);
}

TEST_CASE("four missing of six are believed like one missing task") {
  Run run;
  run.poll(many(0, 6));
  CHECK_FALSE(run.poll(many(0, 2)).shrunken);
  CHECK(run.total(Family::transitions) == 6);
}

TEST_CASE("a poll that sees nothing new changes nothing in the store") {
  Run run;
  run.poll({full_call(1, Status::completed, "a")});
  const auto& again = run.poll({full_call(1, Status::completed, "a")});
  CHECK(again.changes.empty());
  CHECK(std::ranges::none_of(again.updates, &TaskUpdate::stored));
}
