// The pure steps: no store, no thread, no socket.
#include "watch/step.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace runwatch;
using namespace runwatch::watch;
using namespace std::chrono_literals;
using task::Status;

namespace {

const Moment kNow{core::WallTime(std::chrono::seconds(1'770'000'000)), core::SteadyTime(100h)};

struct Scene {
  Scene() {
    space.record.number = 1;
    space.settings.token = core::Secret("TOKEN");
    space.selection = Selection(space.settings);
    space.list_began = kNow.steady;
    Run run;
    run.record.number = 7;
    run.record.row.run_id = "a";
    run.record.polled = true;
    run.record.listed = true;
    run.attempts.tried = true;
    space.put_run(std::move(run));
    space.sort_order();
  }

  RunState& run() { return space.runs.at(7); }
  Context context(core::Duration later = 0s) const { return {settings, {kNow.wall + later, kNow.steady + later}, 0.5}; }
  Step walk(const std::vector<Status>& statuses, core::Duration later = 0s) {
    unpod::TaskWalk walk;
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      walk.run.tasks.emplace_back().key = task::make_task_key("task " + std::to_string(i));
      walk.run.tasks.back().status = statuses[i];
    }
    Fetched fetched;
    fetched.began = {kNow.wall + later, kNow.steady + later};
    fetched.due = kNow.steady + later;
    return after_walk(space, run(), std::move(walk), fetched, context(later));
  }
  // As the ledger does once a step is committed.
  Step take(Step step) {
    if (step.run != 0) space.runs.at(step.run).known.apply(step.tasks);
    for (const auto& after : step.runs) space.put_run(after);
    return step;
  }

  SpaceState space;
  Settings settings;
};

}  // namespace

TEST_CASE("a walk says what to commit, what is known after and what to ask next, and changes nothing itself") {
  Scene scene;
  const auto before = scene.run().record;
  const auto step = scene.walk({Status::pending, Status::failed});
  CHECK(scene.run().record == before);
  CHECK(scene.run().known.size() == 0);
  CHECK(step.tasks.size() == 2);
  CHECK(step.changes.size() == 2);
  REQUIRE(step.runs.size() == 1);
  CHECK(step.runs[0].record.tasks[task::index(Status::failed)] == 1);
  CHECK(step.runs[0].attempts.last_success == kNow.wall);
  REQUIRE(step.next.size() == 1);
  CHECK(step.next[0].due == kNow.steady + 30s);
}

TEST_CASE("what a call tells late moves no clock of the run") {
  Scene scene;
  scene.take(scene.walk({Status::completed}));
  unpod::TaskWalk late;
  auto& told = late.run.tasks.emplace_back();
  told.key = task::make_task_key("task 0");
  told.status = Status::completed;
  told.call = 5;
  told.execution = task::ExecutionType::call;
  const auto step = after_walk(scene.space, scene.run(), std::move(late), {}, scene.context(1min));
  REQUIRE(step.changes.size() == 1);
  CHECK(step.changes[0].kind == task::ChangeKind::late);
  CHECK(step.runs[0].record.last_change == kNow.wall);
  CHECK(step.runs[0].quiet_since == kNow.steady);
}

TEST_CASE("a finished run retires by a walk and a list that both began after its last change") {
  Scene scene;
  scene.settings.retire_after = 1min;
  scene.take(scene.walk({Status::completed}));
  const auto retires = [&](core::Duration later) {
    return scene.walk({Status::completed}, later).runs[0].record.retired;
  };
  CHECK_FALSE(retires(59s));
  CHECK(retires(1min));
  scene.space.list_began = kNow.steady - 1s;
  CHECK_FALSE(retires(1h));
  scene.space.list_began = core::SteadyTime::min();  // no list was complete in this process
  CHECK_FALSE(retires(24h * 365));
}

TEST_CASE("a failed poll keeps everything but its attempts, and is asked again") {
  Scene scene;
  const auto step =
      after_failure(scene.space, &scene.run(), {view::PollReason::timeout, "no answer", kNow.wall}, scene.context());
  REQUIRE(step.runs.size() == 1);
  CHECK(step.runs[0].record == scene.run().record);
  CHECK(step.runs[0].attempts.failures == 1);
  CHECK(step.tasks.empty());
  CHECK_FALSE(step.space.has_value());
  CHECK(step.next.size() == 1);
}

TEST_CASE("only a run that lists and its own polls lack thrice is lost, and a failure between starts the tally anew") {
  struct Case {
    int missed_lists;
    std::vector<view::PollReason> polls;
    bool lost;
  };
  using enum view::PollReason;
  const Case cases[] = {
      {3, {not_found, not_found, not_found}, true},
      {2, {not_found, not_found, not_found}, false},
      {9, {not_found, not_found}, false},
      {3, {not_found, not_found, timeout, not_found}, false},
      {3, {not_found, not_found, view::PollReason::store, not_found}, true},
      {3, {forbidden, forbidden, forbidden, forbidden}, false},
  };
  for (const auto& [missed_lists, polls, lost] : cases) {
    Scene scene;
    scene.take(scene.walk({Status::pending}));
    scene.run().missed_lists = missed_lists;
    Step step;
    for (const auto reason : polls) {
      step = scene.take(after_failure(scene.space, &scene.run(), {reason, "", kNow.wall}, scene.context()));
    }
    CHECK(scene.run().record.retired == lost);
    CHECK(step.changes.size() == (lost ? 1 : 0));
    CHECK(step.next.empty() == lost);
  }
}

TEST_CASE("settings that put a run away retire it, and settings that want it again read back what is stored") {
  Scene scene;
  SpaceSettings other = scene.space.settings;
  other.run_ids = {"b"};
  const auto away = under_settings(scene.space, other, false, 20, scene.context());
  REQUIRE(away.runs.size() == 2);
  CHECK(away.runs[0].record.retired);
  CHECK(away.runs[1].record.number == 20);
  CHECK(away.runs[1].record.baseline);
  scene.take(away);
  static_cast<Space&>(scene.space) = *away.space;
  SpaceSettings both = other;
  both.run_ids = {"a", "b"};
  const auto back = under_settings(scene.space, both, false, 21, scene.context());
  CHECK(back.recalled == std::vector<std::int64_t>{7});
  CHECK(std::ranges::count(back.next, JobKind::poll, &Ask::kind) == 1);
  CHECK(std::ranges::count(back.next, JobKind::discovery, &Ask::kind) == 1);
}

TEST_CASE("settings that say the same ask for nothing") {
  Scene scene;
  const auto step = under_settings(scene.space, scene.space.settings, false, 20, scene.context());
  CHECK(step.next.empty());
  CHECK(step.recalled.empty());
}

TEST_CASE("the clock forgets what is retired for longer than the retention, as both clocks have it") {
  Scene scene;
  scene.run().record.retired = true;
  scene.run().record.retired_at = kNow.wall;
  scene.run().record.row.created = kNow.wall - 240h;
  scene.run().retired_since = kNow.steady;
  CHECK(after_tick(scene.space, scene.context(24h * 30)).forgotten.empty());
  CHECK(after_tick(scene.space, scene.context(24h * 31)).forgotten == std::vector<std::int64_t>{7});
  const Moment leap{kNow.wall + 24h * 31, kNow.steady + 3s};
  CHECK(after_tick(scene.space, {scene.settings, leap}).forgotten.empty());
  scene.run().record.row.created = kNow.wall + 24h * 30;  // it would be entered anew
  CHECK(after_tick(scene.space, scene.context(24h * 31)).forgotten.empty());
}
