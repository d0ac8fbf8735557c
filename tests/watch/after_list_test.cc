#include <doctest/doctest.h>

#include <algorithm>

#include "watch/step.h"

using namespace runwatch;
using namespace std::chrono_literals;
using task::Status;
using watch::Run;
using watch::Step;

namespace {

const core::WallTime kNow{std::chrono::seconds(1'770'000'000)};
const core::SteadyTime kSteady{std::chrono::hours(100)};

task::ObservedRunRow row(const std::string& id, core::WallTime created, Status status = Status::in_progress) {
  task::ObservedRunRow r;
  r.run_id = id;
  r.created = created;
  r.status = status;
  r.status_given = true;
  return r;
}

watch::SpaceState space_with(watch::SpaceSettings settings) {
  watch::SpaceState space;
  space.record.number = 1;
  space.settings = settings;
  space.selection = watch::Selection(settings);
  return space;
}

Step list(const watch::SpaceState& space, std::vector<task::ObservedRunRow> rows) {
  watch::Discovered found;
  found.list.rows = std::move(rows);
  watch::Fetched fetched;
  fetched.began = {kNow, kSteady};
  const watch::Settings settings;
  return after_list(space, std::move(found), fetched, 10, {settings, {kNow + 1s, kSteady + 1s}, 0.5});
}

// Takes over what a list changed, as the ledger does.
void take_over(watch::SpaceState& space, const Step& step) {
  static_cast<watch::Space&>(space) = *step.space;
  for (const auto& run : step.runs) space.put_run(run);
  space.sort_order();
}

}  // namespace

TEST_CASE("runs created before the first discovery are baseline, one created during it is not") {
  const auto changes = list(space_with({}), {row("new", kNow + 500ms), row("old", kNow - 1h)});
  REQUIRE(changes.runs.size() == 2);
  CHECK_FALSE(changes.runs[0].record.baseline);
  CHECK(changes.runs[1].record.baseline);
  CHECK(changes.runs[0].record.number == 10);
  CHECK(changes.runs[1].record.number == 11);
  CHECK(changes.space->record.first_discovery == kNow);
}

TEST_CASE("a run that appears after the first discovery is news") {
  auto space = space_with({});
  take_over(space, list(space, {}));
  space.record.first_discovery = kNow - 1h;
  const auto changes = list(space, {row("later", kNow - 1min)});
  REQUIRE(changes.runs.size() == 1);
  CHECK_FALSE(changes.runs[0].record.baseline);
}

TEST_CASE("a run that only a change of the configuration brought in is baseline, one that both select is news") {
  watch::SpaceSettings narrow;
  narrow.modes = {task::RunMode::prod};
  auto space = space_with(narrow);
  take_over(space, list(space, {}));
  space.record.first_discovery = kNow - 1h;
  space.selection = watch::Selection(watch::SpaceSettings{});
  auto test_run = row("t", kNow - 1min);
  test_run.mode = task::RunMode::test;
  auto prod_run = row("p", kNow - 1min);
  prod_run.mode = task::RunMode::prod;
  const auto changes = list(space, {test_run, prod_run});
  REQUIRE(changes.runs.size() == 2);
  CHECK(changes.runs[0].record.baseline);
  CHECK_FALSE(changes.runs[1].record.baseline);
}

TEST_CASE("a retired run is watched again when its row says something new, and only then") {
  auto space = space_with({});
  take_over(space, list(space, {row("r", kNow - 1h, Status::completed)}));
  auto& run = space.runs.begin()->second.record;
  run.retired = true;
  run.finished = kNow;
  run.polled = true;
  run.tasks[task::index(Status::completed)] = 1;
  CHECK(list(space, {row("r", kNow - 1h, Status::completed)}).recalled.empty());
  auto modified = row("r", kNow - 1h, Status::completed);
  modified.modified = kNow;
  CHECK(list(space, {modified}).recalled.size() == 1);
  CHECK(list(space, {row("r", kNow - 1h, Status::in_progress)}).recalled.size() == 1);
  auto larger = row("r", kNow - 1h, Status::completed);
  larger.batch_count = 5;
  CHECK(list(space, {larger}).recalled.size() == 1);
}

TEST_CASE("a watched run that fell out of the limits stays watched, and what fits no limit is counted") {
  watch::SpaceSettings one;
  one.max_runs = 1;
  auto space = space_with(one);
  take_over(space, list(space, {row("a", kNow - 2h)}));
  const auto changes = list(space, {row("c", kNow), row("b", kNow - 1h), row("a", kNow - 2h)});
  CHECK(changes.runs.size() == 1);
  CHECK(changes.space->not_watched == 1);
  CHECK((*changes.space->listed)[task::index(Status::in_progress)] == 3);
}

TEST_CASE("a named run that the list lacks is unknown once it was tried and has no task") {
  watch::SpaceSettings named;
  named.run_ids = {"a", "typo"};
  auto space = space_with(named);
  for (const auto* id : {"a", "typo"}) {
    Run run;
    run.record.number = id == std::string("a") ? 1 : 2;
    run.record.row.run_id = id;
    space.put_run(run);
  }
  space.sort_order();
  const auto is_unknown = [&] {
    const auto step = list(space, {row("a", kNow), row("x", kNow)});
    return std::ranges::any_of(step.runs,
                               [](const Run& run) { return run.record.row.run_id == "typo" && run.unknown; });
  };
  CHECK_FALSE(is_unknown());
  space.runs.at(2).attempts.succeed({kNow, kSteady});
  CHECK(is_unknown());
  space.runs.at(2).record.tasks[0] = 1;
  CHECK_FALSE(is_unknown());
}

TEST_CASE("a clock that was wrong at the first discovery makes neither old runs news nor new runs old") {
  const auto behind = list(space_with({}), {row("r", kNow + 24h)});
  CHECK(behind.runs[0].record.baseline);
  auto space = space_with({});
  take_over(space, list(space, {}));
  space.record.first_discovery = kNow + 24h * 365;
  const auto changes = list(space, {row("r", kNow)});
  CHECK(changes.space->record.first_discovery == kNow);
  CHECK_FALSE(changes.runs[0].record.baseline);
}

TEST_CASE("a run created in the very second of the first discovery is told apart by its id, else taken for new") {
  watch::SpaceSettings ever;
  ever.max_age = 24h * 1000;
  auto space = space_with(ever);
  take_over(space, list(space, {}));
  space.record.first_discovery = core::WallTime(std::chrono::milliseconds(1'764'525'112'500));
  const core::WallTime second(std::chrono::seconds(1'764'525'112));  // of 2025-11-30T17:51:52
  const std::string id = "R40fe5eface1511f082ac156368e7acc4";
  REQUIRE(std::chrono::floor<std::chrono::seconds>(task::time_of_id(id)) == second);
  const bool before = task::time_of_id(id) < space.record.first_discovery;
  const auto changes = list(space, {row(id, second), row("odd", second)});
  REQUIRE(changes.runs.size() == 2);
  CHECK(changes.runs[0].record.baseline == before);
  CHECK_FALSE(changes.runs[1].record.baseline);
}
