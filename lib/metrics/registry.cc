#include "metrics/registry.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/log.h"

namespace runwatch::metrics {
namespace {

using prometheus::Histogram;
using prometheus::Registry;

const Histogram::BucketBoundaries kPollSeconds{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
const Histogram::BucketBoundaries kRequestSeconds{0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15};
const Histogram::BucketBoundaries kCommitSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};

// The answers the platform is known to give: their series exist before the first such answer. Others come as they come.
constexpr std::array kKnownCodes{"none", "200", "206", "401", "403", "404", "429", "500", "502", "503", "504"};

auto& counters(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
auto& gauges(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
auto& histograms(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

prometheus::MetricFamily log_messages() {
  prometheus::MetricFamily family{
      "runwatch_log_messages_total", "Log lines since the start by level.", prometheus::MetricType::Counter, {}};
  const auto counts = core::log::counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    prometheus::ClientMetric metric;
    metric.label.push_back({"level", std::string(core::log::kLevelNames[i])});
    metric.counter.value = static_cast<double>(counts[i]);
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace

Meters::Impl::Impl(const BuildInfo& build)
    : started(core::SystemClock().wall_now()),
      polls(counters(registry, "runwatch_polls_total",
                     "Walks of a run over all its pages, and readings of a space's list of runs or, with no space, of "
                     "the organization's list of spaces.")),
      poll_failures(counters(registry, "runwatch_poll_failures_total", "Polls that did not end complete, by reason.")),
      poll_duration(histograms(registry, "runwatch_poll_duration_seconds", "Time a poll took.")),
      poll_overruns(counters(registry, "runwatch_poll_overruns_total", "Polls that took longer than their interval.")),
      poll_pages(counters(registry, "runwatch_poll_pages_total", "Pages read by polls.")),
      poll_duplicate_rows(counters(registry, "runwatch_poll_duplicate_rows_total",
                                   "Rows that a poll met again because the pages shifted under it.")),
      api_requests(counters(registry, "runwatch_api_requests_total",
                            "Requests to the platform by endpoint and HTTP status, none where no answer came.")),
      api_throttled(counters(registry, "runwatch_api_throttled_seconds_total",
                             "Time that requests waited for the configured rate limit.")
                        .Add({})),
      api_paused_until(gauges(registry, "runwatch_api_paused_until_timestamp_seconds",
                              "Until when no request is sent because the platform asked for it; 0: not paused.")
                           .Add({})),
      space_list_up(gauges(registry, "runwatch_space_list_up",
                           "Whether the newest reading of the organization's spaces was complete.")),
      store_bytes(gauges(registry, "runwatch_store_bytes", "Size of the database file.")),
      store_wal_bytes(gauges(registry, "runwatch_store_wal_bytes", "Size of the write-ahead log of the database.")),
      store_commit_duration(
          histograms(registry, "runwatch_store_commit_duration_seconds", "Time a commit took until it was durable.")
              .Add({}, kCommitSeconds)),
      reload_successful(gauges(registry, "runwatch_config_last_reload_successful",
                               "Whether the newest attempt to load the configuration was successful.")),
      reload_success_time(gauges(registry, "runwatch_config_last_reload_success_timestamp_seconds",
                                 "When the configuration now in use was loaded.")),
      loop_progress(gauges(registry, "runwatch_loop_last_progress_timestamp_seconds",
                           "When a loop of the process last made progress.")) {
  gauges(registry, "runwatch_build_info", "Version, revision and compiler of this build.")
      .Add({{"version", build.version}, {"revision", build.revision}, {"compiler", build.compiler}})
      .Set(1);
  add_endpoints();
  add_store_errors();
}

void Meters::Impl::add_endpoints() {
  auto& durations = histograms(registry, "runwatch_api_request_duration_seconds",
                               "Time of a whole exchange with the platform by endpoint.");
  auto& bytes =
      counters(registry, "runwatch_api_response_bytes_total", "Bytes of answers of the platform by endpoint.");
  for (std::size_t i = 0; i < kEndpointNames.size(); ++i) {
    const std::string name(kEndpointNames[i]);
    for (const char* code : kKnownCodes) api_requests.Add({{"endpoint", name}, {"code", code}});
    api_good_requests[i] = &api_requests.Add({{"endpoint", name}, {"code", "200"}});
    api_duration[i] = &durations.Add({{"endpoint", name}}, kRequestSeconds);
    api_bytes[i] = &bytes.Add({{"endpoint", name}});
  }
}

void Meters::Impl::add_store_errors() {
  auto& errors = counters(registry, "runwatch_store_errors_total", "Failed operations of the database by kind.");
  for (std::size_t i = 0; i < kStoreErrorNames.size(); ++i) {
    store_errors[i] = &errors.Add({{"kind", std::string(kStoreErrorNames[i])}});
  }
}

SpaceMeters Meters::Impl::make_space(const std::string& space) {
  SpaceMeters meters;
  const prometheus::Labels labels{{"space", space}};
  meters.polls = &polls.Add(labels);
  for (std::size_t i = 0; i < meters.failures.size(); ++i) {
    meters.failures[i] = &poll_failures.Add({{"space", space}, {"reason", std::string(view::kPollReasonNames[i])}});
  }
  meters.duration = &poll_duration.Add(labels, kPollSeconds);
  meters.overruns = &poll_overruns.Add(labels);
  if (space == kOrganization) return meters;
  meters.pages = &poll_pages.Add(labels);
  meters.duplicate_rows = &poll_duplicate_rows.Add(labels);
  return meters;
}

void Meters::Impl::remove(const SpaceMeters& meters) {
  polls.Remove(meters.polls);
  for (auto* failures : meters.failures) poll_failures.Remove(failures);
  poll_duration.Remove(meters.duration);
  poll_overruns.Remove(meters.overruns);
  poll_pages.Remove(meters.pages);
  poll_duplicate_rows.Remove(meters.duplicate_rows);
}

std::vector<prometheus::MetricFamily> Meters::Impl::collect() const {
  auto families = registry.Collect();
  families.push_back(log_messages());
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  return families;
}

}  // namespace runwatch::metrics
