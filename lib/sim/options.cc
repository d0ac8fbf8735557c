#include "sim/options.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace runwatch::sim {
namespace {

core::Result<void> check_shares(const Options& o) {
  const std::array<std::pair<std::string_view, double>, 7> shares{{{"tasks_spread", o.tasks_spread},
                                                                   {"failure_rate", o.failure_rate},
                                                                   {"hold_rate", o.hold_rate},
                                                                   {"stuck_rate", o.stuck_rate},
                                                                   {"odd_rate", o.odd_rate},
                                                                   {"vanish_rate", o.vanish_rate},
                                                                   {"changing", o.changing}}};
  for (const auto& [name, value] : shares) {
    if (value >= 0 && value <= 1) continue;
    return core::fail(core::ErrorKind::invalid, fmt::format("{} is {}; give a share from 0 to 1", name, value));
  }
  return {};
}

core::Result<void> check_sizes(const Options& o) {
  struct Range {
    std::string_view name;
    std::size_t value, low, high;
  };
  const std::array ranges{Range{"spaces", o.spaces, 1, 1000}, Range{"runs", o.runs, 0, 100'000},
                          Range{"tasks", o.tasks, 0, 5'000'000}, Range{"task_bytes", o.task_bytes, 0, 1 << 20},
                          Range{"max_runs", o.max_runs, 1, 1'000'000}};
  for (const auto& [name, value, low, high] : ranges) {
    if (value >= low && value <= high) continue;
    return core::fail(core::ErrorKind::invalid, fmt::format("{} is {}; give {} to {}", name, value, low, high));
  }
  return {};
}

core::Result<void> check_durations(const Options& o) {
  const std::array<std::pair<std::string_view, core::Duration>, 6> durations{{{"history", o.history},
                                                                              {"dial_gap", o.dial_gap},
                                                                              {"new_run_period", o.new_run_period},
                                                                              {"arrival_period", o.arrival_period},
                                                                              {"retry_delay", o.retry_delay},
                                                                              {"output_delay", o.output_delay}}};
  for (const auto& [name, value] : durations) {
    if (value >= core::Duration::zero() && value <= std::chrono::days(365)) continue;
    return core::fail(core::ErrorKind::invalid, fmt::format("{} is {} ms; give 0 to a year", name, value.count()));
  }
  return {};
}

}  // namespace

core::Result<void> check(const Options& options) {
  if (!std::isfinite(options.speed) || options.speed < 0.001 || options.speed > 1e6) {
    return core::fail(core::ErrorKind::invalid,
                      fmt::format("speed is {}; give a factor from 0.001 to 1000000", options.speed));
  }
  if (auto sizes = check_sizes(options); !sizes) return sizes;
  if (auto shares = check_shares(options); !shares) return shares;
  return check_durations(options);
}

Options demo_options() {
  using namespace std::chrono_literals;
  Options o;
  o.org_name = "Demo Organization";
  o.org_handle = "demo.example";
  o.spaces = 3;
  o.space_names = {"sales", "reminders", "support"};
  o.runs = 4;
  o.tasks = 60;
  o.tasks_spread = 0.5;
  o.speed = 4;
  o.history = 4min;
  o.dial_gap = 8s;
  o.new_run_period = 6min;
  o.retry_delay = 3min;
  o.output_delay = 60s;
  // What a healthy platform shows: no alert of etc/rules.yml fires before somebody breaks it.
  o.failure_rate = 0.08;
  o.odd_rate = 0;
  o.max_runs = 30;
  return o;
}

}  // namespace runwatch::sim
