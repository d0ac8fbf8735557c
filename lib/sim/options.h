// What a simulated platform is like: how large, how fast, how troubled. Every member has a sensible default.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "sim/fault.h"

namespace runwatch::sim {

struct Options {
  std::uint64_t seed = 1;

  // Who may ask.
  std::string token = "simulated-token";
  std::string expired_token = "simulated-expired-token";  // answered 403
  std::string org_name = "Simulated Organization";
  std::string org_handle = "sim.example";

  // How much there is.
  std::size_t spaces = 2;
  std::vector<std::string> space_names;  // for the first spaces; more are called "space 3", …
  std::size_t runs = 4;                  // of each space, at the start
  std::size_t tasks = 40;                // of each run at its creation
  double tasks_spread = 0;               // 0.5: half to one and a half times as many
  std::size_t task_bytes = 4096;         // of a task with a conversation, about
  std::size_t max_runs = 500;            // of a space; beyond it the oldest finished one is forgotten

  // How it moves. Every duration below and every one of a call is divided by `speed`.
  double speed = 1;
  core::Duration history{600'000};       // the runs of the start were created over this time before it; not divided
  core::Duration dial_gap{3000};         // between the first attempts of two tasks of a run
  core::Duration new_run_period{0};      // in each space; 0: no new runs
  core::Duration arrival_period{0};      // a new task in each unfinished run; 0: none
  core::Duration retry_delay{900'000};   // of a failure that goes back to `scheduled`; to `pending` after a tenth of it
  core::Duration output_delay{180'000};  // the longest by which an output follows its status

  // What goes wrong.
  double failure_rate = 0.12;  // of attempts
  bool retries = true;         // up to three attempts
  double hold_rate = 0.04;     // of tasks, parked once
  double stuck_rate = 0.01;    // of attempts, in progress until they are put back after 15 minutes
  double odd_rate = 0.01;      // of tasks, whose unfinished status is spelt oddly, unknown, null or missing
  double vanish_rate = 0;      // of tasks, deleted within ten minutes of their creation

  // A world at rest, for measurements: nothing moves but `changing`.
  bool fixed = false;
  double changing = 0;  // share of a run's tasks that take one step of their life when page 1 of the run is asked for

  std::vector<Fault> faults;
};

// Fails: `invalid`, naming the first member that is out of its range.
core::Result<void> check(const Options& options);

// What `runwatch demo` shows: three spaces with runs in motion, failures, retries and recoveries within seconds.
Options demo_options();

}  // namespace runwatch::sim
