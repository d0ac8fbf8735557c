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
#include "metrics/meters.h"
#include "metrics/text.h"

namespace runwatch::metrics {

inline constexpr std::array<std::string_view, 5> kEndpointNames{"tasks", "runs", "spaces", "space", "organizations"};
inline constexpr std::array<std::string_view, 3> kLoopNames{"fetch", "ledger", "server"};
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

struct Meters::Impl {
  using Counters = prometheus::Family<prometheus::Counter>;
  using Gauges = prometheus::Family<prometheus::Gauge>;
  using Histograms = prometheus::Family<prometheus::Histogram>;

  explicit Impl(const BuildInfo& build);

  void add_endpoints();
  void add_store_errors();
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

  prometheus::Registry registry;
  core::WallTime started;

  Counters& polls;
  Counters& poll_failures;
  Histograms& poll_duration;
  Counters& poll_overruns;
  Counters& poll_pages;
  Counters& poll_duplicate_rows;
  Counters& api_requests;
  std::array<prometheus::Counter*, kEndpointNames.size()> api_good_requests{};  // those with code 200
  std::array<prometheus::Histogram*, kEndpointNames.size()> api_duration{};
  std::array<prometheus::Counter*, kEndpointNames.size()> api_bytes{};
  prometheus::Counter& api_throttled;
  prometheus::Gauge& api_paused_until;
  Gauges& space_list_up;
  Gauges& store_bytes;
  Gauges& store_wal_bytes;
  std::array<prometheus::Counter*, kStoreErrorNames.size()> store_errors{};
  prometheus::Histogram& store_commit_duration;
  Gauges& reload_successful;
  Gauges& reload_success_time;
  Gauges& loop_progress;

  core::Guarded<std::map<std::string, SpaceMeters, std::less<>>> spaces;
};

// A collected family in our own text, its series in the order of their labels.
void append_collected(std::string& out, const prometheus::MetricFamily& family, const Context& context);

}  // namespace runwatch::metrics
