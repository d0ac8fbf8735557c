#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "config/address.h"
#include "core/log.h"
#include "core/log_sink.h"
#include "daemon/commands.h"
#include "daemon/help.h"
#include "daemon/signals.h"
#include "http/listen.h"
#include "sim/fault.h"
#include "sim/simulator.h"
#include "sim/sink.h"

namespace runwatch::daemon {
namespace {

namespace fs = std::filesystem;

// A folder of its own, gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "runwatch-demo-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), pattern);
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// The configuration a user would write, with short intervals, because the demo's campaigns are in a hurry.
fs::path write_config(const fs::path& folder, const std::string& listen, const sim::Options& options,
                      const sim::Simulator& simulator, const std::string& receiver) {
  const auto token = folder / "token";
  std::ofstream(token) << options.token << '\n';
  fs::permissions(token, fs::perms::owner_read | fs::perms::owner_write);
  const auto path = folder / "runwatch.toml";
  std::ofstream out(path);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);  // tokens and addresses stand in it
  out << fmt::format("control = \"{}\"\n\n", (folder / "control.sock").string());
  out << fmt::format("[api]\nbase_url = \"{}\"\norg_handle = \"{}\"\ntoken_file = \"{}\"\nrate_limit = 200\n\n",
                     simulator.base_url(), options.org_handle, token.string());
  out << "[poll]\ninterval = \"2s\"\nidle_interval = \"30s\"\ndiscovery_interval = \"5s\"\n\n";
  for (const auto& space : simulator.spaces()) {
    out << fmt::format("[[spaces]]\ntoken = \"{}\"\nname = \"{}\"\n\n", space.token, space.name);
  }
  out << fmt::format("[server]\nlisten = \"{}\"\n\n[store]\npath = \"{}\"\n", listen, (folder / "state.db").string());
  out << "\n[alerts]\ngroup_wait = \"2s\"\ngroup_interval = \"5s\"\n\n";
  out << "[[alerts.rules]]\nname = \"task-failed\"\nwhen = \"task_failed\"\n\n";
  out << "[[alerts.rules]]\nname = \"platform-down\"\nwhen = \"poll_failing\"\nfor = \"10s\"\n\n";
  out << fmt::format("[[alerts.receivers]]\nname = \"terminal\"\ntype = \"webhook\"\nurl = \"http://{}/\"\n", receiver);
  return path;
}

void print(const std::string& text) {
  // Not by way of stdio, which waits for whoever reads it.
  core::log::Sink(STDOUT_FILENO).write(LOG_INFO, text);
}

void announce(const std::string& address, const std::string& platform, double failure_rate,
              const std::string& control) {
  const auto text = fmt::format(
      "\nrunwatch watches a simulated platform; its campaigns run on as you look.\n\n"
      "  status page   http://{0}/\n"
      "  metrics       http://{0}/metrics\n"
      "  JSON          http://{0}/api/v1/status\n"
      "  platform      {1}/_sim/state\n\n"
      "Some calls fail there, as they do. Break it:\n\n"
      "  calls fail    curl '{1}/_sim/failing?rate=0.9'\n"
      "    mend        curl '{1}/_sim/failing?rate={2}'\n"
      "  it is down    curl '{1}/_sim/fault?set=down'\n"
      "    mend        curl '{1}/_sim/fault?clear'\n\n"
      "Failed calls raise alarms, which arrive here as lines that begin with ALARM, and resolve when the calls are\n"
      "tried again with success. What is open:\n\n"
      "  runwatch alerts list --control {3}\n\n"
      "Stop with Ctrl-C. Nothing is left behind.\n\n",
      address, platform, failure_rate, control);
  print(text);
}

std::string usual_or_free() {
  const auto usual = config::Server{}.listen.front();
  const auto free = http::could_listen_on(usual.host, usual.port);
  if (free || free.error().kind != core::ErrorKind::busy) return demo_address();
  fmt::print(stderr, "note: port {} is in use: the demo takes a free one\n", usual.port);
  return usual.host + ":0";
}

}  // namespace

// Where Prometheus' sample configuration looks for it: what `serve` does without a word in its file.
std::string demo_address() {
  const auto usual = config::Server{}.listen.front();
  return fmt::format("{}:{}", usual.host, usual.port);
}

int demo(const std::optional<std::string>& given) {
  const std::string listen = given ? *given : usual_or_free();
  if (const auto address = config::parse_listen(listen); !address) {
    fmt::print(stderr, "--listen {}: {}\n", listen, address.error());
    return EX_USAGE;
  }
  // Before the simulator starts its threads, so that they inherit the mask.
  const Signals signals;
  const TemporaryFolder folder;
  const auto options = sim::demo_options();
  const core::SystemClock clock;
  const auto simulator = sim::simulate(options, {}, clock);
  if (!simulator) {
    fmt::print(stderr, "runwatch demo: {}\n", simulator.error().text);
    return exit_code(simulator.error().kind);
  }
  const auto receiver =
      sim::receive({.arrived = [](const sim::Arrival& arrival) { print("ALARM " + sim::describe(arrival)); }}, clock);
  if (!receiver) {
    fmt::print(stderr, "runwatch demo: {}\n", receiver.error().text);
    return exit_code(receiver.error().kind);
  }
  const auto path = write_config(folder.path(), listen, options, **simulator, (*receiver)->address());
  const auto config = load_config(path);
  if (!config) return config.error();
  return serve(path, *config, [&](const std::string& address) {
    announce(address, (*simulator)->base_url(), options.failure_rate, config::control_socket(*config).string());
  });
}

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
  command.footer("Faults, NAME[=VALUE][/CALL[:PAGE]]:\n" + sim::fault_help() + "\n" +
                 exit_codes({EX_OK, EX_USAGE, EX_TEMPFAIL}));
}

int simulate(SimulateArguments arguments) {
  Signals signals;
  const auto address = config::parse_listen(arguments.listen);
  if (!address) {
    fmt::print(stderr, "--listen {}: {}\n", arguments.listen, address.error());
    return EX_USAGE;
  }
  const sim::ListenOptions listen{.host = config::ipv4_host(*address),
                                  .port = address->port,
                                  .journal = arguments.journal,
                                  .control = arguments.control};
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
