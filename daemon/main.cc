#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>

#include "config/load.h"
#include "daemon/commands.h"
#include "daemon/control.h"
#include "daemon/help.h"
#include "version.h"

namespace runwatch::daemon {
namespace {

struct Arguments {
  std::string config = config::kDefaultPath;
  bool live = false;
  bool running = false;
  std::string format = "table";
  std::optional<std::string> demo_listen;
  SimulateArguments simulate;
  SinkArguments sink;
  ControlArguments control;
};

constexpr const char* kDescription =
    R"(Watches voice-call campaign runs on the Unpod platform: polls them, notices every change of every task and
serves gauges, counters and histograms to Prometheus on /metrics.

Start with `runwatch demo`, which needs no account. For your own campaigns write a configuration (a commented
sample is installed as /etc/runwatch/runwatch.toml), try it with `runwatch check --live`, then run
`runwatch serve`, which is what the systemd unit does.)";

void add_config(CLI::App& command, Arguments& arguments) {
  command.add_option("--config,-c", arguments.config, "Configuration file (TOML)")->capture_default_str();
}

void add_look(CLI::App& app, Arguments& arguments) {
  auto* look = app.add_subcommand("once", "Poll everything once and print it: nothing is kept, nothing is served");
  add_config(*look, arguments);
  look->add_option("--format", arguments.format, "How to print")
      ->transform(CLI::IsMember({"table", "json", "prometheus"}, CLI::ignore_case))
      ->option_text("table|json|prometheus [table]");
  look->footer(
      "FAILED is how many tasks stand there as failed now. Attempts that failed, retried or not, are what `serve` "
      "counts\n"
      "and the alerts look at.\n\n" +
      exit_codes());
}

void add_check(CLI::App& app, Arguments& arguments) {
  auto* check = app.add_subcommand(
      "check", "Say what is wrong with a configuration, and what serve would stumble over; touches nothing");
  add_config(*check, arguments);
  auto* live = check->add_flag("--live", arguments.live,
                               "Look around, too: disk, DNS, TLS, clock, token, each space, run and receiver");
  check->add_flag("--running", arguments.running, "Ask the running daemon instead whether it is alive")->excludes(live);
  check->add_option("--control", arguments.control.socket, "With --running: its socket, instead of a look at --config");
  check->footer("With --running, a loop that hangs ends it with 75.\n\n" +
                exit_codes({EX_OK, EX_USAGE, EX_UNAVAILABLE, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG}));
}

void add_commands(CLI::App& app, Arguments& arguments) {
  add_config(app, arguments);
  const auto of_daemon = exit_codes({EX_OK, EX_USAGE, EX_TEMPFAIL, EX_CONFIG});
  auto* serve_command =
      app.add_subcommand("serve", "Poll, keep the ledger and serve metrics until stopped (the default)");
  add_config(*serve_command, arguments);
  serve_command->footer(of_daemon);
  add_check(app, arguments);
  add_look(app, arguments);
  add_alerts(app, arguments.control);
  add_silence(app, arguments.control);
  add_running(app, arguments.control);
  auto* sink_command =
      app.add_subcommand("sink", "A local receiver of notices that verifies who signed them, for trials");
  add_sink_options(*sink_command, arguments.sink);
  auto* demo_command = app.add_subcommand("demo", "Watch a simulated platform: everything real but the calls");
  demo_command->add_option("--listen", arguments.demo_listen, "Where to serve; port 0: any free one")
      ->option_text(fmt::format("TEXT [{}, or a free port]", demo_address()));
  demo_command->footer(of_daemon);
  auto* simulate_command = app.add_subcommand("simulate", "The simulated platform alone, for tests and trials");
  add_simulate_options(*simulate_command, arguments.simulate);
  app.add_subcommand("version", "Print the version")->footer(exit_codes({EX_OK, EX_USAGE}));
  app.add_subcommand("describe", "Print all of this as JSON")->group("");
}

int run_check(const Arguments& arguments, const config::Config& config) {
  warn_of_unreadable_files(arguments.config, config);
  const int code = check_places(config);
  if (code == EX_OK) fmt::print("{}: the configuration is good\n", arguments.config);
  const int around = arguments.live ? check_live(config) : EX_OK;
  return code != EX_OK ? code : around;
}

int run_chosen(const CLI::App& app, Arguments& arguments) {
  const auto is = [&app](const char* command) { return app.got_subcommand(command); };
  if (is("describe")) {
    fmt::print("{}\n", describe(app));
    return EX_OK;
  }
  if (arguments.control.chosen) return arguments.control.chosen();
  if (is("sink")) return sink(arguments.sink);
  if (is("demo")) return demo(arguments.demo_listen);
  if (is("simulate")) return simulate(arguments.simulate);
  // A reload that is asked for while the daemon is still starting is no reason to end.
  if (!is("check") && !is("once")) std::signal(SIGHUP, SIG_IGN);
  if (is("check") && arguments.running) {
    arguments.control.config = arguments.config;
    return check_running(arguments.control);
  }
  const auto config = load_config(arguments.config);
  if (!config) return config.error();
  if (is("check")) return run_check(arguments, *config);
  if (is("once")) return look_once(*config, arguments.format);
  return serve(arguments.config, *config);
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(kDescription, "runwatch");
  app.footer(exit_codes());
  app.failure_message(refusal);
  app.require_subcommand(0, 1);
  const auto version_text = fmt::format("runwatch {} ({}, {})", kVersion, kRevision, kCompiler);
  app.set_version_flag("--version", version_text);
  app.get_formatter()->column_width(24);
  add_commands(app, arguments);
  if (argc == 2 && argv[1] == std::string_view("help")) {
    fmt::print("{}", app.help());
    return EX_OK;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EX_OK : EX_USAGE;
  }
  if (app.got_subcommand("version")) {
    fmt::print("{}\n", version_text);
    return EX_OK;
  }
  return run_chosen(app, arguments);
}

}  // namespace
}  // namespace runwatch::daemon

int main(int argc, char** argv) {
  try {
    return runwatch::daemon::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "runwatch: {}\n", error.what());
    return EX_TEMPFAIL;
  }
}
