#include "daemon/simulate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "config/address.h"
#include "core/log.h"
#include "daemon/commands.h"
#include "daemon/signals.h"
#include "sim/fault.h"
#include "sim/simulator.h"

namespace runwatch::daemon {

void add_simulate_options(CLI::App& command, SimulateArguments& arguments) {
  auto& options = arguments.options;
  command.add_option("--listen", arguments.listen, "HOST:PORT; port 0: any free one")->capture_default_str();
  command.add_option("--seed", options.seed, "The same seed tells the same story")->capture_default_str();
  command.add_option("--spaces", options.spaces, "Number of spaces")->capture_default_str();
  command.add_option("--space-name", options.space_names, "Name of the next space; may be given again");
  command.add_option("--runs", options.runs, "Runs of each space at the start")->capture_default_str();
  command.add_option("--tasks", options.tasks, "Tasks of each run")->capture_default_str();
  command.add_option("--task-bytes", options.task_bytes, "Size of a task with a conversation")->capture_default_str();
  command.add_option("--speed", options.speed, "How much faster than life")->capture_default_str();
  command.add_option("--failure-rate", options.failure_rate, "Share of attempts that fail")->capture_default_str();
  command.add_flag("--retries,!--no-retries", options.retries, "Failed attempts are made again, up to three");
  command.add_option("--vanish-rate", options.vanish_rate, "Share of tasks that are deleted")->capture_default_str();
  const auto into = [](core::Duration& period) {
    return [&period](double s) { period = core::Duration(static_cast<std::int64_t>(s * 1000)); };
  };
  command.add_option_function<double>("--new-run-every", into(options.new_run_period),
                                      "Seconds between new runs of a space, before --speed");
  command.add_option_function<double>("--new-task-every", into(options.arrival_period),
                                      "Seconds between new tasks of a run, before --speed");
  command.add_flag("--fixed", options.fixed, "A world at rest, for measurements");
  command.add_option("--changing", options.changing, "Share of a fixed run's tasks that change at each walk");
  command.add_option("--token", options.token, "The API token that is accepted")->capture_default_str();
  command.add_option("--org-handle", options.org_handle, "The organization's handle")->capture_default_str();
  command.add_option("--fault", arguments.faults, "Trouble to make, as listed below; may be given again");
  command.add_option("--journal", arguments.journal, "Append every answer to this file, as JSON lines");
  command.add_flag("!--no-control", arguments.control, "Do not answer below /_sim/");
  command.footer("Faults, NAME[=VALUE][/CALL[:PAGE]]:\n" + sim::fault_help());
}

int simulate(SimulateArguments arguments) {
  Signals signals;
  const auto address = config::parse_listen(arguments.listen);
  if (!address) {
    fmt::print(stderr, "--listen {}: {}\n", arguments.listen, address.error());
    return EX_USAGE;
  }
  const sim::ListenOptions listen{
      .host = address->host, .port = address->port, .journal = arguments.journal, .control = arguments.control};
  for (const auto& text : arguments.faults) {
    auto faults = sim::parse_faults(text);
    if (!faults) {
      fmt::print(stderr, "--fault {}\n", faults.error().text);
      return EX_USAGE;
    }
    arguments.options.faults.insert(arguments.options.faults.end(), faults->begin(), faults->end());
  }
  const core::SystemClock clock;
  const auto simulator = sim::simulate(arguments.options, listen, clock);
  if (!simulator) {
    fmt::print(stderr, "runwatch simulate: {}\n", simulator.error().text);
    return simulator.error().kind == core::ErrorKind::busy ? EX_TEMPFAIL : EX_USAGE;
  }
  core::log::info("listening", {{"address", (*simulator)->address()}});
  while (signals.wait(std::chrono::minutes(1)) != Signal::stop) {
  }
  return EX_OK;
}

}  // namespace runwatch::daemon
