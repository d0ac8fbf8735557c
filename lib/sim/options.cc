#include "sim/options.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace runwatch::sim {

core::Result<void> check(const Options& o) {
  struct Range {
    std::string_view name;
    double value, low, high;
  };
  const auto size = [](std::size_t n) { return static_cast<double>(n); };
  const auto ms = [](core::Duration d) { return static_cast<double>(d.count()); };
  constexpr double kYear = 365 * 86'400e3;
  const std::array ranges{Range{"speed", o.speed, 0.001, 1e6},
                          Range{"spaces", size(o.spaces), 1, 1000},
                          Range{"runs", size(o.runs), 0, 1e5},
                          Range{"tasks", size(o.tasks), 0, 5e6},
                          Range{"task_bytes", size(o.task_bytes), 0, 1 << 20},
                          Range{"max_runs", size(o.max_runs), 1, 1e6},
                          Range{"tasks_spread", o.tasks_spread, 0, 1},
                          Range{"failure_rate", o.failure_rate, 0, 1},
                          Range{"hold_rate", o.hold_rate, 0, 1},
                          Range{"stuck_rate", o.stuck_rate, 0, 1},
                          Range{"odd_rate", o.odd_rate, 0, 1},
                          Range{"vanish_rate", o.vanish_rate, 0, 1},
                          Range{"changing", o.changing, 0, 1},
                          Range{"history", ms(o.history), 0, kYear},
                          Range{"dial_gap", ms(o.dial_gap), 0, kYear},
                          Range{"new_run_period", ms(o.new_run_period), 0, kYear},
                          Range{"arrival_period", ms(o.arrival_period), 0, kYear},
                          Range{"retry_delay", ms(o.retry_delay), 0, kYear},
                          Range{"output_delay", ms(o.output_delay), 0, kYear}};
  for (const auto& [name, value, low, high] : ranges) {
    if (value >= low && value <= high) continue;  // which no NaN is
    return core::fail(core::ErrorKind::invalid, fmt::format("{} is {}; give {} to {}", name, value, low, high));
  }
  return {};
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
  o.dial_gap = 12s;
  o.new_run_period = 12min;
  o.retry_delay = 3min;
  o.output_delay = 60s;
  // What a healthy platform shows: no alert of etc/prometheus/rules.yml fires before somebody breaks it.
  o.failure_rate = 0.08;
  o.odd_rate = 0;
  o.max_runs = 30;
  return o;
}

}  // namespace runwatch::sim
