// Rules without members: a run's state, statuses that are not known, polls and deliveries that fail.
#include "world.h"

using namespace runwatch;
using namespace runwatch::rule;
using namespace runwatch::rule::test;

namespace {

Rule ratio() {
  auto rule = rule_of(When::failure_ratio, "ratio");
  rule.above = 0.5;
  rule.min_finished = 10;
  return rule;
}

void sums(World& world, std::uint64_t finished, std::uint64_t failed) {
  auto after = world.run;
  after.sums.finished = finished;
  after.sums.failed = failed;
  world.poll(after, {});
}

Sight failing(std::string reason, bool of_account = false) { return {false, of_account, std::move(reason)}; }

}  // namespace

TEST_CASE("a condition that holds is told after group_wait with its figures, again when due, and its end") {
  World world({ratio()});
  sums(world, 10, 8);
  world.pass(seconds(9));
  CHECK(world.told.empty());
  world.pass(seconds(1));
  REQUIRE(story(world.told) == "firing 0/0");
  CHECK(world.told[0].value == doctest::Approx(0.8));
  CHECK(world.told[0].threshold == doctest::Approx(0.5));
  CHECK_FALSE(world.told[0].why.empty());
  world.pass(hours(4));
  CHECK(story(world.told) == "firing 0/0, update again 0/0");
  sums(world, 20, 8);
  world.pass(minutes(5));
  CHECK(story(world.told) == "firing 0/0, update again 0/0, resolved 0/0");
  sums(world, 20, 19);
  world.pass(minutes(5));
  CHECK(story(world.told) == "firing 0/0, update again 0/0, resolved 0/0, update 0/0");
  CHECK_FALSE(world.told[3].repeat);
}

TEST_CASE("a condition that is over before it is told is healed") {
  World world({ratio()});
  sums(world, 10, 8);
  sums(world, 20, 8);
  world.pass(minutes(5));
  CHECK(world.told.empty());
  CHECK(world.suppressed[task::index(Suppression::healed)] == 1);
  CHECK(world.kept.incidents.empty());
}

TEST_CASE("an open condition ends with its run, as ended") {
  World world({ratio()});
  sums(world, 10, 8);
  world.pass(minutes(6));
  auto after = world.run;
  after.retired = true;
  world.poll(after, {});
  CHECK(story(world.told) == "firing 0/0, ended 0/0");
}

TEST_CASE("after a reload rules about a state are asked to judge the runs that are known") {
  World world({});
  sums(world, 10, 8);
  CHECK(world.book.due_runs({world.wall, world.lived}).empty());
  world.settings.rules = {ratio()};
  world.reload();
  CHECK(world.book.due_runs({world.wall, world.lived}) == std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 7}});
  world.poll();
  CHECK(world.book.due_runs({world.wall, world.lived}).empty());
  CHECK(world.kept.incidents.size() == 1);
}

TEST_CASE("a status that is not known is told once for each value") {
  World world({rule_of(When::unknown_status, "unknown")});
  const auto meet = [&](std::vector<std::string> values) {
    Event event;
    event.space = world.space;
    event.unknown_statuses = std::move(values);
    world.take([&] { return world.book.decide(event, world.context()); });
  };
  meet({"paused"});
  meet({"paused", "odd"});
  world.pass(seconds(10));
  REQUIRE(story(world.told) == "firing 0/0");
  CHECK(world.told[0].about == "paused, odd");
  world.restart();
  meet({"odd", "new"});
  world.pass(hours(9));
  REQUIRE(story(world.told) == "firing 0/0, update 0/0");
  CHECK(world.told[1].about == "new");
  for (int i = 0; i < 200; ++i) meet({std::to_string(i)});
  CHECK(world.kept.incidents.begin()->second.values.size() == 50);
}

TEST_CASE("polls that fail for long enough are told, with their reason, and their end") {
  World world({rule_of(When::poll_failing, "blind", minutes(5))});
  world.see(failing("timeout"));
  world.pass(minutes(4));
  world.see(failing("bad_json"));
  world.pass(minutes(1));
  REQUIRE(story(world.told) == "firing 0/0");
  CHECK(world.told[0].about == "bad_json");
  CHECK(world.told[0].space == "sales");
  world.pass(minutes(6));
  world.see({});
  CHECK(story(world.told) == "firing 0/0, resolved 0/0");
}

TEST_CASE("since when polls fail is stored, and they are tried before it is said") {
  World world({rule_of(When::poll_failing, "blind", minutes(5))});
  world.see(failing("timeout"));
  world.pass(minutes(3));
  world.restart();
  world.pass(minutes(3));
  CHECK(world.told.empty());
  world.see(failing("timeout"));
  world.pass(seconds(1));
  REQUIRE(story(world.told) == "firing 0/0");
  CHECK(world.told[0].started == kStart);
}

TEST_CASE("a cause of the account is one incident, and its spaces have none") {
  World world({rule_of(When::poll_failing, "blind", minutes(5))});
  const auto other = [&](const Sight& sight) {
    Event event;
    event.space = world.space;
    event.space.number = 2;
    event.sight = sight;
    world.take([&] { return world.book.decide(event, world.context()); });
  };
  const auto known = world.lookup.space;
  world.lookup.space = [&](std::int64_t number) { return number == 2 ? std::optional(world.space) : known(number); };
  world.see(failing("timeout"));
  world.see(failing("dns", true));
  other(failing("dns", true));
  world.pass(minutes(5));
  REQUIRE(story(world.told) == "firing 0/0");
  CHECK(world.told[0].space.empty());
  world.pass(minutes(5));
  world.see({});
  CHECK(world.told.size() == 1);
  world.restart();
  other({});
  CHECK(story(world.told) == "firing 0/0, resolved 0/0");
}

TEST_CASE("a receiver that does not take deliveries is told to the others") {
  World world({rule_of(When::delivery_failing, "undelivered", minutes(15))}, {receiver("ops"), receiver("other")});
  const auto goes = [&](core::WallTime since, bool disabled) {
    world.take([&] { return world.book.delivery("ops", since, disabled, world.context()); });
  };
  const auto since = world.wall;
  goes(since, false);
  world.pass(minutes(10));
  goes(since, true);
  world.pass(minutes(5));
  REQUIRE(story(world.told) == "firing 0/0");
  CHECK(world.told[0].receivers == std::vector<std::string>{"other"});
  CHECK(world.told[0].about == "ops");
  world.pass(minutes(5));
  goes(task::kNoTime, false);
  CHECK(story(world.told) == "firing 0/0, resolved 0/0");
  CHECK_FALSE(world.kept.receivers.at("ops").disabled);
}

TEST_CASE("a poll without changes changes nothing") {
  World world({ratio(), failed_rule()});
  world.poll({fails(1)});
  world.pass(minutes(1));
  world.poll();
  CHECK(world.poll().empty());
  CHECK(world.last.watched.empty());
}
