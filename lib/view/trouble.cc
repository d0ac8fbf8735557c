#include "view/trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/ascii.h"
#include "core/timestamp.h"

namespace runwatch::view {
namespace {

using core::lasting;
using core::words;
using task::kNoTime;
using task::Status;
using Incidents = std::vector<const IncidentStanding*>;

std::uint64_t sum(const task::StatusCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::uint64_t count_of(const task::StatusCounts& counts, auto... statuses) {
  return (counts[task::index(statuses)] + ...);
}

std::uint64_t finished_of(const task::StatusCounts& counts) {
  return count_of(counts, Status::completed, Status::partially_completed, Status::failed);
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// What one cause of trouble says; the parts of a verdict, the gravest first.
struct Finding {
  Trouble trouble;
  double extent;  // 0 to 1, among its kind
  std::string why;
};
using Findings = std::vector<Finding>;

core::Duration since(core::WallTime then, const rule::Instant& now) { return now.lived - now.lived_of(then); }

double extent_of(core::Duration length) { return std::min(1.0, core::seconds(length) / 86'400); }

std::string mostly(const RunSnapshot& run) {
  const auto most = std::ranges::max_element(run.failures);
  const auto all = std::accumulate(run.failures.begin(), run.failures.end(), std::uint64_t{0});
  if (2 * *most <= all) return {};
  const auto reason = static_cast<std::size_t>(most - run.failures.begin());
  return ", mostly by " + words(task::kFailureReasonNames.at(reason));
}

void find_failing(const RunSnapshot& run, const rule::Instant& now, Findings& out) {
  const auto finished = finished_of(run.tasks);
  const auto failed = share(count_of(run.tasks, Status::failed), finished);
  if (finished < kFewestFinished || failed <= kFailingShare || since(run.last_change, now) >= kStillChanging) return;
  out.push_back({Trouble::failing, failed,
                 fmt::format("{:.0f} % of {} finished tasks failed{}", 100 * failed, finished, mostly(run))});
}

// What somebody is to move: not a run that waits for its time.
void find_stalled(const RunSnapshot& run, const rule::Instant& now, Findings& out) {
  const auto rests = since(std::max(run.last_change, run.taken_up), now);
  const bool may_stall = run.finished == kNoTime && run.failed_polls == 0 && rests > kStalledAfter;
  if (!may_stall || !task::is_to_move(run.tasks, run.status, run.batch_count)) return;
  const auto all = sum(run.tasks);
  const auto open = all - finished_of(run.tasks);
  const auto rest = all == 0    ? "its tasks are to come"
                    : open == 0 ? "its tasks ended, but not the run"
                    : open == 1 ? "1 task is not finished"
                                : fmt::format("{} tasks are not finished", open);
  out.push_back(
      {Trouble::stalled, extent_of(rests), fmt::format("nothing changed for {}, and {}", lasting(rests), rest)});
}

bool is_lasting(PollReason reason) { return is_refusal(reason) || reason == PollReason::not_found; }

void find_poll_failing(const RunSnapshot& run, const rule::Instant& now, Findings& out) {
  if (run.failed_polls == 0 || !run.last_error) return;
  const auto& error = *run.last_error;
  if (run.failed_polls < kFailedPolls && !is_lasting(error.reason)) return;
  out.push_back(
      {Trouble::poll_failing, extent_of(since(run.failing_since, now)),
       fmt::format("its polls fail ({} in a row, {}: {})", run.failed_polls, words(name(error.reason)), error.text)});
}

void find_old_task(const RunSnapshot& run, const rule::Instant& now, Findings& out) {
  for (const auto status : {Status::processing, Status::in_progress}) {
    const auto oldest = run.oldest[task::index(status)];
    if (oldest == kNoTime) continue;
    const auto age = since(oldest, now);
    if (age <= kTaskOldAfter) continue;
    out.push_back({Trouble::old_task, extent_of(age),
                   fmt::format("a task is {} for {}", words(task::name(status)), lasting(age))});
  }
}

void find_no_such_run(const RunSnapshot& run, Findings& out) {
  if (!run.unknown) return;
  out.push_back({Trouble::no_such_run, 0,
                 "unknown to the platform: correct its id in `runs` of the configuration, or take it out"});
}

// Whose verdict is the run's state; single tasks that failed are no trouble of the run.
Trouble trouble_of(rule::When when) {
  switch (when) {
    case rule::When::failure_ratio:
    case rule::When::call_outcome:
      return Trouble::failing;
    case rule::When::run_stalled:
      return Trouble::stalled;
    case rule::When::task_stuck:
      return Trouble::old_task;
    case rule::When::run_cost:
      return Trouble::alert;
    default:
      return Trouble::none;
  }
}

void find_alerts(const Incidents& incidents, Findings& out) {
  for (const auto* incident : incidents) {
    const auto& notice = incident->notice;
    const auto trouble = trouble_of(notice.when);
    const bool is_said = std::ranges::find(out, trouble, &Finding::trouble) != out.end();
    if (trouble == Trouble::none || is_said || incident->phase != rule::Phase::open || incident->silenced()) continue;
    out.push_back({trouble, 0, fmt::format("alert {}: {}", notice.rule, notice.why)});
  }
}

Condition condition_of(const RunSnapshot& run) {
  if (run.unknown) return Condition::unknown;
  if (!run.polled) return Condition::unread;
  return run.finished == kNoTime ? Condition::under_way : Condition::finished;
}

// Trouble stands above all else, by its kind and then its extent; then comes what has an incident.
double score_of(const RunVerdict& verdict, const Findings& findings) {
  if (!findings.empty()) {
    const auto rank = kTroubleNames.size() - task::index(verdict.trouble);
    return static_cast<double>(rank) + std::min(0.999, findings.front().extent);
  }
  constexpr std::array<double, kConditionNames.size()> kBases{0.3, 0.4, 0.5, 0.0};
  const auto& tasks = verdict.run->tasks;
  return (verdict.alerted() ? 0.8 : kBases.at(task::index(verdict.condition))) +
         0.09 * share(count_of(tasks, Status::failed), sum(tasks));
}

}  // namespace

bool RunVerdict::alerted() const { return std::ranges::any_of(incidents, &IncidentStanding::pressing); }

Progress progress(const RunSnapshot& run, core::WallTime now) {
  constexpr core::Duration kLookBack = std::chrono::hours(1);
  constexpr core::Duration kShortest = std::chrono::minutes(1);
  if (!run.history || run.history->empty() || !run.tasks_known() || run.finished != kNoTime) return {};
  const auto& points = *run.history;
  const auto after = std::ranges::upper_bound(points, now - kLookBack, {}, &HistoryPoint::at);
  const auto& from = after == points.begin() ? *after : *std::prev(after);
  const auto length = now - from.at;
  if (length < kShortest) return {};
  const auto before = finished_of(from.tasks);
  const auto finished = finished_of(run.tasks);
  if (finished <= before) return {.per_hour = 0};
  const double per_second = static_cast<double>(finished - before) / core::seconds(length);
  const auto left = std::max(sum(run.tasks), run.batch_count) - finished;
  const auto lasts = std::chrono::duration<double>(static_cast<double>(left) / per_second);
  return {per_second * 3600, std::chrono::floor<std::chrono::seconds>(now + std::chrono::floor<core::Duration>(lasts))};
}

RunVerdict judge(const SpaceSnapshot& space, const RunSnapshot& run, std::vector<const IncidentStanding*> incidents,
                 const rule::Instant& now) {
  RunVerdict verdict;
  verdict.space = &space;
  verdict.run = &run;
  verdict.condition = condition_of(run);
  Findings findings;
  if (run.tasks_known()) {
    find_failing(run, now, findings);
    find_stalled(run, now, findings);
    find_old_task(run, now, findings);
  }
  find_poll_failing(run, now, findings);
  find_no_such_run(run, findings);
  find_alerts(incidents, findings);
  std::ranges::stable_sort(findings, {}, &Finding::trouble);
  for (const auto& finding : findings) verdict.why += (verdict.why.empty() ? "" : "; ") + finding.why;
  if (!findings.empty()) verdict.trouble = findings.front().trouble;
  for (const auto* incident : incidents) verdict.told = std::max(verdict.told, incident->told);
  verdict.incidents = std::move(incidents);
  verdict.score = score_of(verdict, findings);
  const auto pace = progress(run, now.wall);
  verdict.per_hour = pace.per_hour;
  verdict.end = pace.end;
  return verdict;
}

}  // namespace runwatch::view
