// What Meters keeps, private to the room: prometheus-cpp's registry and handles into it.
//
// Threads: any. A space's handles are used under the lock that also guards their removal.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/guarded.h"
#include "core/text.h"
#include "metrics/alert_meters.h"
#include "metrics/meters.h"
#include "metrics/text.h"

namespace runwatch::metrics {

inline constexpr std::array<std::string_view, 5> kEndpointNames{"tasks", "runs", "spaces", "space", "organizations"};
inline constexpr std::array<std::string_view, 4> kLoopNames{"fetch", "ledger", "courier", "server"};
inline constexpr std::array<std::string_view, 6> kStoreErrorNames{"full",     "io",     "corrupt",
                                                                  "readonly", "locked", "other"};

// The meters of one space; the registry owns them.
struct SpaceMeters {
  prometheus::Counter* polls = nullptr;
  std::array<prometheus::Counter*, view::kPollReasonNames.size()> failures{};
  prometheus::Histogram* duration = nullptr;
  prometheus::Counter* overruns = nullptr;
  prometheus::Counter* pages = nullptr;
  prometheus::Counter* duplicate_rows = nullptr;
};

// The meters of one endpoint, likewise.
struct EndpointMeters {
  prometheus::Counter* good_requests = nullptr;  // with code 200
  prometheus::Histogram* duration = nullptr;
  prometheus::Counter* bytes = nullptr;
};

struct Meters::Impl {
  using Counter = prometheus::Counter;
  using Gauge = prometheus::Gauge;
  using Histogram = prometheus::Histogram;
  template <class T>
  using Family = prometheus::Family<T>;

  explicit Impl(const BuildInfo& build);

  SpaceMeters make_space(const std::string& space);
  void remove(const SpaceMeters& meters);
  // `use` gets the space's meters, made now if need be, under the lock.
  template <class Use>
  void with_space(const std::string& space, Use&& use) {
    const auto name = core::to_valid_utf8(space);
    spaces.with([&](auto& known) {
      auto found = known.find(name);
      if (found == known.end()) found = known.emplace(name, make_space(name)).first;
      use(found->second);
    });
  }
  // All families, and the lines logged, in the order of their names.
  std::vector<prometheus::MetricFamily> collect() const;

  Family<Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Family<Gauge>& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  Family<Histogram>& histograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }

  const core::WallTime started = core::SystemClock().wall_now();
  prometheus::Registry registry;

  Family<Counter>& polls = counters(
      "runwatch_polls_total",
      "Walks of a run, readings of a space's list of runs and, without a space, of the organization's list of spaces.");
  Family<Counter>& poll_failures =
      counters("runwatch_poll_failures_total", "Polls that did not end complete, by reason.");
  Family<Histogram>& poll_duration = histograms("runwatch_poll_duration_seconds", "Time a poll took.");
  Family<Counter>& poll_overruns =
      counters("runwatch_poll_overruns_total", "Polls that were not done when the next one was due.");
  Family<Counter>& poll_pages = counters("runwatch_poll_pages_total", "Pages read by polls.");
  Family<Counter>& poll_duplicate_rows =
      counters("runwatch_poll_duplicate_rows_total", "Rows that a poll met again because the pages shifted under it.");
  Family<Counter>& api_requests =
      counters("runwatch_api_requests_total",
               "Requests to the platform by endpoint and HTTP status, none where no answer came.");
  Counter& api_throttled =
      counters("runwatch_api_throttled_seconds_total", "Time that requests waited for the rate limit and for pauses.")
          .Add({});
  Gauge& api_paused_until =
      gauges("runwatch_api_paused_until_timestamp_seconds",
             "Until when no request is sent, as the platform asked or because it refuses the token; 0: not paused.")
          .Add({});
  Family<Gauge>& space_list_up =
      gauges("runwatch_space_list_up", "Whether the newest reading of the organization's spaces was complete.");
  Family<Gauge>& store_bytes = gauges("runwatch_store_bytes", "Size of the database file.");
  Family<Gauge>& store_wal_bytes = gauges("runwatch_store_wal_bytes", "Size of the write-ahead log of the database.");
  Histogram& store_commit_duration;
  Family<Gauge>& reload_successful = gauges("runwatch_config_last_reload_successful",
                                            "Whether the newest attempt to load the configuration was successful.");
  Family<Gauge>& reload_success_time =
      gauges("runwatch_config_last_reload_success_timestamp_seconds", "When the configuration now in use was loaded.");
  Family<Gauge>& loop_progress =
      gauges("runwatch_loop_last_progress_timestamp_seconds", "When a loop of the process last made progress.");
  std::array<EndpointMeters, kEndpointNames.size()> endpoints;
  std::array<Counter*, kStoreErrorNames.size()> store_errors;

  AlertMeters alerts{registry};
  core::Guarded<std::map<std::string, SpaceMeters, std::less<>>> spaces;
};

// A collected family in our own text, its series in the order of their labels.
void append_collected(std::string& out, const prometheus::MetricFamily& family, const Context& context);

}  // namespace runwatch::metrics
