// What commands share that ask the running daemon, by its control socket.
//
// Exit codes: EX_UNAVAILABLE where none answers, EX_USAGE for what it refuses (an id, a name, a number that it does not
// know), EX_TEMPFAIL for what it cannot do now.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/load.h"
#include "control/request.h"

namespace CLI {
class App;
}

namespace runwatch::daemon {

struct ControlArguments {
  std::string config = config::kDefaultPath;
  std::string socket;  // empty: where the configuration says
  bool json = false;
  std::string id;    // empty: the path has none
  std::string file;  // of a backup
  std::chrono::seconds patience{30};
  control::Request request;
  std::function<int()> chosen;  // the command that was named; returns its exit code
};

using Json = nlohmann::ordered_json;
using Print = std::function<std::string(const Json& answer)>;

// What the daemon answers; the error is the exit code, and was told: `refused` for what the daemon refuses.
std::expected<Json, int> ask_daemon(const ControlArguments& arguments, const std::string& method,
                                    const std::string& path, int refused = 64);

void add_target(CLI::App& command, ControlArguments& arguments);  // --config and --control

// A subcommand with --config, --control and --json that asks with GET, or POSTs the request; the id goes behind `path`.
CLI::App& add_question(CLI::App& group, ControlArguments& arguments, const std::string& name, const std::string& what,
                       const std::string& method, const std::string& path, const Print& print);

// What follows `runwatch alerts …` in a hint, so that it asks the same daemon: empty, or words with a blank before
// them.
std::string same_daemon(const ControlArguments& arguments);

// A member as a person reads it, whatever it is: empty for null and for what is missing.
std::string text(const Json& object, const char* member);

// Columns as wide as what stands in them; the first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace runwatch::daemon
