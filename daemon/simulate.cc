#include "daemon/simulate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "core/log.h"
#include "daemon/exit_code.h"
#include "daemon/signals.h"
#include "sim/fault.h"
#include "sim/simulator.h"

namespace runwatch::daemon {
namespace {

constexpr core::Duration kTurn = std::chrono::seconds(60);

// `HOST:PORT`, an IPv6 host in brackets.
bool parse_address(const std::string& text, sim::ListenOptions& listen) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  listen.host = text.substr(0, colon);
  if (listen.host.front() == '[' && listen.host.back() == ']') listen.host = listen.host.substr(1, colon - 2);
  return CLI::detail::lexical_cast(text.substr(colon + 1), listen.port);
}

}  // namespace

void add_simulate_options(CLI::App& command, SimulateArguments& arguments) {
  auto& options = arguments.options;
  command.add_option("--listen", arguments.listen, "HOST:PORT; port 0: any free one")->capture_default_str();
  command.add_option("--seed", options.seed, "The same seed tells the same story")->capture_default_str();
  command.add_option("--spaces", options.spaces, "Number of spaces")->capture_default_str();
  command.add_option("--space-token", options.space_tokens, "Token of the next space; may be given again");
  command.add_option("--space-name", options.space_names, "Name of the next space; may be given again");
  command.add_option("--runs", options.runs, "Runs of each space at the start")->capture_default_str();
  command.add_option("--tasks", options.tasks, "Tasks of each run")->capture_default_str();
  command.add_option("--task-bytes", options.task_bytes, "Size of a task with a conversation")->capture_default_str();
  command.add_option("--speed", options.speed, "How much faster than life")->capture_default_str();
  command.add_option("--failure-rate", options.failure_rate, "Share of attempts that fail")->capture_default_str();
  command.add_flag("--retries,!--no-retries", options.retries, "Failed attempts are made again, up to three");
  command.add_option("--vanish-rate", options.vanish_rate, "Share of tasks that are deleted")->capture_default_str();
  command.add_option_function<double>(
      "--new-run-every",
      [&](double s) { options.new_run_period = core::Duration(static_cast<std::int64_t>(s * 1000)); },
      "Seconds between new runs of a space, before --speed");
  command.add_option_function<double>(
      "--new-task-every",
      [&](double s) { options.arrival_period = core::Duration(static_cast<std::int64_t>(s * 1000)); },
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
  sim::ListenOptions listen{.journal = arguments.journal, .control = arguments.control};
  if (!parse_address(arguments.listen, listen)) {
    fmt::print(stderr, "--listen {}: expected HOST:PORT, as in 127.0.0.1:0\n", arguments.listen);
    return kUsage;
  }
  for (const auto& text : arguments.faults) {
    auto faults = sim::parse_faults(text);
    if (!faults) {
      fmt::print(stderr, "--fault {}\n", faults.error().text);
      return kUsage;
    }
    arguments.options.faults.insert(arguments.options.faults.end(), faults->begin(), faults->end());
  }
  const core::SystemClock clock;
  const auto simulator = sim::simulate(arguments.options, listen, clock);
  if (!simulator) {
    fmt::print(stderr, "runwatch simulate: {}\n", simulator.error().text);
    return simulator.error().kind == core::ErrorKind::busy ? kTemporary : kUsage;
  }
  core::log::info("listening", {{"address", (*simulator)->address()}});
  while (signals.wait(kTurn) != Signal::stop) {
  }
  return kGood;
}

}  // namespace runwatch::daemon
