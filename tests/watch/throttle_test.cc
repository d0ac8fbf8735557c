// Several fetchers under one pace against a platform that refuses what is too much for it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "support/fake_client.h"
#include "unpod/api.h"
#include "watch/pace.h"

using namespace runwatch;
using namespace runwatch::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kFetchers = 4;

// Which only waiting for the pace moves. It is long past by the real clock, so that no wait takes any.
class IdleClock final : public core::Clock {
 public:
  core::WallTime wall_now() const override { return core::WallTime(now); }
  core::SteadyTime steady_now() const override { return core::SteadyTime(now); }
  core::Duration now = 1s;
};

// Lets one fetcher run at a time, in turn, so that the outcome is the same each time.
class Turns {
 public:
  void begin(std::size_t fetcher) {
    std::unique_lock lock(mutex_);
    wait_for(fetcher, lock);
  }
  void pass(std::size_t fetcher) {
    std::unique_lock lock(mutex_);
    give_away();
    wait_for(fetcher, lock);
  }
  void end(std::size_t fetcher) {
    std::lock_guard lock(mutex_);
    ended_.at(fetcher) = true;
    give_away();
  }

 private:
  void wait_for(std::size_t fetcher, std::unique_lock<std::mutex>& lock) {
    changed_.wait(lock, [&] { return turn_ == fetcher; });
  }
  void give_away() {
    for (std::size_t i = 0; i < kFetchers; ++i) {
      turn_ = (turn_ + 1) % kFetchers;
      if (!ended_.at(turn_)) break;
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t turn_ = 0;
  std::array<bool, kFetchers> ended_{};
};

// Runs of as many pages of one task each; beyond `limit` answers in a second a request is refused with `status`.
class Platform {
 public:
  Platform(const core::Clock& clock, std::uint64_t pages, std::size_t limit, int status, std::string retry_after)
      : clock_(clock), pages_(pages), limit_(limit), status_(status), retry_after_(std::move(retry_after)) {}

  Reply reply(const http::Request& request) {
    const auto now = clock_.steady_now();
    while (!recent_.empty() && recent_.front() <= now - 1s) recent_.pop_front();
    if (recent_.size() >= limit_) {
      ++refused;
      if (retry_after_.empty()) return answer(status_, "");
      return answer(status_, "", {{"Retry-After", retry_after_}});
    }
    recent_.push_back(now);
    ++answered;
    const auto page = query_number(request, "page");
    return answer(200, fmt::format(R"({{"count":{},"data":[{{"task_id":"t{}","status":"failed"}}]}})", pages_, page));
  }

  std::uint64_t answered = 0;
  std::uint64_t refused = 0;

 private:
  const core::Clock& clock_;
  const std::uint64_t pages_;
  const std::size_t limit_;
  const int status_;
  const std::string retry_after_;
  std::deque<core::SteadyTime> recent_;
};

struct Walked {
  std::uint64_t complete = 0, in_time = 0;
  std::uint64_t failed = 0;
};

struct Scene {
  Scene(std::size_t limit, int status, const char* retry_after) : platform(clock, kPages, limit, status, retry_after) {}

  // A run is walked again and again. An answer takes until everybody else had a turn.
  void walk(std::size_t fetcher) {
    turns.begin(fetcher);
    FakeClient client([&](const http::Request& request) {
      const Reply reply = platform.reply(request);
      turns.pass(fetcher);
      return reply;
    });
    unpod::Credentials credentials(core::Secret("t"), {});
    unpod::Hooks hooks;
    hooks.admit = [&](std::stop_token stop) {
      turns.pass(fetcher);
      return pace.admit(std::move(stop), [&] { clock.now += 5ms; }).has_value();
    };
    hooks.answered = [&](core::SteadyTime sent) { pace.answered(sent); };
    hooks.throttled = [&](core::SteadyTime sent, std::optional<core::Duration> wait) {
      return pace.throttled(sent, wait);
    };
    unpod::Api api({}, client, credentials, std::move(hooks), clock);
    for (Walked& run = walked.at(fetcher); clock.now < kEnd;) {
      const auto answer = api.tasks(core::Secret("S"), fmt::format("R{}", fetcher), nullptr, {});
      ++(answer ? run.complete : run.failed);
      if (answer && clock.now <= kEnd) ++run.in_time;
    }
    turns.end(fetcher);
  }

  void play() {
    std::vector<std::jthread> fetchers;
    for (std::size_t i = 0; i < kFetchers; ++i) fetchers.emplace_back([this, i] { walk(i); });
  }

  static constexpr std::uint64_t kPages = 6;
  static constexpr core::Duration kEnd = 61s;
  IdleClock clock;
  Turns turns;
  watch::Pace pace{5, 10, clock};
  Platform platform;
  std::array<Walked, kFetchers> walked;
};

}  // namespace

TEST_CASE("under a limit below the configured rate hardly a request is lost, and every run gets its turn") {
  const struct {
    std::size_t limit;
    int status;
    const char* retry_after;
    std::uint64_t least_answered, most_refused, least_walks;
  } cases[] = {
      {3, 429, "", 120, 10, 4}, {3, 503, "", 120, 10, 4},   {3, 429, "1", 110, 10, 4},
      {1, 429, "", 45, 16, 1},  {100, 429, "", 300, 0, 12},
  };
  for (const auto& c : cases) {
    CAPTURE(c.limit);
    CAPTURE(c.status);
    CAPTURE(c.retry_after);
    Scene scene(c.limit, c.status, c.retry_after);
    scene.play();
    std::uint64_t useful = 0;
    for (const auto& run : scene.walked) {
      CHECK(run.in_time >= c.least_walks);
      CHECK(run.failed == 0);
      useful += run.complete * scene.kPages;
    }
    CHECK(scene.platform.answered >= c.least_answered);
    CHECK(scene.platform.refused <= c.most_refused);
    CHECK(useful == scene.platform.answered);
  }
}
