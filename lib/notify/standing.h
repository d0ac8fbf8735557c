// What is not queued: open incidents shown to an Alertmanager as they stand, and a sign of life for a dead man's
// switch.
//
// Both are level-triggered: what failed is not kept, the next one says it all again. Threads: as of a Courier.
#pragma once

#include "notify/courier.h"

namespace runwatch::notify {

struct StandingHooks {
  std::function<std::vector<Standing>()> standing;  // open incidents, and those over for at most kShownAfterEnd
  std::function<void(const Attempt&)> done{};
  std::function<void()> mark{};
};

// Posts to one of a receiver's `urls`, which is known by its place among them, on each `wake`, as often as its rate
// allows, once a minute, and sooner after a failure.
struct AlertmanagerCourier : Loop {
  AlertmanagerCourier(ReceiverOptions receiver, std::size_t place, Line line, StandingHooks hooks,
                      const core::Clock& clock);
};

struct HeartbeatOptions {
  core::Duration interval = std::chrono::minutes(1);
  core::Duration look_again = std::chrono::seconds(10);  // at what was not well
};

struct HeartbeatHooks {
  std::function<bool()> healthy;
  std::function<core::Result<core::Secret>()> url;  // read anew each time
  std::function<void()> mark{};
};

// A GET in each interval while all is well.
struct Heartbeat : Loop {
  Heartbeat(HeartbeatOptions options, std::unique_ptr<http::Client> client, HeartbeatHooks hooks,
            const core::Clock& clock);
};

}  // namespace runwatch::notify
