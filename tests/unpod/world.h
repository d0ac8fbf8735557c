// An Api over a scripted client, a clock that ticks a second a look, and what its hooks were told.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/timestamp.h"
#include "support/fake_client.h"
#include "unpod/api.h"
#include "unpod/pages.h"

namespace runwatch::test {

inline const core::Secret kSpace("8KZRTQP7BNW5XEDLORYUHMJC");

class StillClock final : public core::Clock {
 public:
  core::WallTime wall_now() const override { return core::parse_timestamp("2026-02-07T06:00:00Z").value(); }
  core::SteadyTime steady_now() const override { return core::SteadyTime(std::chrono::seconds(ticks++)); }
  mutable int ticks = 0;
};

struct Exchange {
  unpod::Call call;
  int status;
  core::Duration took;
  std::uint64_t bytes;
};

struct World {
  explicit World(FakeClient::Handler handler, unpod::Credentials::Reader reread = {})
      : client(std::move(handler)), credentials(core::Secret("secret-token"), std::move(reread)) {}

  unpod::Api api() {
    unpod::Hooks hooks;
    hooks.admit = [this](std::stop_token) {
      clock.ticks += static_cast<int>(std::exchange(to_wait, {}) / std::chrono::seconds(1));
      return ++admitted <= admit_at_most;
    };
    hooks.done = [this](unpod::Call call, int status, core::Duration took, std::uint64_t bytes) {
      exchanges.push_back({call, status, took, bytes});
    };
    hooks.answered = [this](core::SteadyTime) { ++answered; };
    if (pause) {
      hooks.throttled = [this](core::SteadyTime, std::optional<core::Duration> retry_after) {
        asked_for.push_back(retry_after);
        return to_wait = retry_after.value_or(*pause);
      };
    }
    return unpod::Api(options, client, credentials, std::move(hooks), clock);
  }
  unpod::Answer<unpod::TaskWalk> walk(std::shared_ptr<const unpod::PageDigests> before) {
    return api().tasks(kSpace, run_id, std::move(before), {});
  }
  unpod::Answer<task::ObservedRun> tasks() {
    auto walked = walk(nullptr);
    if (!walked) return std::unexpected(walked.error());
    return std::move(walked->run);
  }

  unpod::ApiOptions options{.base_url = "https://unpod.example/", .org_handle = "unpod.tv", .page_size = 2};
  std::string run_id = "R1";
  FakeClient client;
  unpod::Credentials credentials;
  StillClock clock;
  std::vector<Exchange> exchanges;
  std::optional<core::Duration> pause;  // after a throttled request that names none; nothing: it is not repeated
  std::vector<std::optional<core::Duration>> asked_for;
  core::Duration to_wait{};
  int answered = 0;
  int admitted = 0;
  int admit_at_most = 1000;
};

inline std::string row(int id) { return fmt::format(R"({{"task_id":"t{}","status":"failed"}})", id); }

// A platform with this many tasks, newest first, that gives at most `clamp` rows a page.
inline FakeClient::Handler platform(int tasks, std::uint64_t clamp = 1000, bool with_count = true) {
  return [=](const http::Request& request) -> Reply {
    const std::uint64_t size = std::min(query_number(request, "page_size"), clamp);
    const std::uint64_t from = (query_number(request, "page") - 1) * size;
    std::string rows;
    for (std::uint64_t i = from; i < from + size && i < static_cast<std::uint64_t>(tasks); ++i)
      rows += (rows.empty() ? "" : ",") + row(tasks - static_cast<int>(i));
    return answer(200, page_of(rows, with_count ? std::to_string(tasks) : "null"));
  };
}

}  // namespace runwatch::test
