// Members, `for`, group times, repeats and ends.
#include "world.h"

using namespace runwatch;
using namespace runwatch::rule;
using namespace runwatch::rule::test;

TEST_CASE("the first notice waits for company, and tells what recovered meanwhile, too") {
  World world({failed_rule()});
  world.poll({fails(1), fails(2)});
  world.pass(seconds(5));
  CHECK(story(world.told).empty());
  world.poll({fails(3), again(1)});
  world.poll({completes(1)});
  world.pass(seconds(5));
  CHECK(story(world.told) == "firing 3/2");
  CHECK(world.told[0].why == "3 attempts failed");
  CHECK(world.told[0].counts.recovered == 1);
  CHECK(world.told[0].counts.total == 3);
  CHECK(world.told[0].update == 0);
  CHECK(world.told[0].run_id == "R1");
  CHECK(world.told[0].receivers == std::vector<std::string>{"ops"});
}

TEST_CASE("members that all recover while the first notice waits make a firing with nothing open, then its end") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.pass(seconds(3));
  world.poll({again(1)});
  world.poll({completes(1)});
  world.pass(seconds(7));
  CHECK(story(world.told) == "firing 1/0");
  world.pass(minutes(5) - seconds(1));
  CHECK(story(world.told) == "firing 1/0");
  world.pass(seconds(1));
  CHECK(story(world.told) == "firing 1/0, resolved 0/0");
  CHECK(world.last.resolved == std::vector<std::string>{"task-failed"});
  world.pass(minutes(5));
  CHECK(world.kept.incidents.empty());
  CHECK(world.kept.members.empty());
}

TEST_CASE("after a notice the next one of its incident waits for group_interval") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.pass(seconds(10));
  world.poll({fails(2)});
  world.pass(minutes(5) - seconds(1));
  CHECK(story(world.told) == "firing 1/1");
  world.pass(seconds(1));
  CHECK(story(world.told) == "firing 1/1, update 1/2");
  CHECK(world.told[1].update == 1);
  CHECK(world.told[1].counts.total == 2);
  CHECK(world.told[0].incident == world.told[1].incident);
  CHECK(world.told[0].id != world.told[1].id);
}

TEST_CASE("what stays open is said again after repeat_interval, until the run is finished") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.pass(hours(4) + seconds(10));
  CHECK(story(world.told) == "firing 1/1, update again 0/1");
  world.run.finished = world.wall;
  auto before = world.run;
  before.finished = task::kNoTime;
  std::swap(world.run, before);
  world.poll(before, {});
  world.pass(hours(9));
  CHECK(world.told.size() == 2);
}

TEST_CASE("repeat_interval 0 repeats never") {
  World world({failed_rule()});
  world.settings.repeat_interval = {};
  world.poll({fails(1)});
  world.pass(hours(9));
  CHECK(story(world.told) == "firing 1/1");
}

TEST_CASE("`for` is met by a complete poll at or after its end that shows the attempt failed still") {
  World world({failed_rule("late", seconds(60))});
  CHECK(world.poll({fails(1)}).poll_by == world.lived + seconds(60));
  world.pass(seconds(59));
  CHECK(world.poll().poll_by == world.lived + seconds(1));
  world.pass(seconds(30));
  CHECK(story(world.told).empty());
  world.poll({}, {{key(1), {.misses = 1}, false}});  // the walk lacks it
  world.pass(seconds(20));
  CHECK(story(world.told).empty());
  world.poll();
  world.pass(seconds(10));
  CHECK(story(world.told) == "firing 1/1");
  CHECK(world.told[0].started == kStart);
}

TEST_CASE("another attempt or status before the end of `for` heals it: counted, never told") {
  World world({failed_rule("late", seconds(60))});
  world.poll({fails(1), fails(2)});
  world.pass(seconds(30));
  world.poll({again(1), change(2, Status::failed, Status::completed)});
  world.poll({fails(1)});
  CHECK(world.suppressed[task::index(Suppression::healed)] == 2);
  world.pass(seconds(50));
  world.poll();
  CHECK(world.kept.members.size() == 1);
  world.pass(seconds(10));
  world.poll();
  world.pass(seconds(10));
  CHECK(story(world.told) == "firing 1/1");
}

TEST_CASE("where the newest poll failed the clock decides about `for`") {
  World world({failed_rule("late", seconds(60))});
  world.poll({fails(1)});
  world.fail_poll();
  world.pass(seconds(69));
  CHECK(story(world.told).empty());
  world.pass(seconds(1));
  CHECK(story(world.told) == "firing 1/1");
}

TEST_CASE("after a restart the clock decides only once the run was tried") {
  World world({failed_rule("late", seconds(60))});
  world.poll({fails(1)});
  world.fail_poll();
  world.restart();
  world.pass(seconds(100));
  CHECK(world.told.empty());
  world.fail_poll();
  world.pass(seconds(10));
  CHECK(story(world.told) == "firing 1/1");
}

TEST_CASE("at_least counts those that recovered meanwhile, and all of them are new") {
  auto rule = failed_rule();
  rule.at_least = 3;
  World world({rule});
  world.poll({fails(1), fails(2)});
  world.poll({again(1)});
  world.poll({completes(1)});
  world.pass(minutes(1));
  CHECK(world.told.empty());
  world.poll({fails(3)});
  CHECK(story(world.told) == "firing 3/2");  // group_wait has passed since the first one
  CHECK(world.last.opened == std::vector<std::string>{"task-failed"});
}

TEST_CASE("a member that is tried again is neither over nor told again until that attempt ends") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.pass(seconds(10));
  world.poll({again(1)});
  world.pass(minutes(10));
  CHECK(story(world.told) == "firing 1/1");
  world.poll({fails(1)});
  CHECK(story(world.told) == "firing 1/1, update 1/1");
  CHECK(world.kept.members.size() == 1);
  world.poll({again(1)});
  world.poll({completes(1)});
  world.pass(minutes(5));
  CHECK(story(world.told) == "firing 1/1, update 1/1, resolved 0/0");
  CHECK(world.told[2].counts.recovered == 1);
  CHECK(world.told[2].counts.total == 2);
}

TEST_CASE("ends say what really happened") {
  struct Row {
    std::vector<task::TaskChange> changes;
    bool retired;
    Kind kind;
    std::uint64_t gone;
  };
  const Row rows[] = {
      {{change(1, Status::failed, Status::completed), change(2, Status::failed, Status::partially_completed)},
       false,
       Kind::resolved,
       0},
      {{change(1, Status::failed, Status::completed), leaves(2)}, false, Kind::resolved, 1},
      {{leaves(1), leaves(2)}, false, Kind::ended, 2},
      {{}, true, Kind::ended, 0},
  };
  for (const auto& row : rows) {
    World world({failed_rule()});
    world.poll({fails(1), fails(2)});
    world.pass(minutes(6));
    auto after = world.run;
    after.retired = row.retired;
    world.poll(after, row.changes);
    REQUIRE(world.told.size() == 2);
    CHECK(world.told[1].kind == row.kind);
    CHECK(world.told[1].counts.gone == row.gone);
    CHECK(world.told[1].counts.fresh == 0);
    CHECK(world.told[1].ended == world.wall);
  }
}

TEST_CASE("a tombstone that returns in the same attempt is no new member") {
  World world({failed_rule()});
  world.poll({fails(1), fails(2)});
  world.pass(seconds(10));
  world.poll({leaves(1)});
  auto back = change(1, std::nullopt, Status::failed);
  back.returned = Status::failed;
  back.new_attempt = false;
  world.poll({back});
  world.pass(hours(1));
  CHECK(story(world.told) == "firing 2/2");
  CHECK(world.kept.members.size() == 2);
}

TEST_CASE("a run whose incident ended reopens it within group_interval as an update") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.pass(minutes(6));
  world.poll({change(1, Status::failed, Status::completed)});
  CHECK(story(world.told) == "firing 1/1, resolved 0/0");
  world.pass(minutes(4));
  world.poll({fails(2)});
  world.pass(minutes(1));
  CHECK(story(world.told) == "firing 1/1, resolved 0/0, update 1/1");
  CHECK(world.told[2].incident == world.told[0].incident);
  CHECK(world.told[2].update == 2);
  CHECK(world.told[2].counts.total == 2);
  world.poll({change(2, Status::failed, Status::completed)});
  world.pass(minutes(10));
  world.poll({fails(3)});
  world.pass(seconds(10));
  CHECK(story(world.told) == "firing 1/1, resolved 0/0, update 1/1, resolved 0/0, firing 1/1");
  CHECK(world.told[4].incident != world.told[0].incident);
}

TEST_CASE("baseline attempts are no members; a digest says how many there were, once") {
  for (const bool digest : {false, true}) {
    World world({failed_rule("one"), failed_rule("two")});
    world.settings.digest = digest;
    auto there = change(1, std::nullopt, Status::failed);
    there.baseline = true;
    world.poll({there});
    world.pass(minutes(1));
    CHECK(world.suppressed[task::index(Suppression::baseline)] == 2);
    CHECK(world.kept.incidents.empty());
    CHECK(story(world.told) == (digest ? "event 0/0" : ""));
    if (digest) CHECK(world.told[0].why == "1 task had failed before runwatch watched this run");
  }
}

TEST_CASE("rules choose by space, run mode and reason") {
  auto elsewhere = failed_rule("elsewhere");
  elsewhere.spaces = {"support"};
  auto prod = failed_rule("prod");
  prod.run_modes = {task::RunMode::prod};
  auto busy = failed_rule("busy");
  busy.reasons = {task::FailureReason::busy};
  World world({elsewhere, prod, busy});
  auto failure = fails(2);
  failure.facts.reason = task::FailureReason::busy;
  world.poll({fails(1), failure});
  world.pass(seconds(10));
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].rule == "busy");
  CHECK(world.told[0].counts.fresh == 1);
  CHECK(world.told[0].counts.by_reason[task::index(task::FailureReason::busy)] == 1);
}

TEST_CASE("ids come from the first attempt: equal elsewhere where it is claimed, and over replays") {
  const auto first_id = [](core::Duration later, std::uint64_t call) {
    World world({failed_rule()});
    world.pass(later);
    world.poll({fails(2, call + 1), fails(1, call)});
    world.pass(seconds(10));
    return world.told.at(0).id;
  };
  CHECK(first_id(seconds(0), 5) == first_id(seconds(30), 5));
  CHECK(first_id(seconds(0), 5) != first_id(seconds(0), 6));
  CHECK(first_id(seconds(0), 0) != first_id(seconds(30), 0));
  CHECK(first_id(seconds(0), 5).size() == 32);
}

TEST_CASE("ten thousand members cost little, and a notice shows the first hundred") {
  World world({failed_rule()});
  std::vector<task::TaskChange> changes;
  for (int i = 0; i < 10'000; ++i) changes.push_back(fails(i));
  const auto start = std::chrono::steady_clock::now();
  world.poll(changes);
  world.pass(seconds(10));
  CHECK(std::chrono::steady_clock::now() - start < seconds(5));  // a quadratic course takes minutes here
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].counts.fresh == 10'000);
  CHECK(world.told[0].tasks.size() == kMostTaskLines);
  CHECK(world.told[0].truncated == 9'900);
}

TEST_CASE("a member that recovered and whose task is deleted then has recovered") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.pass(seconds(10));
  world.poll({change(1, Status::failed, Status::completed)});
  auto gone = change(1, Status::completed, Status::completed);
  gone.to.reset();
  world.poll({gone});
  world.pass(minutes(6));
  CHECK(story(world.told) == "firing 1/1, resolved 0/0");
  CHECK(world.told[1].counts.recovered == 1);
  CHECK(world.told[1].counts.gone == 0);
}
