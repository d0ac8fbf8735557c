#include "watch/inbox.h"

#include <doctest/doctest.h>

#include <thread>

using namespace runwatch;
using namespace std::chrono_literals;
using watch::Inbox;

namespace {

watch::Fetched answer(std::int64_t run) {
  watch::Fetched fetched;
  fetched.job.run = run;
  return fetched;
}

}  // namespace

TEST_CASE("messages come in order, and a tick when none comes") {
  Inbox inbox(8);
  inbox.put(answer(1));
  inbox.put(answer(2));
  CHECK(std::get<watch::Fetched>(inbox.take({}, 1h)).job.run == 1);
  CHECK(std::get<watch::Fetched>(inbox.take({}, 1h)).job.run == 2);
  CHECK(std::holds_alternative<watch::Tick>(inbox.take({}, 0ms)));
}

TEST_CASE("putting never waits; there is just no room to fetch more until the ledger took something") {
  Inbox inbox(2);
  CHECK(inbox.has_room({}, 0ms));
  for (int run = 1; run <= 3; ++run) inbox.put(answer(run));
  CHECK_FALSE(inbox.has_room({}, 0ms));
  static_cast<void>(inbox.take({}, 0ms));
  CHECK_FALSE(inbox.has_room({}, 0ms));
  static_cast<void>(inbox.take({}, 0ms));
  CHECK(inbox.has_room({}, 0ms));
}

TEST_CASE("a stop ends both waits") {
  Inbox inbox(1);
  inbox.put(answer(1));
  std::stop_source source;
  std::jthread stopper([&] { source.request_stop(); });
  CHECK_FALSE(inbox.has_room(source.get_token(), 1h));
  static_cast<void>(inbox.take(source.get_token(), 1h));
  CHECK(std::holds_alternative<watch::Tick>(inbox.take(source.get_token(), 1h)));
}
