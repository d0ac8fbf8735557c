#include "control/reload_requests.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <thread>

using namespace runwatch;
using control::ReloadRequests;

namespace {

bool is_asked(const ReloadRequests& requests, int milliseconds = 60'000) {
  pollfd asked{.fd = requests.fd(), .events = POLLIN, .revents = 0};
  return ::poll(&asked, 1, milliseconds) == 1;
}

}  // namespace

TEST_CASE("who asks while the file is read is answered by the next reload, not by this one") {
  ReloadRequests requests;
  control::ReloadOutcome first, second;
  std::jthread one([&] { first = requests.ask(); });
  REQUIRE(is_asked(requests));
  auto asked = requests.take();
  CHECK(!is_asked(requests, 0));
  std::jthread other([&] { second = requests.ask(); });
  REQUIRE(is_asked(requests));
  ReloadRequests::answer(std::move(asked), control::Reloaded{"poll.interval", ""});
  one.join();
  CHECK(first.value().changed == "poll.interval");
  CHECK(is_asked(requests, 0));
  ReloadRequests::answer(requests.take(), control::Reloaded{"log.level", ""});
  other.join();
  CHECK(second.value().changed == "log.level");
}

TEST_CASE("once there are no reloads any more, nobody waits for one") {
  ReloadRequests requests;
  control::ReloadOutcome waiting;
  std::jthread one([&] { waiting = requests.ask(); });
  REQUIRE(is_asked(requests));
  requests.end({core::ErrorKind::busy, "runwatch is stopping"});
  one.join();
  CHECK(waiting.error().text == "runwatch is stopping");
  CHECK(requests.ask().error().text == "runwatch is stopping");
}
