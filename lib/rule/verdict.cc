#include "rule/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/timestamp.h"
#include "rule/book.h"

namespace runwatch::rule {
namespace {

using task::kNoTime, task::Status;

Verdict judge_attempts(const Rule& rule, const RunView& run, const Window* window, core::WallTime now) {
  const bool whole_run = rule.window == core::Duration(0);
  const auto sums = whole_run ? run.after->sums : window == nullptr ? task::RunSums{} : window->sums(now);
  const bool of_failures = rule.when == When::failure_ratio;
  std::uint64_t part = of_failures ? sums.failed : 0;
  std::string how = of_failures ? "attempts failed" : "known outcomes were";
  for (std::size_t i = 0; !of_failures && i < rule.outcomes.size(); ++i) {
    part += sums.outcomes[task::index(rule.outcomes[i])];
    how.append(i == 0 ? " " : " or ").append(task::kCallStatusNames[task::index(rule.outcomes[i])]);
  }
  const auto all = of_failures ? sums.finished : std::reduce(sums.outcomes.begin(), sums.outcomes.end());
  Verdict verdict{.threshold = rule.above};
  if (!whole_run && window != nullptr) verdict.next = window->next_change(now);
  if (all == 0 || all < rule.min_finished) return verdict;
  verdict.value = static_cast<double>(part) / static_cast<double>(all);
  verdict.holds = verdict.value > rule.above;
  verdict.why =
      fmt::format("{} of {} {}{}: {:.3g} % (the limit is {:.3g} %)", part, all, how,
                  whole_run ? "" : " within " + core::lasting(rule.window), 100 * verdict.value, 100 * rule.above);
  return verdict;
}

// Of what time alone brings about: it holds once `since`, kNoTime for never, is `rule.lasting` ago. What the store knew
// of a run that was not asked about yet may be long past, and a blind run may have moved unseen.
Verdict judge_lasting(const Rule& rule, const RunView& run, core::WallTime since, const Instant& now,
                      std::string_view what) {
  Verdict verdict{.threshold = core::seconds(rule.lasting)};
  if (!run.tried) return verdict;
  verdict.holds = false;
  if (since != kNoTime) {
    const auto age = std::max(now.lived - now.lived_of(since), core::Duration(0));
    verdict.value = core::seconds(age);
    verdict.holds = age >= rule.lasting;
    verdict.why = fmt::format("{} for {} (the limit is {})", what, core::lasting(age), core::lasting(rule.lasting));
    if (!*verdict.holds) verdict.next = now.lived + (rule.lasting - age);
  }
  if (run.blind) verdict.muted = *std::exchange(verdict.holds, std::nullopt);
  return verdict;
}

Verdict judge_stuck(const Rule& rule, const RunView& run, const Instant& now) {
  std::pair oldest{kNoTime, Status::unknown};
  for (const auto status : rule.statuses) {
    const std::pair since{run.oldest[task::index(status)], status};
    if (since.first > core::WallTime() && (oldest.first == kNoTime || since < oldest)) oldest = since;
  }
  return judge_lasting(rule, run, oldest.first, now, fmt::format("a task has been {}", task::name(oldest.second)));
}

Verdict judge_stalled(const Rule& rule, const RunView& run, const Instant& now) {
  const auto& record = *run.after;
  const auto own = record.row.status_given ? std::optional(record.row.status) : std::nullopt;
  const bool seen = !record.baseline || (record.first_polled != kNoTime && record.last_change > record.first_polled);
  const bool may_stall = seen && record.polled && !record.retired && record.finished == kNoTime &&
                         task::is_to_move(record.tasks, own, record.row.batch_count);
  const auto since = std::max(record.last_change, record.taken_up);  // a run taken up again counts as changed then
  return judge_lasting(rule, run, may_stall ? since : kNoTime, now, "nothing has changed");
}

}  // namespace

Verdict judge(const Rule& rule, const RunView& run, const Window* window, const Instant& now) {
  if (rule.when == When::task_stuck) return judge_stuck(rule, run, now);
  if (rule.when == When::run_stalled) return judge_stalled(rule, run, now);
  if (rule.when == When::failure_ratio || rule.when == When::call_outcome)
    return judge_attempts(rule, run, window, now.lived);
  if (rule.when != When::run_cost) return {};
  const auto cost = run.after->sums.cost;
  const auto why = fmt::format("its calls cost {:.2f} (the limit is {:.2f})", cost, rule.above);
  return {.holds = cost > rule.above, .value = cost, .threshold = rule.above, .why = why};
}

}  // namespace runwatch::rule
