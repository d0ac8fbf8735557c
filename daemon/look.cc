#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "core/log.h"
#include "daemon/commands.h"
#include "daemon/settings.h"
#include "metrics/exposition.h"
#include "metrics/meters.h"
#include "page/json.h"
#include "version.h"
#include "watch/job.h"
#include "watch/ledger.h"
#include "watch/pace.h"

namespace runwatch::daemon {
namespace {

// The daemon's own ledger without a store; each job is done once, one after the other.
class Look {
 public:
  explicit Look(const config::Config& config)
      : asking_(config),
        meters_({}),
        exposition_({}, meters_),
        ledger_(watch_settings(config), {asking_.clock, nullptr, meters_, exposition_, [] { return 0.0; }}) {}

  // Returns the exit code.
  int run() {
    auto jobs = ledger_.load();
    if (!jobs) return exit_code(jobs.error().kind);
    std::vector<watch::Planned> to_do = std::move(*jobs);
    for (std::size_t i = 0; i < to_do.size(); ++i) {
      const watch::Job& job = to_do[i].job;
      if (!done_.insert({job.kind, job.space, job.run}).second) continue;
      auto fetched = watch::fetch(to_do[i], asking_.api, asking_.clock, {});
      note(fetched);
      auto report = ledger_.apply(std::move(fetched));
      std::ranges::move(report.next, std::back_inserter(to_do));
    }
    ledger_.publish();
    tell_unknown();
    return code_;
  }

  std::shared_ptr<const view::Snapshot> snapshot() const { return exposition_.snapshot(); }

 private:
  void note(const watch::Fetched& fetched) {
    const auto* failure = std::get_if<unpod::Failure>(&fetched.outcome);
    if (failure == nullptr) return;
    code_ = view::is_refusal(failure->reason) || code_ == EX_NOPERM ? EX_NOPERM : EX_UNAVAILABLE;
  }

  void tell_unknown() {
    for (const auto& space : snapshot()->spaces) {
      for (const auto& run : space->runs) {
        if (!run->unknown) continue;
        fmt::print(stderr, "space {}: the platform does not know the run {}: mend its id under runs\n", space->name,
                   run->run_id);
        if (code_ == EX_OK) code_ = EX_UNAVAILABLE;
      }
    }
  }

  Asking asking_;
  metrics::Meters meters_;
  metrics::Exposition exposition_;
  watch::Ledger ledger_;
  std::set<std::tuple<watch::JobKind, std::int64_t, std::int64_t>> done_;
  int code_ = EX_OK;
};

constexpr const char* kRow = "{:<20} {:<34} {:<12} {:>8} {:>8} {:>10} {:>10} {:>8}\n";

std::string trouble(const std::string& of, const view::PollError& error) {
  return fmt::format("{:<20} not complete: {}: {}\n", of, view::name(error.reason), error.text);
}

std::string row(const std::string& space, const view::RunSnapshot& run) {
  const std::string status(run.unknown ? "unknown" : run.status ? task::name(*run.status) : "-");
  if (!run.tasks_known()) return fmt::format("{:<20} {:<34} {:<12} {:>8}\n", space, run.run_id, status, "-");
  const auto of = [&](task::Status s) { return run.tasks[task::index(s)]; };
  std::uint64_t all = 0;
  for (const auto n : run.tasks) all += n;
  const auto completed = of(task::Status::completed);
  const auto partly = of(task::Status::partially_completed);
  const auto failed = of(task::Status::failed);
  return fmt::format(kRow, space, run.run_id, status, all, all - completed - partly - failed, completed, partly,
                     failed);
}

std::string table(const view::Snapshot& snapshot) {
  std::string out = fmt::format(kRow, "SPACE", "RUN", "STATUS", "TASKS", "OPEN", "COMPLETED", "PARTIALLY", "FAILED");
  if (snapshot.organization && snapshot.organization->last_error)
    out += trouble("the organization", *snapshot.organization->last_error);
  for (const auto& space : snapshot.spaces) {
    for (const auto& run : space->runs) {
      out += row(space->name, *run);
    }
    if (space->last_error) out += trouble(space->name, *space->last_error);
  }
  return out;
}

std::string print(const view::Snapshot& snapshot, const std::string& format) {
  if (format == "json") return page::look_json(snapshot, kVersion, core::SystemClock().wall_now()) + "\n";
  return format == "prometheus" ? metrics::render_gauges(snapshot) : table(snapshot);
}

}  // namespace

int look_once(const config::Config& config, const std::string& format) {
  core::log::configure(std::min(config.log.level, core::log::Level::warning), config.log.format);
  Look look(config);
  const int code = look.run();
  fmt::print("{}", print(*look.snapshot(), format));
  return code;
}

}  // namespace runwatch::daemon
