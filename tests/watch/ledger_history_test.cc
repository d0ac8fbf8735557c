#include <doctest/doctest.h>

#include <filesystem>

#include "watch/ledger_fixture.h"

using namespace runwatch;
using namespace runwatch::watch;
using namespace runwatch::watch::test;
using task::Status;

namespace {

using Tasks = std::vector<std::pair<int, Status>>;

struct Watched : Desk {
  Watched() {
    discover({row(kRunId, 1h)});
    poll(1, {{1, Status::pending}, {2, Status::pending}});
  }
  const view::RunSnapshot& run() { return *space().runs.at(0); }
  std::size_t points() { return run().history ? run().history->size() : 0; }
  void poll_later(core::Duration after, const Tasks& tasks) {
    clock.advance(after);
    poll(1, tasks);
  }
};

}  // namespace

TEST_CASE("the history of a run begins with its first complete poll, and goes on when counts change and time went by") {
  Watched desk;
  REQUIRE(desk.points() == 1);
  CHECK(desk.run().history->front().tasks == desk.run().tasks);
  desk.poll_later(2s, {{1, Status::completed}, {2, Status::pending}});
  CHECK(desk.points() == 1);  // too soon
  desk.poll_later(1h, {{1, Status::completed}, {2, Status::failed}});
  REQUIRE(desk.points() == 4);
  CHECK(desk.run().history->at(1).tasks[task::index(Status::completed)] == 1);
  CHECK(desk.run().history->at(1).tasks[task::index(Status::failed)] == 0);
  CHECK(desk.run().history->back().tasks == desk.run().tasks);
}

TEST_CASE("polls at rest add no point, write nothing and leave what is shown as it is") {
  Watched desk;
  const auto shown = desk.space().runs.at(0);
  const auto written = desk.store->wal_size();
  for (int n = 0; n < 20; ++n) desk.poll_later(1min, {{1, Status::pending}, {2, Status::pending}});
  CHECK(desk.space().runs.at(0) == shown);
  CHECK(desk.store->wal_size() == written);
}

TEST_CASE("history and reasons outlive a restart, a retirement and what comes after it") {
  Watched desk;
  desk.poll_later(1min, {{1, Status::completed}, {2, Status::failed}});
  const auto before = *desk.run().history;
  CHECK(before.size() == 3);
  const auto other = task::index(task::FailureReason::other);
  CHECK(desk.run().failures[other] == 1);
  desk.restart();
  CHECK(*desk.run().history == before);
  CHECK(desk.run().failures[other] == 1);
  // Finished and quiet for a day it is retired; then it goes on.
  auto finished = desk.row(kRunId, 1h, Status::completed);
  desk.discover({finished});
  for (int n = 0; n < 2; ++n) {
    desk.clock.advance(25h);
    desk.discover({finished});
    desk.poll(1, {{1, Status::completed}, {2, Status::failed}});
  }
  REQUIRE(desk.space().runs.empty());
  finished.status = Status::in_progress;
  desk.discover({finished});
  REQUIRE(desk.space().runs.size() == 1);
  CHECK(*desk.run().history == before);
  desk.poll_later(1min, {{1, Status::completed}, {2, Status::pending}});
  CHECK(desk.points() == 5);  // the rest has a point, too
  CHECK(desk.run().failures[other] == 1);
}

TEST_CASE("a run's newest error is kept with the time of its recovery, and those of all are listed, newest first") {
  Watched desk;
  CHECK(desk.exposition->snapshot()->failed_polls->empty());
  desk.fail(JobKind::poll, 1, view::PollReason::timeout);
  desk.fail(JobKind::poll, 1, view::PollReason::connect);
  CHECK(desk.run().failed_polls == 2);
  REQUIRE(desk.run().last_error.has_value());
  CHECK(desk.run().last_error->reason == view::PollReason::connect);
  CHECK(desk.run().recovered == task::kNoTime);
  desk.fail(JobKind::discovery, 0, view::PollReason::server_error);
  desk.poll(1, {{1, Status::pending}, {2, Status::pending}});
  CHECK(desk.run().failed_polls == 0);
  CHECK(desk.run().last_error->reason == view::PollReason::connect);
  CHECK(desk.run().recovered == desk.clock.wall_now());
  const auto lines = desk.exposition->snapshot()->failed_polls;
  REQUIRE(lines->size() == 2);
  CHECK(lines->at(0).run_id.empty());
  CHECK(lines->at(0).error.reason == view::PollReason::server_error);
  CHECK(lines->at(0).recovered == task::kNoTime);
  CHECK(lines->at(1).space == "sales");
  CHECK(lines->at(1).run_id == kRunId);
  CHECK(lines->at(1).times == 2);
  CHECK(lines->at(1).error.at - lines->at(1).since == 1s);
  CHECK(lines->at(1).recovered == desk.clock.wall_now());
}

TEST_CASE("no more than fifty failed polls are listed: the newest") {
  Watched desk;
  for (int n = 0; n < 60; ++n) {
    desk.fail(JobKind::poll, 1, view::PollReason::timeout);
    desk.poll(1, {{1, Status::pending}, {2, Status::pending}});
  }
  const auto lines = desk.exposition->snapshot()->failed_polls;
  CHECK(lines->size() == view::kMostFailedPolls);
  CHECK(desk.clock.wall_now() - lines->front().error.at == 1s);
}

TEST_CASE("a reload and a pause are shown with all else until there is another one") {
  Watched desk;
  desk.ledger->note_reload({.at = desk.clock.wall_now(), .accepted = false, .problem = "line 3: no such key"});
  desk.ledger->note_pause(view::Pause{desk.clock.wall_now() + 1min, "the platform asked for it"});
  CHECK(desk.ledger->has_news());
  desk.ledger->publish();
  const auto snapshot = desk.exposition->snapshot();
  REQUIRE(snapshot->reload.has_value());
  CHECK(snapshot->reload->problem == "line 3: no such key");
  REQUIRE(snapshot->pause.has_value());
  CHECK(snapshot->pause->why == "the platform asked for it");
  desk.ledger->note_pause(snapshot->pause);
  CHECK_FALSE(desk.ledger->has_news());
  desk.ledger->note_pause(std::nullopt);
  desk.ledger->publish();
  CHECK_FALSE(desk.exposition->snapshot()->pause.has_value());
}
