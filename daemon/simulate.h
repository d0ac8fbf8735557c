// `simulate`: the simulated platform alone.
#pragma once

#include <string>
#include <vector>

#include "sim/options.h"

namespace CLI {
class App;
}

namespace runwatch::daemon {

struct SimulateArguments {
  std::string listen = "127.0.0.1:0";
  std::vector<std::string> faults;
  std::string journal;
  bool control = true;
  sim::Options options;
};

void add_simulate_options(CLI::App& command, SimulateArguments& arguments);
int simulate(SimulateArguments arguments);

}  // namespace runwatch::daemon
