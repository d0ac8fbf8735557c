#include "view/health.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>

using namespace runwatch;
using namespace std::chrono_literals;

namespace {

const core::SteadyTime kNow{100h};

struct Scene {
  view::SpaceSnapshot space;
  view::Alerts alerts;
  view::Snapshot all;
  core::SteadyTime now = kNow;
  core::Duration paused{};

  // All was read until in ten minutes, and what waits for the receiver is due in one.
  Scene() {
    space.well_until = kNow + 10min;
    alerts.receivers.resize(1);
    alerts.receivers[0].due_steady = kNow + 1min;
  }
  bool is_well() {
    all.spaces = {std::make_shared<view::SpaceSnapshot>(space)};
    all.alerts = std::make_shared<view::Alerts>(alerts);
    return view::is_well(all, now, paused);
  }
};

}  // namespace

TEST_CASE("all is well while everything is read in time and notices are on their way") {
  const struct {
    const char* what;
    std::function<void(Scene&)> change;
    bool well;
  } cases[] = {
      {"as it is", [](Scene&) {}, true},
      {"nothing was read yet", [](Scene& s) { s.all.not_ready = "not yet"; }, false},
      {"a space was never read", [](Scene& s) { s.space.well_until.reset(); }, false},
      {"a space is read late", [](Scene& s) { s.now = kNow + 11min, s.alerts = {}; }, false},
      {"as late as the platform asked for", [](Scene& s) { s.now = kNow + 11min, s.alerts = {}, s.paused = 2min; },
       true},
      {"the list of spaces is read late", [](Scene& s) { s.all.organization.emplace().well_until = kNow - 1min; },
       false},
      {"a notice is late by five minutes", [](Scene& s) { s.now = kNow + 6min; }, true},
      {"and by more", [](Scene& s) { s.now = kNow + 6min + 1s; }, false},
      {"nothing waits", [](Scene& s) { s.now = kNow + 9min, s.alerts.receivers[0].due_steady.reset(); }, true},
  };
  for (const auto& [what, change, well] : cases) {
    CAPTURE(what);
    Scene scene;
    change(scene);
    CHECK(scene.is_well() == well);
  }
}
