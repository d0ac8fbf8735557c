// What the words on the command line do; each command returns the exit code, as BSD's sysexits.h has them: what a
// service manager or script may do about the end.
//
//   EX_USAGE 64, EX_CONFIG 78    wrong words, wrong configuration, or a database that this version cannot read
//   EX_UNAVAILABLE 69            the platform could not be reached, a poll was not complete, a named run is unknown,
//                                or no daemon answers
//   EX_TEMPFAIL 75               port or database in use, disk trouble: may work later
//   EX_NOPERM 77                 credentials refused by the platform
#pragma once

#include <sysexits.h>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/error.h"
#include "sim/options.h"

namespace CLI {
class App;
}

namespace runwatch::daemon {

inline int exit_code(core::ErrorKind kind) {
  switch (kind) {
    case core::ErrorKind::invalid:
    case core::ErrorKind::corrupt:
      return EX_CONFIG;
    case core::ErrorKind::unavailable:
    case core::ErrorKind::busy:
      break;
  }
  return EX_TEMPFAIL;
}

// Loads and tells every problem and warning on standard error; the error is the exit code.
std::expected<config::Config, int> load_config(const std::filesystem::path& path);

// What is wrong with the bodies that receivers would get; nothing: all are good.
std::optional<std::string> fault_in_receivers(const config::Config& config);

// `serve`: the daemon itself, until it is told to stop. `path` is read again on SIGHUP. `announce` is called once with
// the address that is served.
int serve(const std::filesystem::path& path, const config::Config& config,
          const std::function<void(const std::string& address)>& announce = {});

// `check`: tells what `serve` would stumble over if it began now, and what it would make; touches nothing. The exit
// code is the one that it would end with. A database and a port that a running daemon holds are told, and no fault.
int check_places(const config::Config& config);

// Warns root of files of the installed configuration that the service's account cannot read.
void warn_of_unreadable_files(const std::filesystem::path& path, const config::Config& config);

// `check --live`: asks the platform for the organization, each space and each named run; prints a line for each.
int check_live(const config::Config& config);

// `once`: one poll of everything that is configured, with nothing kept. Prints to standard output as "table", "json" or
// "prometheus"; incomplete polls and unknown runs are told on standard error.
int look_once(const config::Config& config, const std::string& format);

// `demo`: the daemon on an ordinary configuration and store, against a simulated platform in the same process. Serves
// on `listen`, else on demo_address(), else, where that is taken, on a free port and says so; leaves nothing behind.
int demo(const std::optional<std::string>& listen);
std::string demo_address();

// `simulate`: the simulated platform alone.
struct SimulateArguments {
  std::string listen = "127.0.0.1:0";
  std::vector<std::string> faults;
  std::string journal;
  bool control = true;
  sim::Options options;
};

void add_simulate_options(CLI::App& command, SimulateArguments& arguments);
int simulate(SimulateArguments arguments);

// `sink`: a local receiver of notices.
struct SinkArguments {
  std::string listen = "127.0.0.1:0";
  std::vector<std::string> secrets, faults;
  std::uint64_t seed = 1;
  bool json = false;
};

void add_sink_options(CLI::App& command, SinkArguments& arguments);
int sink(const SinkArguments& arguments);

// `alerts …`, `silence …`, `reload` and `backup`, which ask the running daemon; and `check --running`.
struct ControlArguments;
int check_running(const ControlArguments& arguments);
void add_running(CLI::App& app, ControlArguments& arguments);
void add_alerts(CLI::App& app, ControlArguments& arguments);
void add_silence(CLI::App& app, ControlArguments& arguments);

}  // namespace runwatch::daemon
