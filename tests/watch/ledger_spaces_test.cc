// The spaces of an organization, as its list has them, and the labels they carry.
#include <doctest/doctest.h>

#include "ledger_fixture.h"

using namespace runwatch;
using namespace runwatch::watch;
using namespace runwatch::watch::test;
using task::Status;
using view::PollReason;

TEST_CASE("spaces of the organization are entered once, and keep what is known over a restart") {
  Settings settings;
  Desk desk(settings);
  REQUIRE(desk.first_jobs.size() == 1);
  CHECK(desk.first_jobs[0].job.kind == JobKind::spaces);
  const auto list = [&] {
    auto f = desk.fetched(JobKind::spaces);
    f.outcome =
        std::vector<unpod::SpaceInfo>{{"Sales", "sales", core::Secret("A")}, {"Help", "help", core::Secret("B")}};
    return desk.apply(std::move(f));
  };
  CHECK(list().next.size() == 3);
  CHECK(list().next.size() == 1);
  CHECK(desk.space(0).name == "sales");
  CHECK(desk.space(1).name == "help");
}

TEST_CASE("without a list of the organization's spaces what is stored is shown, and its failure is theirs") {
  Desk desk(Settings{});
  const auto list = [&] {
    auto f = desk.fetched(JobKind::spaces);
    f.outcome = std::vector<unpod::SpaceInfo>{{"Sales", "sales", core::Secret("A")}};
    return desk.apply(std::move(f));
  };
  list();
  desk.discover({desk.row("a", 1h)});
  desk.poll(1, {{1, Status::pending}});
  desk.restart();
  CHECK(desk.space().name == "sales");
  CHECK(desk.tasks(Status::pending) == 1);
  CHECK(desk.first_jobs.size() == 1);
  desk.fail(JobKind::spaces, 0, PollReason::connect);
  CHECK(desk.space().up == false);
  CHECK(desk.exposes("runwatch_poll_failures_total{space=\"sales\",reason=\"connect\"} 1"));
  CHECK(list().next.size() == 3);
  desk.restart();
  auto gone = desk.fetched(JobKind::spaces);
  gone.outcome = std::vector<unpod::SpaceInfo>{};
  desk.apply(std::move(gone));
  CHECK(desk.exposition->snapshot()->spaces.empty());
  list();
  CHECK(desk.tasks(Status::pending) == 1);
}

TEST_CASE("a failing list of the organization's spaces is visible before any space is known") {
  Desk desk(Settings{});
  CHECK_FALSE(desk.exposes("runwatch_space_list_up 0"));
  desk.fail(JobKind::spaces, 0, PollReason::connect);
  CHECK(desk.exposes("runwatch_space_list_up 0"));
  auto f = desk.fetched(JobKind::spaces);
  f.outcome = std::vector<unpod::SpaceInfo>{};
  desk.apply(std::move(f));
  CHECK(desk.exposes("runwatch_space_list_up 1"));
  desk.restart(Desk::one_space());
  CHECK_FALSE(desk.exposes("runwatch_space_list_up 1"));
}

TEST_CASE("a space that three lists in a row lack is shown no more, until a list has it again") {
  Desk desk(Settings{});
  const auto list = [&](std::vector<unpod::SpaceInfo> spaces) {
    auto f = desk.fetched(JobKind::spaces);
    f.outcome = std::move(spaces);
    return desk.apply(std::move(f));
  };
  const unpod::SpaceInfo sales{"Sales", "sales", core::Secret("A")};
  const unpod::SpaceInfo help{"Help", "help", core::Secret("B")};
  list({sales, help});
  list({help});
  list({help});
  CHECK(desk.exposition->snapshot()->spaces.size() == 2);
  list({sales, help});
  for (int i = 0; i < 3; ++i) list({help});
  REQUIRE(desk.exposition->snapshot()->spaces.size() == 1);
  CHECK(desk.space().name == "help");
  CHECK_FALSE(desk.ledger->due_by(desk.fetched(JobKind::discovery).job));  // nothing of it is asked any more
  desk.fail(JobKind::discovery, 0, PollReason::business_error);            // of the hidden space, number 1
  CHECK_FALSE(desk.exposes("runwatch_polls_total{space=\"sales\"} 1"));
  CHECK(desk.space().up == std::nullopt);
  list({help, sales});
  REQUIRE(desk.exposition->snapshot()->spaces.size() == 2);
  CHECK(desk.space(1).name == "sales");
  CHECK(desk.exposes("runwatch_polls_total{space=\"sales\"} 0"));
}

TEST_CASE("a slug learnt late takes no other space's label, now or after a restart") {
  auto two = Desk::one_space();
  two.spaces[0].name.reset();
  two.spaces.push_back(two.spaces[0]);
  two.spaces[1].token = core::Secret("OTHER");
  Desk desk(two);
  const auto learn = [&](std::int64_t space) {
    auto f = desk.fetched(JobKind::discovery, 0, space);
    Discovered found;
    found.info = unpod::SpaceInfo{"Sales", "sales", core::Secret("unused")};
    f.outcome = std::move(found);
    desk.apply(std::move(f));
  };
  learn(2);
  CHECK(desk.space(1).name == "sales");
  learn(1);
  CHECK(desk.space(0).name == "sales-2");
  CHECK(desk.space(1).name == "sales");
  desk.restart();
  CHECK(desk.space(0).name == "sales-2");
  CHECK(desk.space(1).name == "sales");
}

TEST_CASE("a space with a key of format 1 is found by its token, keeps what it has, and gets the current key") {
  Settings organization;
  for (const Settings& settings : {Desk::one_space(), organization}) {
    Desk desk(settings);
    const core::SpaceKeys keys((core::Secret(kSpaceToken)));
    const auto list = [&] {
      if (!settings.spaces.empty()) return;
      auto f = desk.fetched(JobKind::spaces);
      f.outcome = std::vector<unpod::SpaceInfo>{{"Sales", "sales", core::Secret(kSpaceToken)}};
      desk.apply(std::move(f));
    };
    const auto key = [&] { return desk.store->load()->spaces.at(0).key; };
    list();
    desk.discover({desk.row("a", 1h)});
    desk.poll(1, {{1, Status::pending}});
    desk.poll(1, {{1, Status::failed}});
    CHECK(key() == keys.current);
    store::Batch old;
    old.spaces = desk.store->load()->spaces;
    old.spaces[0].key = keys.former;
    REQUIRE(desk.store->commit(old).has_value());
    for (int start = 0; start < 2; ++start) {
      desk.restart();
      if (start == 1) CHECK(key() == keys.current);
      list();
      CHECK(key() == keys.current);
      CHECK(desk.store->load()->spaces.size() == 1);
      CHECK(desk.failures() == 1);
      CHECK(desk.tasks(Status::failed) == 1);
    }
  }
}
