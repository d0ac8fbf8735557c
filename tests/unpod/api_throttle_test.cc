// What an Api does where the platform asks for fewer requests.
#include <doctest/doctest.h>

#include "unpod/world.h"

using namespace runwatch;
using namespace runwatch::test;
using namespace std::chrono_literals;
using view::PollReason;

namespace {

std::vector<std::uint64_t> pages(const World& world) {
  std::vector<std::uint64_t> out;
  for (const auto& request : world.client.requests) out.push_back(query_number(request, "page"));
  return out;
}

}  // namespace

TEST_CASE("a page that was throttled is asked for again in its walk") {
  const Reply first = answer(200, page_of(row(4) + "," + row(3), "4"));
  const Reply second = answer(200, page_of(row(2) + "," + row(1), "4"));
  World world(FakeClient::script({first, answer(429, ""), answer(503, "", {{"Retry-After", "2"}}), second}));
  world.pause = 100ms;
  const auto run = world.tasks();
  REQUIRE(run.has_value());
  CHECK(run->tasks.size() == 4);
  CHECK(run->pages == 2);
  CHECK(pages(world) == std::vector<std::uint64_t>{1, 2, 2, 2});
  CHECK(world.admitted == 4);
  CHECK(world.exchanges.size() == 4);
  CHECK(world.answered == 2);
  CHECK(world.asked_for == std::vector<std::optional<core::Duration>>{std::nullopt, 2s});
}

TEST_CASE("rows that moved while a page was throttled make the walk begin again") {
  World world(FakeClient::script({answer(200, page_of(row(3) + "," + row(2), "3")), answer(429, ""),
                                  answer(200, page_of(row(2) + "," + row(1), "4")),
                                  answer(200, page_of(row(4) + "," + row(3), "4")),
                                  answer(200, page_of(row(2) + "," + row(1), "4"))}));
  world.pause = 100ms;
  CHECK(world.tasks()->tasks.size() == 4);
  CHECK(pages(world) == std::vector<std::uint64_t>{1, 2, 2, 1, 2});
}

TEST_CASE("a walk gives up where the platform asks for more patience than a page is worth") {
  const struct {
    int status;
    const char* retry_after;
    core::Duration pause;
    std::size_t requests;
    PollReason reason;
  } cases[] = {
      {429, "60", 0ms, 1, PollReason::rate_limited}, {503, "21", 0ms, 1, PollReason::server_error},
      {429, "", 21s, 1, PollReason::rate_limited},   {429, "10", 0ms, 2, PollReason::rate_limited},
      {503, "", 100ms, 5, PollReason::server_error}, {429, "0", 0ms, 5, PollReason::rate_limited},
  };
  for (const auto& c : cases) {
    CAPTURE(c.status);
    CAPTURE(c.retry_after);
    std::vector<http::Header> headers;
    if (*c.retry_after != '\0') headers.push_back({"Retry-After", c.retry_after});
    World world(FakeClient::script({answer(c.status, "", headers)}));
    world.pause = c.pause;
    const auto run = world.tasks();
    REQUIRE_FALSE(run.has_value());
    CHECK(run.error().reason == c.reason);
    CHECK(run.error().retry_after.has_value() == (*c.retry_after != '\0'));
    CHECK(world.client.requests.size() == c.requests);
    CHECK(world.asked_for.size() == c.requests);
    CHECK(world.answered == 0);
  }
}
