#include <fmt/format.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "config/address.h"
#include "core/log_sink.h"
#include "daemon/commands.h"
#include "daemon/signals.h"
#include "sim/simulator.h"

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
                      const sim::Simulator& simulator) {
  const auto token = folder / "token";
  std::ofstream(token) << options.token << '\n';
  fs::permissions(token, fs::perms::owner_read | fs::perms::owner_write);
  const auto path = folder / "runwatch.toml";
  std::ofstream out(path);
  out << fmt::format("[api]\nbase_url = \"{}\"\norg_handle = \"{}\"\ntoken_file = \"{}\"\nrate_limit = 200\n\n",
                     simulator.base_url(), options.org_handle, token.string());
  out << "[poll]\ninterval = \"2s\"\nidle_interval = \"30s\"\ndiscovery_interval = \"5s\"\n\n";
  for (const auto& space : simulator.spaces()) {
    out << fmt::format("[[spaces]]\ntoken = \"{}\"\nname = \"{}\"\n\n", space.token, space.name);
  }
  out << fmt::format("[server]\nlisten = \"{}\"\n\n[store]\npath = \"{}\"\n", listen, (folder / "state.db").string());
  return path;
}

void announce(const std::string& address, const std::string& platform, double failure_rate) {
  const auto text = fmt::format(
      "\nrunwatch watches a simulated platform; its campaigns run on as you look.\n\n"
      "  status page   http://{0}/\n"
      "  metrics       http://{0}/metrics\n"
      "  JSON          http://{0}/api/v1/status\n"
      "  platform      {1}/_sim/state\n\n"
      "All is well there until you break it:\n\n"
      "  calls fail    curl '{1}/_sim/failing?rate=0.9'\n"
      "    mend        curl '{1}/_sim/failing?rate={2}'\n"
      "  it is down    curl '{1}/_sim/fault?set=down'\n"
      "    mend        curl '{1}/_sim/fault?clear'\n\n"
      "Stop with Ctrl-C. Nothing is left behind.\n",
      address, platform, failure_rate);
  // Not by way of stdio, which waits for whoever reads it.
  core::log::Sink(STDOUT_FILENO).write(LOG_INFO, text);
}

}  // namespace

int demo(const std::string& listen) {
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
  const auto path = write_config(folder.path(), listen, options, **simulator);
  const auto config = load_config(path);
  if (!config) return config.error();
  return serve(path, *config,
               [&](const std::string& address) { announce(address, (*simulator)->base_url(), options.failure_rate); });
}

}  // namespace runwatch::daemon
