// run_finished and task_finished.
#include "world.h"

using namespace runwatch;
using namespace runwatch::rule;
using namespace runwatch::rule::test;

namespace {

task::TaskChange ends(int id, Status to, std::optional<task::CallStatus> outcome, std::uint64_t call = 9) {
  auto it = change(id, Status::processing, to, outcome ? call : 0);
  it.facts.outcome = outcome;
  return it;
}

task::TaskChange tells(int id, Status status, task::CallStatus outcome) {
  auto it = ends(id, status, outcome);
  it.kind = task::ChangeKind::late;
  it.from = status;
  it.new_attempt = false;
  return it;
}

World finishing() { return World({rule_of(When::task_finished, "crm")}); }

}  // namespace

TEST_CASE("an attempt with its outcome is told in the poll that has it, and no mark is kept") {
  auto world = finishing();
  world.poll(
      {ends(1, Status::completed, task::CallStatus::connected), ends(2, Status::failed, task::CallStatus::busy, 8)});
  CHECK(story(world.told) == "event 0/0, event 0/0");
  CHECK(world.told[0].tasks.at(0).task == key(1));
  CHECK(world.told[0].id != world.told[1].id);
  CHECK(world.kept.marks.empty());
  world.pass(hours(1));
  world.poll();
  CHECK(world.told.size() == 2);
}

TEST_CASE("an attempt without its outcome waits for it over restarts, ten minutes at the most") {
  for (const bool comes : {true, false}) {
    auto world = finishing();
    world.poll({ends(1, Status::completed, std::nullopt)});
    world.restart();
    world.pass(minutes(9));
    world.poll();
    CHECK(world.told.empty());
    if (comes) world.poll({tells(1, Status::completed, task::CallStatus::voicemail)});
    world.pass(minutes(1));
    REQUIRE(story(world.told) == "event 0/0");
    CHECK(world.told[0].tasks.at(0).facts.outcome.has_value() == comes);
    CHECK(world.kept.marks.empty());
  }
}

TEST_CASE("two that watch one space give the event of an attempt with a call or a start the same id") {
  for (const bool called : {true, false}) {
    std::vector<std::string> ids;
    for (const int instance : {1, 2}) {  // each with its own database, clock and history, and outputs seen apart or not
      auto world = finishing();
      world.space.number = world.run.space = instance;
      world.run.number = 7 * instance;
      world.seq = 100 * instance;
      world.pass(minutes(instance));
      auto attempt = ends(1, Status::failed, task::CallStatus::busy, called ? 9 : 0);
      attempt.facts.started = kStart;
      if (instance == 2) world.poll({change(1, Status::processing, Status::failed)});
      if (instance == 2)
        attempt.kind = task::ChangeKind::late, attempt.from = Status::failed, attempt.new_attempt = false;
      world.poll({attempt});
      REQUIRE(world.told.size() == 1);
      ids.push_back(world.told[0].id);
    }
    CHECK(ids[0] == ids[1]);
  }
}

TEST_CASE("an attempt that is followed by another one is told as it is") {
  auto world = finishing();
  world.poll({ends(1, Status::failed, std::nullopt)});
  world.poll({again(1)});
  CHECK(story(world.told) == "event 0/0");
  world.poll({ends(1, Status::completed, task::CallStatus::connected)});
  REQUIRE(story(world.told) == "event 0/0, event 0/0");
  CHECK(world.told[0].id != world.told[1].id);
}

TEST_CASE("task_finished chooses by status and outcome, and tells nothing of the baseline") {
  auto rule = rule_of(When::task_finished, "crm");
  rule.statuses = {Status::completed};
  rule.outcomes = {task::CallStatus::connected};
  World world({rule});
  auto there = ends(4, Status::completed, task::CallStatus::connected);
  there.baseline = true;
  world.poll({ends(1, Status::completed, task::CallStatus::connected),
              ends(2, Status::failed, task::CallStatus::connected), ends(3, Status::completed, task::CallStatus::busy),
              there});
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].tasks.at(0).task == key(1));
  CHECK(world.kept.marks.empty());
}

TEST_CASE("with a receiver that includes parts of the row, the event waits for the row") {
  auto crm = receiver("crm");
  crm.includes = true;
  World world({rule_of(When::task_finished, "crm")}, {receiver("ops"), crm});
  world.poll({ends(1, Status::completed, task::CallStatus::connected)});
  CHECK(world.told.empty());
  CHECK(world.book.wanted(7) == std::vector{key(1)});
  world.pass(hours(1));
  CHECK(world.told.empty());
  world.poll(world.run, {}, {}, {{key(1), "{}"}});
  REQUIRE(story(world.told) == "event 0/0");
  CHECK(world.told[0].receivers == std::vector<std::string>{"ops", "crm"});
  CHECK(world.book.wanted(7).empty());
}

TEST_CASE("without a receiver of events no attempt is marked") {
  auto quiet = receiver("quiet");
  quiet.takes[task::index(Kind::event)] = false;
  World world({rule_of(When::task_finished, "crm")}, {quiet});
  world.poll({ends(1, Status::completed, std::nullopt)});
  CHECK(world.kept.marks.empty());
}

TEST_CASE("a run's end is told at once without failed tasks, else when it goes idle, and again after further changes") {
  struct Row {
    bool failed;
    bool baseline;
    std::string at_once, idle;
  };
  for (const auto& row :
       {Row{false, false, "event 0/0", "event 0/0"}, Row{true, false, "", "event 0/0"}, Row{false, true, "", ""}}) {
    World world({rule_of(When::run_finished, "report")});
    auto after = world.run;
    after.finished = world.wall;
    after.tasks[task::index(row.failed ? Status::failed : Status::completed)] = 3;
    after.baseline = row.baseline;
    after.last_change = row.baseline ? after.first_polled : world.wall;
    world.poll(after, {});
    CHECK(story(world.told) == row.at_once);
    world.pass(minutes(21));
    CHECK(world.book.due_runs({world.wall, world.lived}).empty() != (row.failed && !row.baseline));
    world.idle = true;
    world.poll();
    world.poll();
    CHECK(story(world.told) == row.idle);
    if (row.baseline) continue;
    auto further = world.run;
    further.last_change = world.wall;
    world.poll(further, {});
    world.restart();
    world.poll();
    CHECK(story(world.told) == "event 0/0, event 0/0");
    CHECK(world.told[0].id != world.told[1].id);
    CHECK(world.told[0].sums.has_value());
  }
}

TEST_CASE("a poll without events asks nothing of the outbox, one with several of them asks once") {
  World world({rule_of(When::task_finished, "crm"), rule_of(When::run_finished, "report")}, {receiver("crm")});
  world.poll();
  world.room_asked = 0;
  world.poll();
  CHECK(world.room_asked == 0);
  world.poll(world.run, {ends(1, Status::completed, task::CallStatus::connected),
                         ends(2, Status::completed, task::CallStatus::connected)});
  CHECK(world.told.size() == 2);
  CHECK(world.room_asked == 2);  // each decision is made twice here
}

TEST_CASE(
    "without room in the outbox events stay marked, and are told once there is some, also of a run that retired") {
  auto crm = receiver("crm");
  crm.includes = true;
  for (const bool includes : {false, true}) {
    crm.includes = includes;
    World world({rule_of(When::task_finished, "crm"), rule_of(When::run_finished, "report")}, {crm});
    world.room = 0;
    world.poll(world.run, {ends(1, Status::completed, task::CallStatus::connected), ends(2, Status::failed, {})}, {},
               {{key(1), "{}"}});
    world.pass(minutes(11));
    CHECK(world.told.empty());
    CHECK(world.kept.marks.size() == 2);
    auto after = world.run;
    after.finished = after.last_change = world.wall;
    after.retired = true;
    world.poll(after, {});
    CHECK(world.told.empty());
    world.pass(minutes(1));
    world.room = 2 * 2048;
    const auto look = [&] {
      for (const auto& due : world.book.due_runs({world.wall, world.lived})) CHECK(due.second == 7);
      world.poll();
    };
    look();
    CHECK(world.told.size() == 2);
    CHECK(world.last.held == 1);
    world.room = 100'000;
    world.pass(minutes(1));
    look();
    CHECK(story(world.told) == "event 0/0, event 0/0, event 0/0");
    CHECK(world.kept.marks.empty());
    CHECK(world.run.finish_told == world.run.last_change);
    world.pass(minutes(5));
    CHECK(world.book.due_runs({world.wall, world.lived}).empty());
  }
}
