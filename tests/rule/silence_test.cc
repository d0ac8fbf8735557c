// Silences, and what a reload changes.
#include "world.h"

using namespace runwatch;
using namespace runwatch::rule;
using namespace runwatch::rule::test;

namespace {

std::int64_t add_silence(World& world, core::Duration time, Silence it = {}) {
  it.until = world.lived + time;
  world.take([&] { return world.book.silence(it); });
  return world.last.silences.at(0).number;
}

std::uint64_t silenced(const World& world) { return world.suppressed[task::index(Suppression::silenced)]; }

}  // namespace

TEST_CASE("at the end of a silence the untold ones that are open still are told at once, the rest never") {
  World world({failed_rule()});
  add_silence(world, minutes(10));
  world.poll({fails(1), fails(2), fails(3)});
  world.poll({change(1, Status::failed, Status::completed)});
  world.pass(minutes(10) - seconds(1));
  CHECK(world.told.empty());
  world.pass(seconds(1));
  CHECK(story(world.told) == "firing 2/2");
  CHECK(silenced(world) == 1);
  CHECK(world.book.silences().empty());
}

TEST_CASE("a silence holds an update, and expiring it brings the update") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.pass(minutes(6));
  Silence by_run;
  by_run.run_id = "R1";
  const auto number = add_silence(world, hours(10), by_run);
  world.poll({fails(2)});
  world.pass(hours(5));
  CHECK(story(world.told) == "firing 1/1");
  world.take([&] { return world.book.expire(number, world.context()); });
  CHECK(story(world.told) == "firing 1/1, update 1/2");
}

TEST_CASE("a silence of a space holds under its other label, and not for another space that has the old one") {
  for (const bool is_another : {false, true}) {
    World world({failed_rule()});
    Silence of_space;
    of_space.space = "sales";
    of_space.space_number = is_another ? 2 : 1;
    add_silence(world, hours(1), of_space);
    if (!is_another) world.space.name = "sales-north";
    world.poll({fails(1)});
    world.pass(minutes(1));
    CHECK(story(world.told) == (is_another ? "firing 1/1" : ""));
  }
}

TEST_CASE("the end of what was told is never held, and what was held until then is counted") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.pass(minutes(6));
  add_silence(world, hours(1));
  world.poll({fails(2)});
  world.poll({change(1, Status::failed, Status::completed), change(2, Status::failed, Status::completed)});
  CHECK(story(world.told) == "firing 1/1, resolved 0/0");
  CHECK(silenced(world) == 1);
}

TEST_CASE("what ends under a silence without having been told is never told") {
  World world({failed_rule()});
  add_silence(world, minutes(10));
  world.poll({fails(1)});
  world.poll({change(1, Status::failed, Status::completed)});
  world.pass(hours(1));
  CHECK(world.told.empty());
  CHECK(silenced(world) == 1);
  CHECK(world.kept.incidents.empty());
}

TEST_CASE("a silence matches by label, run and rule") {
  struct Row {
    std::string space, run, rule;
    bool matches;
  };
  const Row rows[] = {{"", "", "", true},         {"sales", "", "", true},
                      {"support", "", "", false}, {"", "R1", "", true},
                      {"", "R2", "", false},      {"", "", "task-failed", true},
                      {"", "", "other", false},   {"sales", "R1", "task-failed", true}};
  for (const auto& row : rows) {
    World world({failed_rule()});
    Silence it;
    it.space = row.space;
    it.run_id = row.run;
    it.rule = row.rule;
    add_silence(world, hours(1), it);
    world.poll({fails(1)});
    world.pass(minutes(1));
    CHECK(world.told.empty() == row.matches);
  }
}

TEST_CASE("a receiver that is added gets one firing for what is open, and the others nothing") {
  World world({failed_rule()});
  world.poll({fails(1), fails(2)});
  world.pass(minutes(6));
  world.poll({again(1)});
  world.settings.receivers.push_back(receiver("late"));
  world.reload();
  world.reload();
  REQUIRE(story(world.told) == "firing 2/2, firing 2/2");
  CHECK(world.told[1].receivers == std::vector<std::string>{"late"});
  CHECK(world.told[1].id != world.told[0].id);
  CHECK(world.told[1].incident == world.told[0].incident);
  CHECK(world.last.receivers.empty());
}

TEST_CASE("told attempts are never new again: over a restart nothing is said, over a reload neither") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.pass(seconds(10));
  world.restart();
  world.poll();
  world.reload();
  world.pass(minutes(30));
  CHECK(story(world.told) == "firing 1/1");
}

TEST_CASE("what is overdue at a start is told at once") {
  World world({failed_rule()});
  world.poll({fails(1)});
  world.lived += hours(2);
  world.wall += hours(2);
  world.restart();
  CHECK(story(world.told) == "firing 1/1");
}

TEST_CASE("a rule that is removed ends what it told, and says so") {
  World world({failed_rule(), failed_rule("other")});
  world.poll({fails(1)});
  world.pass(seconds(10));
  world.poll({fails(2)});
  world.settings.rules.erase(world.settings.rules.begin());
  world.reload();
  CHECK(world.last.rules_gone == std::vector<std::string>{"task-failed"});
  world.pass(minutes(6));
  REQUIRE(story(world.told) == "firing 1/1, firing 1/1, ended 0/2, update 1/2");
  CHECK(world.told[2].why == "the rule task-failed was removed or changed");
  CHECK(world.told[2].receivers == std::vector<std::string>{"ops"});
}

TEST_CASE("a rule whose `for` changed counts attempts that enter from then on") {
  World world({failed_rule("late", seconds(60))});
  world.poll({fails(1)});
  world.settings.rules[0].lasting = seconds(30);
  world.reload();
  world.poll({fails(2)});
  world.pass(seconds(90));
  world.poll();
  world.pass(seconds(10));
  REQUIRE(story(world.told) == "firing 1/1");
  CHECK(world.told[0].tasks[0].task == key(2));
}

TEST_CASE("receivers are told what they take, and by-level ones nothing") {
  auto quiet = receiver("quiet");
  quiet.takes = {false, false, true, false, false};
  auto level = receiver("level");
  level.by_level = true;
  auto own = failed_rule("own");
  own.receivers = {"other"};
  World world({failed_rule(), own}, {receiver("ops"), quiet, level, receiver("other")});
  world.poll({fails(1)});
  world.pass(seconds(10));
  REQUIRE(world.told.size() == 2);
  CHECK(world.told[0].receivers == std::vector<std::string>{"ops", "other"});
  CHECK(world.told[1].receivers == std::vector<std::string>{"other"});
}

TEST_CASE("without any receiver incidents are still kept and shown") {
  World world({failed_rule()}, {});
  world.poll({fails(1)});
  world.pass(seconds(10));
  REQUIRE(world.book.incidents().size() == 1);
  CHECK(world.book.incidents()[0].phase == Phase::open);
  CHECK(world.book.incidents()[0].total == 1);
}

TEST_CASE("a silence that ended while nobody looked ends before anything it held is told") {
  for (const bool restarts : {true, false}) {
    World world({failed_rule()});
    add_silence(world, minutes(10));
    world.poll({fails(1), fails(2)});
    world.poll({change(1, Status::failed, Status::completed)});
    world.lived += hours(1);
    world.wall += hours(1);
    if (restarts) world.restart();
    if (!restarts) world.poll();
    world.pass(seconds(1));
    CHECK(story(world.told) == "firing 1/1");
    CHECK(silenced(world) == 1);
  }
}

TEST_CASE("who was told of an incident is told its end, though the rule has other receivers by then") {
  World world({failed_rule()}, {receiver("ops"), receiver("other")});
  world.settings.rules[0].receivers = {"ops"};
  world.reload();
  world.poll({fails(1)});
  world.pass(seconds(10));
  world.settings.rules[0].receivers = {"other"};
  world.reload();
  world.poll({change(1, Status::failed, Status::completed)});
  world.pass(minutes(6));
  REQUIRE(story(world.told) == "firing 1/1, firing 1/1, resolved 0/0");
  CHECK(world.told[2].receivers == std::vector<std::string>{"ops", "other"});
}

TEST_CASE("a receiver of another type is told what is open, and what waited for the one before is given up") {
  auto ops = receiver("ops");
  ops.type = "webhook";
  World world({failed_rule()}, {ops});
  world.poll({fails(1)});
  world.pass(seconds(10));
  world.restart();
  CHECK(world.last.receivers_changed.empty());
  world.settings.receivers[0].type = "slack";
  CHECK(world.reload().receivers_changed == std::vector<std::string>{"ops"});
  CHECK(story(world.told) == "firing 1/1, firing 1/1");
  CHECK(world.reload().receivers_changed.empty());
}

TEST_CASE("what was told of a space ends as ended when the space is not watched any more") {
  World world({failed_rule(), rule_of(When::task_finished, "crm")});
  world.poll({fails(1)});
  world.pass(seconds(10));
  CHECK(story(world.told) == "firing 1/1");
  world.poll({fails(2)});
  CHECK(world.kept.marks.size() == 2);
  world.take([&] { return world.book.leave(1, world.context()); });
  REQUIRE(story(world.told) == "firing 1/1, event 0/0, event 0/0, ended 0/2");
  CHECK(world.told.back().why == "the space is not watched any more");
  CHECK(world.kept.incidents.empty());
  CHECK(world.kept.marks.empty());
}
