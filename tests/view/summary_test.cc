#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "view/snapshot.h"

using namespace runwatch;
using view::PollReason;

namespace {

using Spaces = std::vector<std::shared_ptr<const view::SpaceSnapshot>>;

std::shared_ptr<view::SpaceSnapshot> space(std::string name, std::optional<bool> up, std::size_t runs = 0) {
  auto made = std::make_shared<view::SpaceSnapshot>();
  made->name = std::move(name);
  made->up = up;
  if (up == false) made->last_error = view::PollError{PollReason::timeout, "no answer within 15 s", {}};
  for (std::size_t i = 0; i < runs; ++i) made->runs.push_back(std::make_shared<view::RunSnapshot>());
  return made;
}

view::Snapshot of(Spaces spaces) {
  view::Snapshot snapshot;
  snapshot.spaces = std::move(spaces);
  return snapshot;
}

}  // namespace

TEST_CASE("a reload that was refused stands before all else, until one is taken over") {
  auto snapshot = of({space("a", true, 1)});
  snapshot.reload = view::Reload{.accepted = false, .problem = "c.toml:1:1: bogus is not a key"};
  CHECK(view::summary(snapshot) == "reload refused: c.toml:1:1: bogus is not a key; 1 space, 1 run, all up");
  snapshot.reload = view::Reload{};
  CHECK(view::summary(snapshot) == "1 space, 1 run, all up");
}

TEST_CASE("when nothing is wrong the summary says how much is watched") {
  CHECK(view::summary(of({space("a", true, 40), space("b", true, 8), space("c", true)})) ==
        "3 spaces, 48 runs, all up");
  CHECK(view::summary(of({space("a", true, 1)})) == "1 space, 1 run, all up");
  CHECK(view::summary({}) == "no spaces to watch");
  auto named = space("a", true, 2);
  named->runs_unknown = 1;
  CHECK(view::summary(of({named})) == "1 space, 2 runs, all up; 1 unknown to the platform");
}

TEST_CASE("what fails comes first, with its reason, and then how much more fails") {
  CHECK(view::summary(of({space("a", true), space("sales", false), space("c", {})})) ==
        "space sales: not complete (timeout: no answer within 15 s)");
  CHECK(view::summary(of({space("sales", false), space("b", true), space("c", false)})) ==
        "space sales: not complete (timeout: no answer within 15 s); and 1 more");
  auto snapshot = of({space("sales", false)});
  snapshot.not_ready = "space sales: its run list was not tried yet";
  CHECK(view::summary(snapshot) == "space sales: not complete (timeout: no answer within 15 s)");
}

TEST_CASE("an organization whose list cannot be read is told before its spaces, and never as well") {
  auto snapshot = of({space("sales", false)});
  snapshot.organization.emplace();
  snapshot.organization->up = false;
  snapshot.organization->last_error = view::PollError{PollReason::auth, "401 Invalid token.", {}};
  CHECK(view::summary(snapshot) == "the organization's list of spaces: not complete (auth: 401 Invalid token.)");
  snapshot.spaces.clear();
  CHECK(view::summary(snapshot).starts_with("the organization's list of spaces: not complete"));
}

TEST_CASE("a failed commit is told though the platform is up") {
  auto sales = space("sales", true, 3);
  sales->last_error = view::PollError{PollReason::store, "database or disk is full", {}};
  CHECK(view::summary(of({sales})) == "space sales: not complete (store: database or disk is full)");
}

TEST_CASE("what was not tried yet is not called up") {
  auto snapshot = of({});
  snapshot.organization.emplace();
  snapshot.not_ready = "the organization's spaces were not tried yet";
  CHECK(view::summary(snapshot) == "the organization's spaces were not tried yet");
  CHECK(view::summary(of({space("a", true), space("b", {})})) == "space b: not all of it was tried yet");
}
