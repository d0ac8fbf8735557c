#include "sim/sink.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <vector>

#include "config/address.h"
#include "core/log.h"
#include "core/secret.h"
#include "daemon/commands.h"
#include "daemon/help.h"
#include "daemon/signals.h"
#include "notify/signature.h"

namespace runwatch::daemon {
namespace {

int refuse(const std::string& option, const std::string& text) {
  return fmt::print(stderr, "{}: {}\n", option, text), EX_USAGE;
}

void print_line(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

void add_sink_options(CLI::App& command, SinkArguments& arguments) {
  command.add_option("--listen", arguments.listen, "HOST:PORT; port 0: any free one")->capture_default_str();
  command.add_option("--secret", arguments.secrets, "Verify signatures by this one, whsec_…; may be given again");
  command
      .add_option("--fail", arguments.faults,
                  "WHAT:SHARE, as 500:0.1: a status, `hang`, or `close`; may be given again")
      ->option_text("WHAT:SHARE ...");
  command.add_option("--seed", arguments.seed, "The same seed fails in the same way")->capture_default_str();
  command.add_flag("--json", arguments.json, "One JSON object for each arrival");
  command.footer(
      "Each arrival is a line: what it says, whether its signature is good, whether its id came before.\n"
      "`hang` never answers; `close` takes the notice and loses the answer.\n\n" +
      exit_codes({EX_OK, EX_USAGE, EX_TEMPFAIL}));
}

int sink(const SinkArguments& arguments) {
  Signals signals;
  const auto address = config::parse_listen(arguments.listen);
  if (!address) return refuse("--listen " + arguments.listen, address.error());
  sim::SinkOptions options{.host = config::ipv4_host(*address), .port = address->port, .seed = arguments.seed};
  for (const auto& text : arguments.faults) {
    const auto fault = sim::parse_sink_fault(text);
    if (!fault) return refuse("--fail " + text, fault.error().text);
    options.faults.push_back(*fault);
  }
  const std::vector<core::Secret> secrets(arguments.secrets.begin(), arguments.secrets.end());
  for (const auto& secret : secrets) {
    if (const auto good = notify::check_secret(secret); !good) return refuse("--secret", good.error().text);
  }
  const core::SystemClock clock;
  if (!secrets.empty()) {
    options.verify = [&](const sim::SinkMessage& m) {
      return notify::verify({m.id, m.timestamp, m.signatures, m.body}, secrets, clock.wall_now());
    };
  }
  options.arrived = [json = arguments.json](const sim::Arrival& arrival) {
    print_line(json ? to_json(arrival) : describe(arrival));
  };
  const auto receiver = sim::receive(std::move(options), clock);
  if (!receiver) {
    const int code = refuse("runwatch sink", receiver.error().text);
    return receiver.error().kind == core::ErrorKind::busy ? EX_TEMPFAIL : code;
  }
  core::log::info("listening", {{"address", (*receiver)->address()}});
  while (signals.wait(std::chrono::minutes(1)) != Signal::stop) {
  }
  return EX_OK;
}

}  // namespace runwatch::daemon
