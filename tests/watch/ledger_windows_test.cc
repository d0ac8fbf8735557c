// Rules that look back over the last minutes of a run: what they know over restarts and reloads.

#include <doctest/doctest.h>

#include "alerting_fixture.h"
#include "view/trouble.h"

namespace runwatch::watch {
namespace {

using namespace std::chrono_literals;
using enum task::Status;
using namespace test;

rule::Rule ratio(core::Duration window, std::string name = "ratio") {
  auto rule = rule_of(rule::When::failure_ratio, std::move(name));
  rule.above = 0.2;
  rule.min_finished = 4;
  rule.window = window;
  return rule;
}

std::vector<std::pair<int, task::Status>> tasks(std::vector<task::Status> statuses) {
  std::vector<std::pair<int, task::Status>> out;
  for (std::size_t i = 0; i < statuses.size(); ++i) out.emplace_back(i + 1, statuses[i]);
  return out;
}

// Of eight tasks two fail, and a minute later two are completed: half of four attempts failed.
void tell(Desk& desk, const std::function<void()>& meanwhile) {
  std::vector statuses(8, in_progress);
  begin(desk, tasks(statuses));
  statuses[0] = statuses[1] = failed;
  desk.poll(1, tasks(statuses));
  desk.wait(1min);
  meanwhile();
  statuses[2] = statuses[3] = completed;
  desk.poll(1, tasks(statuses));
  desk.wait(10s);
}

}  // namespace

TEST_CASE("a window knows over a restart and over a reload that only orders rules anew what it knew before") {
  const std::vector rules{ratio(15min), ratio(30min, "slow")};
  auto settings = alerting(rules);
  auto otherwise = alerting({rules[1], rules[0]});
  const std::vector<std::function<void(Desk&)>> ways{[](Desk&) {}, [](Desk& desk) { desk.restart(); },
                                                     [&](Desk& desk) { desk.reconfigure(otherwise); }};
  for (const auto& way : ways) {
    Desk desk(settings);
    Receiver ops{desk};
    tell(desk, [&] { way(desk); });
    ops.take_all();
    CHECK(ops.story() == "failure_ratio.firing 0/0, failure_ratio.firing 0/0");
  }
}

TEST_CASE("what a window reads again is as long ago as was lived, however the wall clock was set") {
  for (const auto by : {1h, -1h}) {
    Desk desk(alerting({ratio(15min)}));
    Receiver ops{desk};
    begin(desk, {{1, in_progress}});
    desk.wait(1min);
    desk.clock.jump_wall(by);
    tell(desk, [&] { desk.restart(); });
    ops.take_all();
    CHECK(ops.story() == "failure_ratio.firing 0/0");

    desk.wait(16min);  // all of it left the window
    desk.poll(1, tasks({failed, failed, completed, completed, completed, completed, completed, completed}));
    desk.wait(6min);
    ops.take_all();
    CHECK(ops.story() == "failure_ratio.firing 0/0, failure_ratio.resolved 0/0");
  }
}

TEST_CASE("a window that a reload brings knows what was lived before the clock was set") {
  for (const auto by : {1h, -1h}) {
    Desk desk(alerting({}));
    Receiver ops{desk};
    tell(desk, [&] {
      desk.clock.jump_wall(by);
      desk.wait(1s);
      desk.reconfigure(alerting({ratio(15min)}));
    });
    ops.take_all();
    CHECK(ops.story() == "failure_ratio.firing 0/0");
  }
}

TEST_CASE("a clock that is set is known to what is shown with the next tick") {
  Desk desk(alerting());
  begin(desk, {{1, in_progress}});
  desk.clock.jump_wall(8h);
  desk.wait(1s);
  CHECK(view::judge(*desk.exposition->snapshot(), desk.clock.wall_now()).in_trouble == 0);
}

}  // namespace runwatch::watch
