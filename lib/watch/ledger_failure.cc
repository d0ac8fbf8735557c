#include <algorithm>
#include <utility>

#include "watch/ledger.h"
#include "watch/plan.h"
#include "watch/show.h"
#include "watch/timing.h"

namespace runwatch::watch {
namespace {

namespace log = core::log;

// The same trouble again and again is one line in five minutes, with the number of those held back.
void log_failure(log::RateLimit& limit, core::SteadyTime now, const std::string& space, const std::string& run,
                 std::string_view reason, std::string_view text) {
  const auto held_back = limit.admit(space + '\n' + std::string(reason), now);
  if (held_back < 0) return;
  const std::string_view what = run.empty() ? "run list not complete" : "poll not complete";
  log::warning(what, {{"space", space}, {"run", run}, {"reason", reason}, {"error", text}, {"suppressed", held_back}});
}

}  // namespace

// Trouble that comes and goes by the second is told as seldom as trouble that stays.
void Ledger::log_recovery(std::string_view what, const SpaceState& space) {
  const auto held_back = logged_recoveries_.admit(space.name + '\n' + std::string(what), deps_.clock.steady_now());
  if (held_back < 0) return;
  log::info(what, {{"space", space.name}, {"suppressed", held_back}});
}

void Ledger::take(unpod::Failure& failure, const Fetched& fetched, Report& report) {
  if (failure.cancelled) return;
  if (const auto length = pause_after(failure, settings_.interval)) {
    report.pause = Pause{*length, std::nullopt};
    if (failure.reason == view::PollReason::auth) report.pause->refused_token = failure.refused_token;
    hold_back({failure.reason, failure.text, deps_.clock.wall_now()});
  }
  if (fetched.job.kind == JobKind::spaces) {
    return spaces_failed(fetched, failure.reason, failure.text, report);
  }
  account(fetched, 0, 0);
  attempt_failed(fetched, failure.reason, std::move(failure.text), report);
}

// A pause holds back what was not tried yet: the platform's word to one of us is its word to all.
void Ledger::hold_back(const view::PollError& why) {
  for (const auto number : order_) {
    SpaceState& space = spaces_.at(number);
    if (!space.discovery.tried) space.discovery.fail(why);
    for (const auto run : space.order) {
      Attempts& attempts = space.runs.at(run).attempts;
      if (!attempts.tried && space.settings.lists_runs()) attempts.fail(why);
    }
    tell(space);
  }
}

void Ledger::attempt_failed(const Fetched& fetched, const store::Failure& failure, Report& report) {
  report.outdated = report.outdated || failure.reload;
  attempt_failed(fetched, view::PollReason::store, failure.text, report);
}

void Ledger::attempt_failed(const Fetched& fetched, view::PollReason reason, std::string text, Report& report) {
  SpaceState& space = spaces_.at(fetched.job.space);
  const bool is_poll = fetched.job.kind == JobKind::poll;
  RunState* run = is_poll ? &space.runs.at(fetched.job.run) : nullptr;
  Attempts& attempts = is_poll ? run->attempts : space.discovery;
  const auto interval = is_poll ? run->interval : settings_.discovery_interval;
  if (is_shown(space)) deps_.meters.poll_failed(space.name, reason);
  log_failure(logged_failures_, deps_.clock.steady_now(), space.name, fetched.job.run_id, view::name(reason), text);
  attempts.fail({reason, std::move(text), deps_.clock.wall_now()});
  const auto beat = reason == view::PollReason::shrunken ? settings_.interval : interval;
  const auto delay = delay_after_failure(reason, attempts.failures, beat, settings_.idle_interval, deps_.random());
  report.next.push_back({is_poll ? poll_job(space, *run) : discovery_job(space), in(delay)});
  tell(space);
}

// Spaces that are known from the store and cannot be asked without the list fail with it.
void Ledger::spaces_failed(const Fetched& fetched, view::PollReason reason, const std::string& text, Report& report) {
  spaces_tried_ = true;
  deps_.meters.space_list(false);
  const auto held_back = logged_failures_.admit(view::name(reason), deps_.clock.steady_now());
  if (held_back >= 0) {
    log::warning("the organization's spaces could not be read",
                 {{"reason", view::name(reason)}, {"error", text}, {"suppressed", held_back}});
  }
  for (const auto number : order_) {
    SpaceState& space = spaces_.at(number);
    if (!space.settings.token.empty()) continue;
    deps_.meters.poll_ended(space.name, fetched.took, 0, 0);
    deps_.meters.poll_failed(space.name, reason);
    space.discovery.fail({reason, text, deps_.clock.wall_now()});
    tell(space);
  }
  const auto delay = delay_after_failure(reason, ++spaces_failures_, settings_.discovery_interval,
                                         settings_.idle_interval, deps_.random());
  report.next.push_back({fetched.job, in(delay)});
  has_news_ = true;
}

}  // namespace runwatch::watch
