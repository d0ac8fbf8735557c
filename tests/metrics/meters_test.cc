#include "metrics/meters.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/log.h"
#include "metrics/exposition.h"
#include "metrics/exposition_parser.h"

using namespace runwatch;
using namespace runwatch::metrics;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  double operator()(const std::string& name, exposition::Labels labels = {}) const {
    const auto all = series();
    const auto found = all.find({name, labels});
    REQUIRE_MESSAGE(found != all.end(), name);
    return found->second;
  }
  bool has(const std::string& name) const {
    return exposition.render(TextFormat::prometheus).find("\n" + name) != std::string::npos;
  }
  std::map<std::pair<std::string, exposition::Labels>, double> series() const {
    return exposition::series(exposition::read(exposition.render(TextFormat::prometheus), false));
  }

  Meters meters{{"1.0", "rev", "g++ \"12\""}};
  Exposition exposition{{}, meters};
};

constexpr core::WallTime kNow{std::chrono::milliseconds(1'770'000'000'500)};

}  // namespace

TEST_CASE("a space's counters exist with 0 as soon as it is added") {
  Fixture f;
  f.meters.add_space("a");
  CHECK(f("runwatch_polls_total", {{"space", "a"}}) == 0);
  for (const auto reason : view::kPollReasonNames) {
    CHECK(f("runwatch_poll_failures_total", {{"space", "a"}, {"reason", std::string(reason)}}) == 0);
  }
  CHECK(f("runwatch_poll_duration_seconds_bucket", {{"space", "a"}, {"le", "+Inf"}}) == 0);
  CHECK(f("runwatch_poll_overruns_total", {{"space", "a"}}) == 0);
  CHECK(f("runwatch_poll_pages_total", {{"space", "a"}}) == 0);
  CHECK(f("runwatch_poll_duplicate_rows_total", {{"space", "a"}}) == 0);
}

TEST_CASE("the organization's list counts as a space without a name, while it is asked for and in what it has") {
  Fixture f;
  f.meters.add_space(kOrganization);
  CHECK(f("runwatch_polls_total", {{"space", ""}}) == 0);
  for (const auto reason : view::kPollReasonNames) {
    CHECK(f("runwatch_poll_failures_total", {{"space", ""}, {"reason", std::string(reason)}}) == 0);
  }
  f.meters.poll_ended(kOrganization, 300ms, 0, 0);
  f.meters.poll_failed(kOrganization, view::PollReason::auth);
  f.meters.poll_overrun(kOrganization);
  CHECK(f("runwatch_polls_total", {{"space", ""}}) == 1);
  CHECK(f("runwatch_poll_failures_total", {{"space", ""}, {"reason", "auth"}}) == 1);
  CHECK(f("runwatch_poll_duration_seconds_count", {{"space", ""}}) == 1);
  CHECK(f("runwatch_poll_overruns_total", {{"space", ""}}) == 1);
  CHECK(!f.has("runwatch_poll_pages_total"));
  CHECK(!f.has("runwatch_poll_duplicate_rows_total"));
  f.meters.keep_only({"sales", kOrganization});
  CHECK(f("runwatch_polls_total", {{"space", ""}}) == 1);
  f.meters.keep_only({"sales"});
  CHECK(!f.has("runwatch_polls_total"));
}

TEST_CASE("what is known of the process in advance exists with 0, what is not is absent") {
  const Fixture f;
  for (const char* endpoint : {"tasks", "runs", "spaces", "space", "organizations"}) {
    CHECK(f("runwatch_api_requests_total", {{"endpoint", endpoint}, {"code", "none"}}) == 0);
    CHECK(f("runwatch_api_requests_total", {{"endpoint", endpoint}, {"code", "429"}}) == 0);
    CHECK(f("runwatch_api_request_duration_seconds_count", {{"endpoint", endpoint}}) == 0);
    CHECK(f("runwatch_api_response_bytes_total", {{"endpoint", endpoint}}) == 0);
  }
  for (const char* kind : {"full", "io", "corrupt", "readonly", "locked", "other"}) {
    CHECK(f("runwatch_store_errors_total", {{"kind", kind}}) == 0);
  }
  CHECK(f("runwatch_build_info", {{"version", "1.0"}, {"revision", "rev"}, {"compiler", "g++ \"12\""}}) == 1);
  CHECK(f("runwatch_api_throttled_seconds_total") == 0);
  CHECK(f("runwatch_api_paused_until_timestamp_seconds") == 0);
  CHECK(f("runwatch_store_commit_duration_seconds_count") == 0);
  CHECK(f("runwatch_series_dropped_total") == 0);
  for (const char* absent :
       {"runwatch_store_bytes", "runwatch_store_wal_bytes", "runwatch_config_last", "runwatch_loop_last_progress"}) {
    CHECK(!f.has(absent));
  }
}

TEST_CASE("each call arrives in its own series") {
  Fixture f;
  f.meters.poll_ended("a", 300ms, 4, 2);
  f.meters.poll_failed("a", view::PollReason::shrunken);
  f.meters.poll_overrun("a");
  f.meters.api_request(Endpoint::space, 418, 40ms, 1000);
  f.meters.api_request(Endpoint::space, 0, 20s, 0);
  f.meters.api_request(Endpoint::space, 70000, 1ms, 5);
  f.meters.api_throttled(250ms);
  f.meters.api_paused_until(kNow);
  f.meters.store_committed(700us);
  f.meters.store_error(StoreError::full);
  f.meters.store_size(10, 20);
  f.meters.progress(Loop::server, kNow);
  CHECK(f("runwatch_polls_total", {{"space", "a"}}) == 1);
  CHECK(f("runwatch_poll_duration_seconds_bucket", {{"space", "a"}, {"le", "0.25"}}) == 0);
  CHECK(f("runwatch_poll_duration_seconds_bucket", {{"space", "a"}, {"le", "0.5"}}) == 1);
  CHECK(f("runwatch_poll_pages_total", {{"space", "a"}}) == 4);
  CHECK(f("runwatch_poll_duplicate_rows_total", {{"space", "a"}}) == 2);
  CHECK(f("runwatch_poll_failures_total", {{"space", "a"}, {"reason", "shrunken"}}) == 1);
  CHECK(f("runwatch_poll_overruns_total", {{"space", "a"}}) == 1);
  CHECK(f("runwatch_api_requests_total", {{"endpoint", "space"}, {"code", "418"}}) == 1);
  CHECK(f("runwatch_api_requests_total", {{"endpoint", "space"}, {"code", "none"}}) == 2);
  CHECK(f("runwatch_api_request_duration_seconds_bucket", {{"endpoint", "space"}, {"le", "0.05"}}) == 2);
  CHECK(f("runwatch_api_response_bytes_total", {{"endpoint", "space"}}) == 1005);
  CHECK(f("runwatch_api_throttled_seconds_total") == 0.25);
  CHECK(f("runwatch_api_paused_until_timestamp_seconds") == 1770000000.5);
  CHECK(f("runwatch_store_commit_duration_seconds_bucket", {{"le", "0.0005"}}) == 0);
  CHECK(f("runwatch_store_commit_duration_seconds_bucket", {{"le", "0.001"}}) == 1);
  CHECK(f("runwatch_store_errors_total", {{"kind", "full"}}) == 1);
  CHECK(f("runwatch_store_bytes") == 10);
  CHECK(f("runwatch_store_wal_bytes") == 20);
  CHECK(f("runwatch_loop_last_progress_timestamp_seconds", {{"loop", "server"}}) == 1770000000.5);
}

TEST_CASE("a failed reload keeps the time of the last good one") {
  Fixture f;
  f.meters.config_reloaded(true, kNow);
  f.meters.config_reloaded(false, kNow + 1h);
  CHECK(f("runwatch_config_last_reload_successful") == 0);
  CHECK(f("runwatch_config_last_reload_success_timestamp_seconds") == 1770000000.5);
}

TEST_CASE("a space that learns its name takes its values along") {
  Fixture f;
  f.meters.poll_ended("unnamed-1", 300ms, 4, 2);
  f.meters.poll_ended("unnamed-1", 700s, 1, 0);
  f.meters.poll_failed("unnamed-1", view::PollReason::auth);
  f.meters.rename_space("unnamed-1", "sales");
  f.meters.rename_space("nobody", "else");
  f.meters.poll_overrun("sales");
  CHECK(f("runwatch_polls_total", {{"space", "sales"}}) == 2);
  CHECK(f("runwatch_poll_failures_total", {{"space", "sales"}, {"reason", "auth"}}) == 1);
  CHECK(f("runwatch_poll_duration_seconds_bucket", {{"space", "sales"}, {"le", "0.5"}}) == 1);
  CHECK(f("runwatch_poll_duration_seconds_count", {{"space", "sales"}}) == 2);
  CHECK(f("runwatch_poll_duration_seconds_sum", {{"space", "sales"}}) == doctest::Approx(700.3));
  CHECK(f("runwatch_poll_pages_total", {{"space", "sales"}}) == 5);
  CHECK(f("runwatch_poll_overruns_total", {{"space", "sales"}}) == 1);
  for (const auto& [key, value] : f.series()) {
    if (key.second.contains("space")) CHECK(key.second.at("space") == "sales");
  }
}

TEST_CASE("lines logged are counted by level at the moment of the scrape") {
  const Fixture f;
  const auto before = f("runwatch_log_messages_total", {{"level", "debug"}});
  core::log::debug("counted, not shown");
  CHECK(f("runwatch_log_messages_total", {{"level", "debug"}}) >= before + 1);
}

TEST_CASE("lines that found no room on standard error are counted") {
  const Fixture f;
  const auto before = f("runwatch_log_lines_dropped_total");
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  const int saved = ::dup(STDERR_FILENO);
  REQUIRE(::dup2(full, STDERR_FILENO) == STDERR_FILENO);
  core::log::info("nowhere to go");
  REQUIRE(::dup2(saved, STDERR_FILENO) == STDERR_FILENO);
  ::close(saved);
  ::close(full);
  CHECK(f("runwatch_log_lines_dropped_total") == before + 1);
}
