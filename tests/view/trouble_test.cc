#include "view/trouble.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "rule/draft.h"
#include "support/snapshots.h"

using namespace runwatch;
using namespace std::chrono_literals;
using support::at;
using task::Status;
using view::Condition;
using view::PollReason;
using view::RunSnapshot;
using view::Trouble;

namespace {

const core::WallTime kNow = at(100'000);
const rule::Instant kInstant{kNow, kNow};

std::uint64_t& tasks(RunSnapshot& run, Status status) { return run.tasks[task::index(status)]; }

// Under way, and nothing is wrong with it.
RunSnapshot healthy() {
  auto run = *support::sample_run(1, "R40fe5eface1511f082ac156368e7acc4");
  run.created = kNow - 3h;
  run.last_change = kNow - 1min;
  run.tasks = {50, 0, 0, 2, 0, 30, 0, 10, 0};
  run.oldest.fill(task::kNoTime);
  run.oldest[task::index(Status::in_progress)] = kNow - 5min;
  return run;
}

view::IncidentStanding incident(rule::When when, const std::string& why = "it is so") {
  view::IncidentStanding line;
  line.phase = rule::Phase::open;
  line.notice.when = when;
  line.notice.rule = "mine";
  line.notice.incident = "0011";
  line.notice.space = "sales";
  line.notice.run_id = healthy().run_id;
  line.notice.why = why;
  return line;
}

// A space "sales" with these runs that answers, and one receiver.
struct Stage {
  std::vector<RunSnapshot> runs;
  view::Alerts alerts;
  std::function<void(view::SpaceSnapshot&)> space = [](auto&) {};

  view::Snapshot snapshot() const {
    auto made = std::make_shared<view::SpaceSnapshot>();
    made->name = "sales";
    made->up = true;
    made->counters = std::make_shared<task::Counters>();
    for (const auto& run : runs) made->runs.push_back(std::make_shared<RunSnapshot>(run));
    space(*made);
    view::Snapshot snapshot;
    snapshot.spaces = {made};
    snapshot.alerts = std::make_shared<view::Alerts>(alerts);
    return snapshot;
  }
};

view::ReceiverStanding receiver(const std::string& name = "ops") {
  view::ReceiverStanding made;
  made.name = name;
  return made;
}

RunSnapshot with(const std::function<void(RunSnapshot&)>& change) {
  auto run = healthy();
  change(run);
  return run;
}

RunSnapshot failing() {
  return with([](auto& run) {
    tasks(run, Status::failed) = 30;
    run.failures = {1, 0, 0, 0, 30, 0, 0, 0};
  });
}

}  // namespace

TEST_CASE("a run is in trouble beyond the thresholds of the alerts, and not at them") {
  const struct {
    const char* what;
    std::function<void(RunSnapshot&)> change;
    Trouble trouble;
    const char* why;
  } cases[] = {
      {"a healthy one", [](auto&) {}, Trouble::none, ""},
      {"40 % failed", [](auto& r) { tasks(r, Status::failed) = 20; }, Trouble::none, ""},
      {"more than 40 % failed", [](auto& r) { tasks(r, Status::failed) = 30; }, Trouble::failing,
       "50 % of 60 finished tasks failed"},
      {"with reasons",
       [](auto& r) {
         tasks(r, Status::failed) = 90;
         r.failures = {1, 0, 0, 0, 80, 0, 9, 0};
       },
       Trouble::failing, "75 % of 120 finished tasks failed, mostly by provider"},
      {"all of too few", [](auto& r) { r.tasks = {5, 0, 0, 0, 0, 0, 0, 19, 0}; }, Trouble::none, ""},
      {"all of twenty", [](auto& r) { r.tasks = {5, 0, 0, 0, 0, 0, 0, 20, 0}; }, Trouble::failing,
       "100 % of 20 finished tasks failed"},
      {"failed, finished, and still for an hour",
       [](auto& r) {
         r.tasks = {0, 0, 0, 0, 0, 0, 0, 40, 0};
         r.finished = r.last_change = kNow - 1h;
       },
       Trouble::none, ""},
      {"still for half an hour", [](auto& r) { r.last_change = kNow - 30min; }, Trouble::none, ""},
      {"still for longer", [](auto& r) { r.last_change = kNow - 125min; }, Trouble::stalled,
       "nothing changed for 2 h 5 min, and 52 tasks are not finished"},
      {"one task left",
       [](auto& r) {
         r.tasks = {0, 0, 0, 0, 0, 30, 0, 0, 1};
         r.last_change = kNow - 31min;
       },
       Trouble::stalled, "nothing changed for 31 min, and 1 task is not finished"},
      {"its tasks ended, and not the run",
       [](auto& r) {
         r.tasks = {0, 0, 0, 0, 0, 30, 0, 0, 0};
         r.last_change = kNow - 31min;
       },
       Trouble::stalled, "nothing changed for 31 min, and its tasks ended, but not the run"},
      {"still, on hold, with a call under way",
       [](auto& r) {
         r.last_change = kNow - 5h;
         r.status = Status::hold;
         r.tasks = {7, 0, 1, 0, 0, 30, 0, 0, 0};
       },
       Trouble::stalled, "nothing changed for 5 h 0 min, and 8 tasks are not finished"},
      {"still, and scheduled",
       [](auto& r) {
         r.last_change = kNow - 5h;
         r.status = Status::scheduled;
         r.tasks = {50, 0, 0, 0, 0, 30, 0, 0, 0};
       },
       Trouble::none, ""},
      {"still, and all of it waits for its time",
       [](auto& r) {
         r.last_change = kNow - 5h;
         r.tasks = {0, 7, 0, 0, 3, 30, 0, 0, 0};
       },
       Trouble::none, ""},
      {"a task in progress for an hour", [](auto& r) { r.oldest[task::index(Status::in_progress)] = kNow - 1h; },
       Trouble::none, ""},
      {"for longer", [](auto& r) { r.oldest[task::index(Status::in_progress)] = kNow - 50h; }, Trouble::old_task,
       "a task is in progress for 2 d 2 h"},
      {"one that is pending for long", [](auto& r) { r.oldest[task::index(Status::pending)] = kNow - 9h; },
       Trouble::none, ""},
      {"two polls failed",
       [](auto& r) {
         r.failed_polls = 2;
         r.failing_since = kNow - 1min;
         r.last_error = view::PollError{PollReason::timeout, "no answer", kNow};
       },
       Trouble::none, ""},
      {"three polls failed",
       [](auto& r) {
         r.failed_polls = 3;
         r.failing_since = kNow - 1min;
         r.last_error = view::PollError{PollReason::timeout, "no answer", kNow};
       },
       Trouble::poll_failing, "its polls fail (3 in a row, timeout: no answer)"},
      {"one poll was refused",
       [](auto& r) {
         r.failed_polls = 1;
         r.failing_since = kNow - 1min;
         r.last_error = view::PollError{PollReason::forbidden, "no right", kNow};
       },
       Trouble::poll_failing, "its polls fail (1 in a row, forbidden: no right)"},
      {"polls failed, and do no more",
       [](auto& r) {
         r.last_error = view::PollError{PollReason::timeout, "no answer", kNow};
         r.recovered = kNow;
       },
       Trouble::none, ""},
      {"unseen, it is not said to stand still",
       [](auto& r) {
         r.last_change = kNow - 5h;
         r.failed_polls = 9;
         r.failing_since = kNow - 1min;
         r.last_error = view::PollError{PollReason::connect, "nobody there", kNow};
       },
       Trouble::poll_failing, "its polls fail (9 in a row, connect: nobody there)"},
      {"several at once, the gravest first",
       [](auto& r) {
         tasks(r, Status::failed) = 30;
         r.last_change = kNow - 31min;
       },
       Trouble::failing, "50 % of 60 finished tasks failed; nothing changed for 31 min, and 52 tasks are not finished"},
      {"of an id that the platform does not know",
       [](auto& r) {
         r.polled = true;
         r.unknown = true;
         r.tasks = {};
       },
       Trouble::no_such_run, "unknown to the platform: correct its id in `runs` of the configuration, or take it out"},
      {"never read",
       [](auto& r) {
         r.polled = false;
         r.last_change = task::kNoTime;
         r.tasks = {};
       },
       Trouble::none, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto verdict = view::judge({}, with(c.change), {}, kInstant);
    CHECK(view::name(verdict.trouble) == view::name(c.trouble));
    CHECK(verdict.why == c.why);
    CHECK((verdict.score >= 1) == (c.trouble != Trouble::none));
  }
}

TEST_CASE("an open incident is trouble of its kind, and single failed tasks, silenced ones and what is over are none") {
  using rule::When;
  const struct {
    When when;
    Trouble trouble;
  } cases[] = {{When::failure_ratio, Trouble::failing}, {When::call_outcome, Trouble::failing},
               {When::run_stalled, Trouble::stalled},   {When::task_stuck, Trouble::old_task},
               {When::run_cost, Trouble::alert},        {When::task_failed, Trouble::none}};
  for (const auto& c : cases) {
    CAPTURE(rule::name(c.when));
    auto line = incident(c.when);
    const auto verdict = view::judge({}, healthy(), {&line}, kInstant);
    CHECK(view::name(verdict.trouble) == view::name(c.trouble));
    CHECK(verdict.why == (c.trouble == Trouble::none ? "" : "alert mine: it is so"));
    line.silenced_until = kNow + 1h;
    CHECK(view::judge({}, healthy(), {&line}, kInstant).trouble == Trouble::none);
    line.silenced_until = task::kNoTime;
    line.phase = rule::Phase::gathering;
    CHECK(view::judge({}, healthy(), {&line}, kInstant).trouble == Trouble::none);
  }
}

TEST_CASE("what a run shows of itself is not said again by its incident") {
  auto line = incident(rule::When::failure_ratio);
  CHECK(view::judge({}, failing(), {&line}, kInstant).why == "50 % of 60 finished tasks failed, mostly by provider");
}

TEST_CASE("each reason of a failed poll is told in words") {
  for (const auto reason : view::kPollReasonNames) {
    CAPTURE(reason);
    const auto text = rule::poll_trouble(reason);
    CHECK((reason == "other" || text.ends_with(")")));
    CHECK(text.find('_') == std::string::npos);
  }
  CHECK(rule::poll_trouble("auth") == "the platform refuses the API token (auth)");
}

TEST_CASE("a clock that was set makes no run rest, nor a task old") {
  for (const core::Duration by : {core::Duration(8h), core::Duration(-8h)}) {
    Stage stage;
    stage.runs = {with([](auto& r) {
      r.last_change = kNow - 2min;
      r.oldest[task::index(Status::in_progress)] = kNow - 5min;
    })};
    auto snapshot = stage.snapshot();
    snapshot.clock = {-by, {{kNow - 1h, 0h}, {kNow - 1min, -by}}};  // a minute ago
    CHECK(view::judge(snapshot, kNow + by).headline == "none of 1 run in trouble; the platform answers");
    CHECK(view::judge(snapshot, kNow + by + 29min).runs[0].why ==
          "nothing changed for 31 min, and 52 tasks are not finished");
  }
}

TEST_CASE("of runs that cannot be read the one that fails for longest is worst, however lately it was asked") {
  const auto score = [](core::Duration since, core::Duration asked) {
    const auto run = with([&](auto& r) {
      r.failed_polls = 3;
      r.failing_since = kNow - since;
      r.last_error = view::PollError{PollReason::connect, "nobody there", kNow - asked};
    });
    return view::judge({}, run, {}, kInstant).score;
  };
  CHECK(score(9h, 1min) > score(2h, 1h));
}

TEST_CASE("what failed mostly by something did so by more than half") {
  auto run = failing();
  run.failures = {15, 0, 0, 0, 16, 0, 0, 0};
  CHECK(view::judge({}, run, {}, kInstant).why.ends_with("failed, mostly by provider"));
  run.failures = {15, 0, 0, 0, 15, 0, 0, 0};
  CHECK(view::judge({}, run, {}, kInstant).why.ends_with("finished tasks failed"));
}

TEST_CASE("a run is alerted by an incident that is not silenced, and comes before those that do well") {
  auto line = incident(rule::When::task_failed);
  const auto alerted = view::judge({}, healthy(), {&line}, kInstant);
  CHECK(alerted.alerted());
  CHECK(alerted.score < 1);
  CHECK(alerted.score > view::judge({}, healthy(), {}, kInstant).score);
  line.silenced_until = kNow + 1h;
  CHECK_FALSE(view::judge({}, healthy(), {&line}, kInstant).alerted());
  CHECK_FALSE(view::judge({}, healthy(), {}, kInstant).alerted());
}

TEST_CASE("runs are sorted by what is wrong with them and how much, then by what they do") {
  Stage stage;
  const auto add = [&](const std::string& id, const std::function<void(RunSnapshot&)>& change) {
    stage.runs.push_back(with(change));
    stage.runs.back().run_id = id;
  };
  add("finished", [](auto& r) {
    r.tasks = {0, 0, 0, 0, 0, 9, 0, 0, 0};
    r.finished = kNow - 1h;
  });
  add("well", [](auto&) {});
  add("unread", [](auto& r) { r.polled = false; });
  add("old task", [](auto& r) { r.oldest[task::index(Status::processing)] = kNow - 2h; });
  add("refused", [](auto& r) {
    r.failed_polls = 1;
    r.failing_since = kNow - 1min;
    r.last_error = view::PollError{PollReason::auth, "no", kNow};
  });
  add("still for long", [](auto& r) { r.last_change = kNow - 10h; });
  add("still", [](auto& r) { r.last_change = kNow - 1h; });
  add("half failed", [](auto& r) { r.tasks = {1, 0, 0, 0, 0, 20, 0, 20, 0}; });
  add("all failed", [](auto& r) { r.tasks = {1, 0, 0, 0, 0, 0, 0, 20, 0}; });
  add("some failed", [](auto& r) { r.tasks = {1, 0, 0, 0, 0, 50, 0, 20, 0}; });
  std::vector<std::string> order;
  const auto snapshot = stage.snapshot();
  const auto overview = view::judge(snapshot, kNow);
  for (const auto& verdict : overview.runs) order.push_back(verdict.run->run_id);
  const std::vector<std::string> expected{"all failed", "half failed", "still for long", "still",  "refused",
                                          "old task",   "some failed", "well",           "unread", "finished"};
  CHECK(order == expected);
}

TEST_CASE("the headline says how many are in trouble, whether the platform answers, and whether anybody knows") {
  const auto still = with([](auto& r) {
    r.run_id = "Rstill";
    r.last_change = kNow - 1h;
  });
  const struct {
    const char* headline;
    view::Level level;
    std::function<void(Stage&)> stage;
  } cases[] = {
      {"none of 1 run in trouble; the platform answers", view::Level::good, [](Stage& s) { s.runs = {healthy()}; }},
      {"no run is watched; the platform answers", view::Level::good, [](Stage&) {}},
      {"1 of 2 runs in trouble; the platform answers; nobody was told yet", view::Level::bad,
       [](Stage& s) { s.runs = {healthy(), failing()}; }},
      {"1 of 1 run in trouble; the platform answers; somebody was told", view::Level::bad,
       [](Stage& s) {
         s.runs = {failing()};
         s.alerts.incidents = {incident(rule::When::task_failed)};
         s.alerts.incidents[0].told = kNow;
       }},
      {"2 of 2 runs in trouble; the platform answers; somebody was told of 1 of the 2", view::Level::bad,
       [&](Stage& s) {
         s.runs = {failing(), still};
         s.alerts.incidents = {incident(rule::When::task_failed)};
         s.alerts.incidents[0].shown_to = {"alertmanager"};
       }},
      {"1 of 1 run in trouble; the platform answers; nobody is told, for there is no receiver", view::Level::bad,
       [](Stage& s) {
         s.runs = {failing()};
         s.alerts.receivers.clear();
       }},
      {"none of 1 run in trouble; the platform answers; 2 incidents open, 1 of them told", view::Level::warning,
       [&](Stage& s) {
         s.runs = {healthy()};
         s.alerts.incidents.assign(3, incident(rule::When::task_failed));
         s.alerts.incidents[0].told = kNow;
         s.alerts.incidents[1].phase = rule::Phase::gathering;
         s.alerts.incidents[2].notice.run_id.clear();
       }},
      {"none of 1 run in trouble; the platform answers; nobody is told, for there is no receiver; 1 incident open",
       view::Level::warning,
       [&](Stage& s) {
         s.runs = {healthy()};
         s.alerts.incidents = {incident(rule::When::task_failed)};
         s.alerts.receivers.clear();
       }},
      {"none of 1 run in trouble; the platform answers; 1 incident silenced", view::Level::good,
       [&](Stage& s) {
         s.runs = {healthy()};
         s.alerts.incidents.assign(2, incident(rule::When::task_failed));
         s.alerts.incidents[0].phase = rule::Phase::over;
         s.alerts.incidents[1].silenced_until = kNow + 1h;
       }},
      {"none of 1 run in trouble; the platform answers; a silence holds all notices", view::Level::good,
       [&](Stage& s) {
         s.runs = {healthy()};
         s.alerts.silences.assign(2, {});
         s.alerts.silences[0].rule = "mine";
       }},
      {"1 of 1 run in trouble; the platform answers; nobody was told, as silences ask; 1 incident silenced",
       view::Level::bad,
       [&](Stage& s) {
         s.runs = {failing()};
         s.alerts.incidents = {incident(rule::When::failure_ratio)};
         s.alerts.incidents[0].silenced_until = kNow + 1h;
       }},
      {"2 of 2 runs in trouble; the platform answers; no rule tells of unknown runs", view::Level::bad,
       [](Stage& s) { s.runs.assign(2, with([](auto& r) { r.unknown = true; })); }},
      {"2 of 2 runs in trouble; the platform answers", view::Level::bad,
       [](Stage& s) {
         s.runs = {failing(), with([](auto& r) { r.unknown = true; })};
         s.alerts = {};
         s.alerts.delivers = false;
       }},
      {"1 of 1 run in trouble; the platform answers; somebody was told; 1 more incident open, told", view::Level::bad,
       [&](Stage& s) {
         s.runs = {failing()};
         s.alerts.incidents.assign(2, incident(rule::When::task_failed));
         s.alerts.incidents[0].told = s.alerts.incidents[1].told = kNow;
         s.alerts.incidents[1].notice.run_id = "Rother";
       }},
      {"1 of 1 run in trouble; 1 of 1 space cannot be read in full: sales (business error); no rule tells of "
       "unknown runs",
       view::Level::bad,
       [](Stage& s) {
         s.runs = {with([](auto& r) { r.unknown = true; })};
         s.space = [](auto& space) { space.last_error = view::PollError{PollReason::business_error, "no", kNow}; };
       }},
      {"1 of 1 run in trouble; the platform answers; nobody was reached yet; 1 more incident open, nobody reached yet; "
       "notices do not reach ops",
       view::Level::bad,
       [&](Stage& s) {
         s.runs = {failing()};
         s.alerts.incidents.assign(2, incident(rule::When::task_failed));
         for (auto& line : s.alerts.incidents) line.told = kNow, line.notice.receivers = {"ops"};
         s.alerts.incidents[1].notice.run_id = "Rother";
         s.alerts.receivers[0].failing_since = s.alerts.receivers[0].oldest = kNow - 1min;
         s.alerts.receivers[0].pending = 2;
       }},
      {"1 of 1 run in trouble; the platform answers; somebody was told; notices do not reach ops", view::Level::bad,
       [&](Stage& s) {
         s.runs = {failing()};
         s.alerts.incidents = {incident(rule::When::failure_ratio)};
         s.alerts.incidents[0].told = kNow - 5min;
         s.alerts.incidents[0].notice.receivers = {"ops"};
         s.alerts.receivers[0].failing_since = s.alerts.receivers[0].oldest = kNow - 1min;
         s.alerts.receivers[0].pending = 2;
       }},
      {"none of 1 run in trouble; the database cannot be written: what is new is neither counted nor told",
       view::Level::bad,
       [&](Stage& s) {
         s.runs = {healthy()};
         s.space = [](auto& space) { space.last_error = view::PollError{PollReason::store, "full", kNow}; };
       }},
      {"none of 1 run in trouble; the platform answers; notices do not reach ops", view::Level::bad,
       [](Stage& s) {
         s.runs = {healthy()};
         s.alerts.receivers[0].failing_since = kNow;
       }},
      {"none of 1 run in trouble; 1 of 1 space cannot be read in full: sales (auth)", view::Level::bad,
       [](Stage& s) {
         s.runs = {healthy()};
         s.space = [](auto& space) {
           space.up = false;
           space.last_error = view::PollError{PollReason::auth, "no", kNow};
         };
       }},
      {"none of 1 run in trouble; not all of it was read yet", view::Level::unknown,
       [](Stage& s) {
         s.runs = {healthy()};
         s.space = [](auto& space) { space.up.reset(); };
       }},
  };
  for (const auto& c : cases) {
    Stage stage;
    stage.alerts.receivers = {receiver()};
    c.stage(stage);
    const auto overview = view::judge(stage.snapshot(), kNow);
    CHECK(overview.headline == c.headline);
    CHECK(view::name(overview.level) == view::name(c.level));
    CHECK(overview.watched == stage.runs.size());
  }
}

TEST_CASE("who knows of a run that cannot be read is who knows of its space, or of the account") {
  const auto unread = [](const std::string& space, rule::When when, rule::Phase phase) {
    auto line = incident(when);
    line.notice.space = space;
    line.notice.run_id.clear();
    line.phase = phase;
    return line;
  };
  using enum rule::When;
  using enum rule::Phase;
  Stage stage;
  stage.alerts.receivers = {receiver()};
  stage.runs = {with([](auto& r) {
    r.failed_polls = 9;
    r.failing_since = kNow - 1min;
    r.last_error = view::PollError{PollReason::connect, "nobody there", kNow};
  })};
  stage.alerts.incidents = {unread("other", poll_failing, open), unread("sales", poll_failing, over),
                            unread("sales", unknown_status, open)};
  const auto snapshot = [&] { return stage.snapshot(); };
  const auto none = snapshot();
  CHECK(view::verdicts(none, kNow).at(0).incidents.empty());
  for (const auto* space : {"sales", ""}) {
    stage.alerts.incidents[0] = unread(space, poll_failing, open);
    const auto one = snapshot();
    CHECK(view::verdicts(one, kNow).at(0).incidents.size() == 1);
    CHECK(view::judge(one, kNow).headline ==
          "1 of 1 run in trouble; the platform answers; nobody was told yet; 1 more incident open, not told yet");
  }
  stage.runs[0].failed_polls = 0;
  const auto well = snapshot();
  CHECK(view::verdicts(well, kNow).at(0).incidents.empty());
}

TEST_CASE("an incident of a receiver that notices do not reach is not said twice") {
  Stage stage;
  stage.runs = {healthy()};
  stage.alerts.receivers = {receiver()};
  stage.alerts.receivers[0].failing_since = kNow;
  stage.alerts.incidents = {incident(rule::When::delivery_failing)};
  const auto overview = view::judge(stage.snapshot(), kNow);
  CHECK(overview.headline == "none of 1 run in trouble; the platform answers; notices do not reach ops");
  CHECK(overview.incidents == 1);
}

TEST_CASE("of spaces that cannot be read one is named, and the others are counted") {
  for (const auto& [count, expected] : {std::pair(2, "2 of 2 spaces cannot be read in full: sales and 1 other"),
                                        {3, "3 of 3 spaces cannot be read in full: sales and 2 others"}}) {
    Stage stage;
    stage.space = [](auto& space) { space.up = false; };
    auto snapshot = stage.snapshot();
    snapshot.spaces.resize(static_cast<std::size_t>(count), snapshot.spaces.front());
    CHECK(view::judge(snapshot, kNow).headline == std::string("no run is watched; ") + expected);
  }
}

TEST_CASE("a pause and a list of spaces that cannot be read stand in the headline") {
  Stage stage;
  stage.runs = {healthy()};
  auto snapshot = stage.snapshot();
  snapshot.organization = view::OrganizationSnapshot{.up = false, .last_error = {}};
  CHECK(view::judge(snapshot, kNow).headline == "none of 1 run in trouble; the list of spaces cannot be read");
  snapshot.pause = view::Pause{kNow + 1min, "the platform asked for it"};
  CHECK(view::judge(snapshot, kNow).headline == "none of 1 run in trouble; all polls pause: the platform asked for it");
}

TEST_CASE("the pace is that of the last hour, and the end follows from it") {
  const auto counts = [](std::uint64_t pending, std::uint64_t completed) {
    return task::StatusCounts{pending, 0, 0, 0, 0, completed, 0, 0, 0};
  };
  auto run = healthy();
  run.tasks = counts(60, 140);
  const auto points = [&](std::vector<view::HistoryPoint> made) {
    run.history = std::make_shared<const std::vector<view::HistoryPoint>>(std::move(made));
  };
  CHECK_FALSE(view::progress(run, kNow).per_hour.has_value());  // nothing is known of before
  points({{kNow - 30s, counts(100, 100)}});
  CHECK_FALSE(view::progress(run, kNow).per_hour.has_value());  // too short to say
  points({{kNow - 3h, counts(200, 0)}, {kNow - 2h, counts(180, 20)}, {kNow - 30min, counts(80, 120)}});
  CHECK(view::progress(run, kNow).per_hour.value() == doctest::Approx(60));  // 120 in two hours
  CHECK(view::progress(run, kNow).end == kNow + 1h);
  points({{kNow - 10min, counts(80, 120)}});
  CHECK(view::progress(run, kNow).per_hour.value() == doctest::Approx(120));
  CHECK(view::progress(run, kNow).end == kNow + 30min);
  run.batch_count = 260;  // sixty are still to be made
  CHECK(view::progress(run, kNow).end == kNow + 1h);
  points({{kNow - 10min, counts(60, 140)}});
  CHECK(view::progress(run, kNow).per_hour.value() == 0);
  CHECK(view::progress(run, kNow).end == task::kNoTime);
  run.finished = kNow;
  CHECK_FALSE(view::progress(run, kNow).per_hour.has_value());
}

TEST_CASE("the verdict on one run is the one that all have, with its own incidents") {
  Stage stage;
  stage.runs = {failing()};
  stage.alerts.incidents = {incident(rule::When::failure_ratio), incident(rule::When::failure_ratio),
                            incident(rule::When::run_cost)};
  stage.alerts.incidents[0].told = kNow - 1min;
  stage.alerts.incidents[1].notice.space = "help";
  stage.alerts.incidents[2].phase = rule::Phase::over;
  const auto snapshot = stage.snapshot();
  const auto id = stage.runs[0].run_id;
  CHECK_FALSE(view::judge_run(snapshot, "sales", "Rother", kNow).has_value());
  CHECK_FALSE(view::judge_run(snapshot, "help", id, kNow).has_value());
  for (const auto* space : {"", "sales"}) {
    const auto one = view::judge_run(snapshot, space, id, kNow);
    const auto all = view::judge(snapshot, kNow);
    REQUIRE(one.has_value());
    CHECK(one->why == all.runs.at(0).why);
    CHECK(one->score == all.runs.at(0).score);
    CHECK(one->told == kNow - 1min);
    CHECK(one->incidents.size() == 1);
  }
}
