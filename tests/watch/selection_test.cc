#include "watch/selection.h"

#include <doctest/doctest.h>

using namespace runwatch;
using task::ObservedRunRow;
using task::RunMode;
using watch::Selection;
using watch::SpaceSettings;

namespace {

const core::WallTime kNow{std::chrono::seconds(1'770'000'000)};

ObservedRunRow row(const std::string& id, std::chrono::hours age, RunMode mode = RunMode::prod) {
  ObservedRunRow r;
  r.run_id = id;
  r.mode = mode;
  r.created = kNow - age;
  return r;
}

using Bools = std::vector<bool>;

}  // namespace

TEST_CASE("the newest runs of the right mode and age are selected, up to the limit") {
  SpaceSettings settings;
  settings.max_age = std::chrono::hours(48);
  settings.max_runs = 2;
  settings.modes = {RunMode::prod};
  const std::vector<ObservedRunRow> rows{
      row("a", std::chrono::hours(1)), row("b", std::chrono::hours(2), RunMode::test), row("c", std::chrono::hours(3)),
      row("d", std::chrono::hours(4)), row("e", std::chrono::hours(72))};
  CHECK(Selection(settings).select(rows, kNow) == Bools{true, false, true, false, false});
  CHECK(Selection(settings).fits(rows[3], kNow));
  CHECK_FALSE(Selection(settings).fits(rows[4], kNow));
}

TEST_CASE("named runs are selected whatever their age, mode and number") {
  SpaceSettings settings;
  settings.run_ids = {"old", "dev"};
  settings.modes = {RunMode::prod};
  settings.max_runs = 1;
  const std::vector<ObservedRunRow> rows{row("new", std::chrono::hours(0)),
                                         row("dev", std::chrono::hours(1), RunMode::dev),
                                         row("old", std::chrono::hours(9999))};
  CHECK(Selection(settings).select(rows, kNow) == Bools{false, true, true});
}

TEST_CASE("a run without a creation time is young enough") {
  ObservedRunRow undated;
  undated.run_id = "x";
  CHECK(Selection(SpaceSettings{}).fits(undated, kNow));
}

TEST_CASE("a selection reads back from its text, and a foreign text selects nothing") {
  SpaceSettings settings;
  settings.run_ids = {"a b", "c"};
  settings.modes = {RunMode::prod, RunMode::other};
  const auto text = Selection(settings).text();
  CHECK(Selection::parse(text).text() == text);
  CHECK(Selection::parse("v9 something else").select({row("a", std::chrono::hours(1))}, kNow) == Bools{false});
}
