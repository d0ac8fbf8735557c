#include "watch/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "core/text.h"

namespace runwatch::watch {
namespace {

constexpr core::Duration kTurn = std::chrono::seconds(1);
constexpr core::Duration kSlack = std::chrono::seconds(30);
// Polls that end close to each other are published together: making the bytes of a space anew takes as long as diff and
// commit.
constexpr core::Duration kPublishPeriod = std::chrono::milliseconds(50);
constexpr core::Duration kPauseAfterRefusal = std::chrono::minutes(5);
constexpr std::size_t kLedgerLoop = 0;
constexpr std::size_t kMostFetchers = 64;
// Beside one in the hands of each fetcher: a ledger that waits for its disk is not to hold many.
constexpr std::size_t kAnswersWaiting = 4;

metrics::Endpoint to_endpoint(unpod::Call call) {
  static_assert(static_cast<int>(unpod::Call::organizations) == static_cast<int>(metrics::Endpoint::organizations));
  return static_cast<metrics::Endpoint>(call);  // the same calls in the same order
}

void rest(const std::stop_token& stop, core::Duration length) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, length, [] { return false; });
}

}  // namespace

Watch::Watch(const Settings& settings, unpod::ApiOptions api, Limits limits, Deps deps)
    : api_(std::make_shared<const unpod::ApiOptions>(std::move(api))),
      deps_(std::move(deps)),
      pace_(limits.rate, limits.burst, deps_.clock, limits.shortest_pause),
      dispatcher_(deps_.clock),
      inbox_(kAnswersWaiting),
      progress_(1 + kMostFetchers, deps_.clock),
      ledger_(settings, {deps_.clock, &deps_.store, deps_.meters, deps_.exposition, deps_.random,
                         [this](const auto& receivers) { couriers_.wake(receivers); }}),
      limits_(limits),
      fetchers_(limits.concurrency),
      alerts_(settings.alerts),
      couriers_(courier_deps()) {}

Couriers::Deps Watch::courier_deps() {
  notify::CourierHooks hooks{
      .next =
          [this](const std::string& receiver) {
            return ask([receiver](Ledger& ledger) { return ledger.next_delivery(receiver); });
          },
      .settle =
          [this](notify::Settlement settlement) {
            return ask([settlement = std::move(settlement)](Ledger& ledger) { return ledger.settle(settlement); });
          },
      .mark = [this] { courier_mark_ = deps_.clock.steady_now(); }};
  return {.clock = deps_.clock,
          .hooks = std::move(hooks),
          .make_client = deps_.make_courier_client,
          .snapshot = [this] { return deps_.exposition.snapshot(); },
          .done =
              [this](const notify::Attempt& attempt) {
                tell_ledger([attempt](Ledger& ledger) { ledger.note_shown(attempt); });
              },
          .paused = [this] { return pace_.newest_pause(); }};
}

Watch::~Watch() {
  couriers_.end();
  for (auto& thread : threads_) thread.request_stop();
}

core::Result<void> Watch::load() {
  auto jobs = ledger_.load();
  if (!jobs) return std::unexpected(std::move(jobs.error()));
  first_jobs_ = std::move(*jobs);
  return {};
}

void Watch::run() {
  dispatcher_.plan(std::move(first_jobs_));
  threads_.emplace_back([this](std::stop_token stop) { ledger_loop(std::move(stop)); });
  start_fetchers();
  courier_mark_ = deps_.clock.steady_now();
  couriers_.reconfigure(alerts_);
}

void Watch::start_fetchers() {
  while (threads_.size() < 1 + fetchers_) {
    const auto fetcher = threads_.size() - 1;
    progress_.mark(1 + fetcher);
    threads_.emplace_back([this, fetcher](std::stop_token stop) { fetch_loop(fetcher, std::move(stop)); });
  }
}

core::Result<std::uint64_t> Watch::reconfigure(const Settings& settings, unpod::ApiOptions api, Limits limits) {
  const auto asked_before = ask_like(std::make_shared<const unpod::ApiOptions>(std::move(api)), limits);
  const auto limits_before = std::exchange(limits_, limits);
  auto done = take_over(settings);
  if (!done) {
    ask_like(asked_before, limits_before);
    limits_ = limits_before;
    return done;
  }
  alerts_ = settings.alerts;
  courier_mark_ = deps_.clock.steady_now();
  couriers_.reconfigure(alerts_);
  return done;
}

core::Result<std::uint64_t> Watch::take_over(const Settings& settings) {
  const auto turn = std::make_shared<Turn>();
  const auto hearing = std::make_shared<Turn>();  // of a failure: whoever waits tells it, else the ledger
  auto answer = ask([this, turn, hearing, settings](Ledger& ledger) -> core::Result<std::uint64_t> {
    if (!turn->take()) return 0;
    auto [jobs, outcome, given_up] = ledger.reconfigure(settings);
    dispatcher_.revise([&](const Job& job) { return ledger.due_by(job); });
    dispatcher_.plan(std::move(jobs));
    if (outcome) return given_up;
    if (!hearing->take()) core::log::error("settings could not be taken over", {{"error", outcome.error().text}});
    return std::unexpected(std::move(outcome.error()));
  });
  const auto is_done = [&] { return answer.wait_for(kAnswerWithin) == std::future_status::ready; };
  if (is_done()) return outcome_of(answer);
  if (turn->take()) return core::fail(core::ErrorKind::unavailable, "the store keeps the ledger waiting: reload again");
  if (is_done() || !hearing->take()) return outcome_of(answer);
  core::log::warning("the store keeps the ledger waiting in the midst of a reload: it is taken over after that");
  return 0;
}

// What the platform is asked by, from the next request on. Gives what it was asked by before.
std::shared_ptr<const unpod::ApiOptions> Watch::ask_like(std::shared_ptr<const unpod::ApiOptions> api,
                                                         const Limits& limits) {
  pace_.set_rate(limits.rate, limits.burst, limits.shortest_pause);
  const auto now = *api;
  auto before = api_.with([&](auto& options) { return std::exchange(options, std::move(api)); });
  const bool other_platform = before->base_url != now.base_url || before->org_handle != now.org_handle;
  if (other_platform) pace_.resume();  // what the one asked for is not asked by the other
  fetchers_ = limits.concurrency;
  start_fetchers();
  return before;
}

unpod::Hooks Watch::hooks(std::size_t loop) {
  return {
      .admit =
          [this, loop](std::stop_token stop) {
            const auto waited = pace_.admit(std::move(stop), [this, loop] { progress_.mark(loop); });
            progress_.mark(loop);
            if (waited && waited->count() > 0) deps_.meters.api_throttled(*waited);
            return waited.has_value();
          },
      .done = [this](unpod::Call call, int status, core::Duration took,
                     std::uint64_t bytes) { deps_.meters.api_request(to_endpoint(call), status, took, bytes); },
      .answered = [this](core::SteadyTime sent) { pace_.answered(sent); },
      .throttled = [this](core::SteadyTime sent,
                          std::optional<core::Duration> retry_after) { return pace_.throttled(sent, retry_after); },
  };
}

void Watch::fetch_loop(std::size_t fetcher, std::stop_token stop) {
  const auto loop = 1 + fetcher;
  const auto client = deps_.make_client();
  std::shared_ptr<const unpod::ApiOptions> options;
  std::optional<unpod::Api> api;
  while (!stop.stop_requested()) {
    progress_.mark(loop);
    if (fetcher >= fetchers_) {  // not needed just now
      rest(stop, kTurn);
      continue;
    }
    if (pace_.is_paused()) {
      pace_.wait_while_paused(stop, kTurn);
      continue;
    }
    if (!inbox_.has_room(stop, kTurn)) continue;
    const auto planned = dispatcher_.next(stop, kTurn);
    if (!planned) continue;
    const auto newest = api_.with([](const auto& o) { return o; });
    if (newest != options) api.emplace(*(options = newest), *client, deps_.credentials, hooks(loop), deps_.clock);
    inbox_.put(fetch_safely(*planned, *api, stop));
  }
}

// Whatever goes wrong inside is a failed poll, never the end of the loop.
Fetched Watch::fetch_safely(const Planned& planned, unpod::Api& api, std::stop_token stop) {
  try {
    return fetch(planned, api, deps_.clock, std::move(stop));
  } catch (const std::exception& error) {
    unpod::Failure failure;
    failure.text = core::printable(error.what());
    const auto now = Moment::now(deps_.clock);
    return {.job = planned.job, .due = planned.due, .began = now, .outcome = std::move(failure)};
  }
}

// What is known may be half changed after an exception: it is read again from the store.
void Watch::step(Message message) {
  try {
    if (auto* fetched = std::get_if<Fetched>(&message)) follow(ledger_.apply(std::move(*fetched)));
    if (auto* question = std::get_if<Question>(&message)) (*question)(ledger_);
    if (is_broken_) recover();
    follow(ledger_.tick());
    if (ledger_.has_news() && (ledger_.is_urgent() || deps_.clock.steady_now() >= next_publish_)) {
      next_publish_ = deps_.clock.steady_now() + kPublishPeriod;
      const auto before = deps_.exposition.snapshot();
      ledger_.publish();
      const auto after = deps_.exposition.snapshot();
      if (before == nullptr || before->alerts != after->alerts) couriers_.wake_by_level();
    }
  } catch (const std::exception& error) {
    core::log::error("a poll could not be applied", {{"error", error.what()}});
    recover();
  }
}

void Watch::recover() {
  core::log::warning("reading the store again: it is ahead of what is known");
  is_broken_ = false;
  auto jobs = ledger_.recover();
  if (jobs) return dispatcher_.plan(std::move(*jobs));
  failure_.with([&](auto& failure) { failure = std::move(jobs.error()); });
}

void Watch::ledger_loop(std::stop_token stop) {
  while (!stop.stop_requested() && !failure()) {
    progress_.mark(kLedgerLoop);
    const auto to_publish = std::chrono::ceil<core::Duration>(next_publish_ - deps_.clock.steady_now());
    try {
      step(inbox_.take(stop, ledger_.rests(ledger_.has_news() ? to_publish : kTurn)));
      watch_pause();
    } catch (const std::exception& error) {  // short of memory: a new process begins with what is stored
      failure_.with([&](auto& failure) { failure = {core::ErrorKind::unavailable, error.what()}; });
    }
  }
}

void Watch::follow(Report report) {
  if (report.refused_token) {
    refused_ = std::move(report.refused_token);
    pace_.pause_for(kPauseAfterRefusal);
  }
  dispatcher_.plan(std::move(report.next));
  if (report.outdated) recover();
}

// A pause after a refused token ends with the token. Each pause is told once.
void Watch::watch_pause() {
  if (refused_ && deps_.credentials.refresh(*refused_)) {
    core::log::info("the token changed: polling goes on");
    refused_.reset();
    pace_.resume();
  }
  const auto left = pace_.pause_left();
  const auto until = std::chrono::round<std::chrono::seconds>(deps_.clock.wall_now() + left);
  deps_.meters.api_paused_until(left > core::Duration(0) ? core::WallTime(until) : core::WallTime());
  const bool pauses = left > core::Duration(0);
  if (pauses) {
    ledger_.note_pause(
        view::Pause{until, refused_ ? "the token was refused; another one ends it" : "the platform asked for it"});
  } else {
    ledger_.note_pause(std::nullopt);
  }
  if (pauses && !pause_told_) {
    core::log::warning(refused_ ? "all polls pause: the token was refused; another one ends it"
                                : "all polls pause, as the platform asked",
                       {{"for", left}});
  }
  pause_told_ = left > core::Duration(0);
  if (!pause_told_) refused_.reset();
}

void Watch::note_reload(view::Reload reload) {
  tell_ledger([reload = std::move(reload)](Ledger& ledger) { ledger.note_reload(reload); });
}

std::optional<core::Error> Watch::failure() const {
  return failure_.with([](const auto& failure) { return failure; });
}

std::optional<std::string> Watch::stuck_loop() const {
  const auto now = deps_.clock.steady_now();
  const auto timeout = api_.with([](const auto& options) { return options->timeout; });
  if (now - progress_.last(kLedgerLoop) > kSlack) return "ledger";
  for (std::size_t i = 0; i < fetchers_; ++i) {
    if (now - progress_.last(1 + i) > timeout + kSlack) return fmt::format("fetch {}", i + 1);
  }
  return std::nullopt;
}

void Watch::report_progress() {
  const auto steady = deps_.clock.steady_now();
  const auto wall = deps_.clock.wall_now();
  const auto at = [&](core::SteadyTime last) {
    return wall - std::chrono::duration_cast<core::Duration>(steady - last);
  };
  auto oldest_fetch = core::SteadyTime::max();
  for (std::size_t i = 0; i < fetchers_; ++i) oldest_fetch = std::min(oldest_fetch, progress_.last(1 + i));
  deps_.meters.progress(metrics::Loop::ledger, at(progress_.last(kLedgerLoop)));
  deps_.meters.progress(metrics::Loop::fetch, at(oldest_fetch));
  const bool delivers = !alerts_.receivers.empty() || alerts_.heartbeat;
  deps_.meters.progress(metrics::Loop::courier, delivers ? std::optional(at(courier_mark_)) : std::nullopt);
}

}  // namespace runwatch::watch
