#include "page/run_row.h"

#include <doctest/doctest.h>

#include <regex>
#include <string>

#include "support/snapshots.h"

using namespace runwatch;
using namespace std::chrono_literals;
using support::at;
using view::Condition;
using view::Trouble;

namespace {

// A verdict of its own space and run, to be changed.
struct Judged {
  std::shared_ptr<view::SpaceSnapshot> space = support::sample_space();
  std::shared_ptr<view::RunSnapshot> run = support::sample_run(1, "R1");
  view::Alerts alerts{};
  view::RunVerdict verdict{};

  Judged() {
    verdict.space = space.get();
    verdict.run = run.get();
    verdict.condition = Condition::under_way;
  }
  std::string html() const { return page::run_row(verdict, {alerts, at(3600)}); }
  // The text of one cell.
  std::string cell(const std::string& name) const {
    const auto row = html();
    const auto from = row.find("class=\"c-" + name);
    REQUIRE(from != row.npos);
    const auto begin = row.find('>', from) + 1;
    const auto inner = row.substr(begin, row.find(name == "run" ? "</th>" : "</td>", begin) - begin);
    return std::regex_replace(inner, std::regex("(<[^>]*>)+"), "|");
  }
};

view::IncidentStanding incident(rule::When when, const std::string& space, const std::string& run_id) {
  view::IncidentStanding made;
  made.phase = rule::Phase::open;
  made.notice.when = when;
  made.notice.rule = "rule";
  made.notice.space = space;
  made.notice.run_id = run_id;
  return made;
}

}  // namespace

TEST_CASE("the state of a run is its trouble, else how it stands, each with its level") {
  const struct {
    Trouble trouble;
    Condition condition;
    const char *state, *level;
  } cases[] = {{Trouble::failing, Condition::under_way, "failing", "bad"},
               {Trouble::stalled, Condition::under_way, "stalled", "bad"},
               {Trouble::poll_failing, Condition::unread, "poll failing", "bad"},
               {Trouble::old_task, Condition::under_way, "old task", "warn"},
               {Trouble::alert, Condition::finished, "alert", "warn"},
               {Trouble::none, Condition::under_way, "well", "good"},
               {Trouble::none, Condition::finished, "finished", "good"},
               {Trouble::none, Condition::unread, "not read yet", "none"},
               {Trouble::no_such_run, Condition::unknown, "no such run", "bad"}};
  for (const auto& c : cases) {
    Judged it;
    it.verdict.trouble = c.trouble;
    it.verdict.condition = c.condition;
    CHECK(page::state_of(it.verdict) == c.state);
    CHECK(page::name(page::level_of(it.verdict)) == c.level);
    CHECK(it.html().find("<tr class=\"" + std::string(c.level) + "\"") == 0);
  }
}

TEST_CASE("a run with an open incident is not said to do well") {
  Judged it;
  auto line = incident(rule::When::task_failed, "sales", "R1");
  it.verdict.incidents = {&line};
  CHECK(page::state_of(it.verdict) == "incident open");
  CHECK(page::name(page::level_of(it.verdict)) == "warn");
  it.verdict.condition = Condition::finished;
  CHECK(page::state_of(it.verdict) == "finished");
  CHECK(page::name(page::level_of(it.verdict)) == "warn");
  line.silenced_until = at(9000);
  CHECK(page::name(page::level_of(it.verdict)) == "good");
}

TEST_CASE("a row says how many failed, their share of what is finished, and by what") {
  Judged it;
  it.run->tasks = {100, 0, 0, 0, 0, 60, 0, 40, 0};
  it.run->failures = {5, 0, 7, 1, 30, 0, 0, 0};
  CHECK(it.cell("failed") == "|40| |40 %|attempts: provider 30, rejected 7, no answer 5, …|");
  it.run->tasks = {100, 0, 0, 0, 0, 60, 0, 0, 0};
  it.run->failures = {};
  CHECK(it.cell("failed") == "|0| |0 %|");
  it.run->polled = false;
  CHECK(it.cell("failed") == "|–|");
}

TEST_CASE("pace and end are said of a run that goes on, and not of one that does not") {
  Judged it;
  it.run->oldest.fill(task::kNoTime);
  it.run->oldest[task::index(task::Status::pending)] = at(0);
  it.verdict.per_hour = 90;
  it.verdict.end = at(7200);
  CHECK(it.cell("pace") == "|90 an hour|ends about |04:40 (in 60 min)|oldest pending since |02:40 (60 min ago)|");
  it.verdict.per_hour = 7200;
  CHECK(it.cell("pace").find("120 a minute") != std::string::npos);
  it.verdict.per_hour = 0.2;
  CHECK(it.cell("pace").find("under 1 an hour") != std::string::npos);
  it.verdict.trouble = Trouble::stalled;
  CHECK(it.cell("pace").find("ends") == std::string::npos);
  it.run->finished = at(3000);
  CHECK(it.cell("pace").find("finished |03:30 (10 min ago)") != std::string::npos);
}

TEST_CASE("who knows of a run stands beside it, and that nobody does where it is in trouble") {
  Judged it;
  CHECK(it.cell("told").empty());
  it.verdict.trouble = Trouble::poll_failing;
  CHECK(it.cell("told") == "|no incident|");
  const auto line = incident(rule::When::poll_failing, "sales", "");
  it.verdict.incidents = {&line};
  CHECK(it.cell("told") == "|rule| |nobody was told yet|");
}

TEST_CASE("a plot ends with how the run stands now") {
  Judged it;
  CHECK(it.cell("plot").empty());
  it.run->history = std::make_shared<std::vector<view::HistoryPoint>>(
      std::vector<view::HistoryPoint>{{at(100), {16, 0, 0, 0, 0, 0, 0, 0, 0}}, {at(200), {8, 0, 0, 0, 0, 8, 0, 0, 0}}});
  const auto points = page::points_of(*it.run);
  REQUIRE(points.size() == 3);
  CHECK(points.back().at == it.run->last_change);
  CHECK(points.back().tasks == it.run->tasks);
  CHECK(it.cell("plot").find("since |02:41|") != std::string::npos);
}
