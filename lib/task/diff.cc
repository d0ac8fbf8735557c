#include "task/diff.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "task/attempt.h"
#include "task/run.h"

namespace runwatch::task {
namespace {

constexpr std::uint8_t kMissesUntilGone = 3;
constexpr std::uint64_t kShrunkenAtLeast = 5;
constexpr std::uint64_t kShrunkenDivisor = 5;  // over a fifth

// So much of what is known is missing that the walk itself is in doubt.
bool is_shrunken(std::uint64_t missing, std::uint64_t live) {
  if (missing == 0) return false;
  return missing == live || (missing >= kShrunkenAtLeast && missing * kShrunkenDivisor > live);
}

std::vector<std::uint32_t> order_by_key(const std::vector<ObservedTask>& tasks) {
  std::vector<std::uint32_t> order(tasks.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return tasks[a].key < tasks[b].key; });
  return order;
}

void leave(Diff& diff, const TaskKey& key, const KnownTask& before) {
  KnownTask after = before;
  after.gone = true;
  after.misses = 0;
  diff.tally.transition(before.status, std::nullopt);
  diff.changes.push_back({.key = key, .from = before.status});
  diff.updates.push_back({key, after});
}

// One pass over two sorted sequences; each method handles one task.
class Differ {
 public:
  Differ(const KnownTasks& known, const ObservedRun& observed, const DiffContext& context)
      : known_(known), observed_(observed), context_(context) {}

  Diff run() {
    const auto order = order_by_key(observed_.tasks);
    std::size_t at = 0;
    for (const auto position : order) {
      const ObservedTask& seen = observed_.tasks[position];
      at = pass_over(at, seen.key);
      if (at < known_.size() && known_.key(at) == seen.key) {
        meet(at++, seen);
      } else {
        first_sight(seen);
      }
    }
    for (; !observed_.rest_unchanged && at < known_.size(); ++at) miss(at);
    settle_missing();
    std::ranges::sort(diff_.updates, {}, &TaskUpdate::key);
    return std::move(diff_);
  }

 private:
  // The first known task from `at` on whose key is not less than `key`; those before it were not seen, or are
  // unchanged.
  std::size_t pass_over(std::size_t at, const TaskKey& key) {
    if (observed_.rest_unchanged) return known_.lower_bound(at, key);
    for (; at < known_.size() && known_.key(at) < key; ++at) miss(at);
    return at;
  }

  void first_sight(const ObservedTask& seen) {
    KnownTask task{.status = seen.status};
    task.since = since(seen, true);
    task.unclaimed = true;
    adopt_identity(task, seen);
    if (is_finished(seen.status)) task.last_finished = seen.status;
    TaskChange change{.key = seen.key, .to = seen.status, .baseline = context_.baseline, .new_attempt = true};
    change.facts = facts_of(task, seen);
    diff_.tally.transition(std::nullopt, seen.status);
    if (context_.baseline) {
      keep_quiet(task, seen);
    } else {
      tell_entry(seen);
      tell(task, seen, context_.now, diff_.tally);
      change.news = news_of({}, task, true);
    }
    diff_.changes.push_back(change);
    diff_.updates.push_back({seen.key, task});
  }

  void meet(std::size_t at, const ObservedTask& seen) {
    const KnownTask before = known_.at(at);
    KnownTask after = before;
    after.misses = 0;
    after.gone = false;
    if (!before.gone) ++live_;
    const auto changes = diff_.changes.size();
    if (seen.status != before.status) {
      change_status(before, after, seen);
    } else {
      same_status(before, after, seen);
    }
    tell(after, seen, context_.now, diff_.tally);
    if (after == before) return;
    if (diff_.changes.size() == changes && tells_more(before, after)) {
      diff_.changes.push_back({.key = seen.key,
                               .kind = ChangeKind::late,
                               .from = seen.status,
                               .to = seen.status,
                               .facts = facts_of(after, seen)});
    }
    if (diff_.changes.size() > changes) {
      auto& change = diff_.changes.back();
      change.news = news_of(before, after, change.new_attempt);
      change.attempts = after.attempts;
    }
    KnownTask stored = after;
    stored.misses = before.misses;
    diff_.updates.push_back({seen.key, after, stored != before});
  }

  void change_status(const KnownTask& before, KnownTask& after, const ObservedTask& seen) {
    after.status = seen.status;
    after.since = since(seen, false);
    const bool new_attempt = begin_attempt_if_new(before, after, seen);
    const bool was_finished = is_finished(before.status);
    const bool finished = is_finished(seen.status);
    if (was_finished && !finished) diff_.tally.retry();
    if (finished) after.last_finished = seen.status;
    tell_entry(seen);
    const bool recovered = seen.status == Status::completed && before.last_finished == Status::failed;
    if (recovered) diff_.tally.recovery();
    TaskChange& change = add_transition(before, after, seen);
    change.new_attempt = new_attempt;
    change.recovered = recovered;
  }

  void same_status(const KnownTask& before, KnownTask& after, const ObservedTask& seen) {
    const bool other_call = has_new_identity(before, seen);
    if (other_call && !before.unclaimed) after.told = 0;
    adopt_identity(after, seen);
    if (before.gone) add_transition(before, after, seen);
    if (!other_call || before.unclaimed || !is_finished(seen.status)) return;
    count_attempt(after);
    diff_.tally.inferred();
    diff_.tally.retry();
    if (seen.status == Status::failed) diff_.tally.failure(seen.failure, exemplar(seen));
    diff_.changes.push_back({.key = seen.key,
                             .kind = ChangeKind::inferred,
                             .from = before.status,
                             .to = seen.status,
                             .new_attempt = true,
                             .facts = facts_of(after, seen)});
  }

  static void count_attempt(KnownTask& task) {
    if (task.attempts < std::numeric_limits<std::uint8_t>::max()) ++task.attempts;
  }

  // A new attempt begins when a finished task is taken up again, and when it goes from one finished status to another,
  // unless it is in the same call still.
  static bool begin_attempt_if_new(const KnownTask& before, KnownTask& after, const ObservedTask& seen) {
    const bool taken_up = is_finished(before.status) && !is_finished(seen.status);
    const bool other_entry = is_finished(before.status) && is_finished(seen.status) && !goes_on(before, seen);
    const bool begins = taken_up || other_entry;
    if (begins) {
      count_attempt(after);
      after.told = 0;
      after.unclaimed = true;
    }
    adopt_identity(after, seen);
    return begins;
  }

  TaskChange& add_transition(const KnownTask& before, const KnownTask& after, const ObservedTask& seen) {
    TaskChange change{.key = seen.key, .to = seen.status, .facts = facts_of(after, seen)};
    if (before.gone) {
      change.returned = before.status;
    } else {
      change.from = before.status;
    }
    diff_.tally.transition(change.from, seen.status);
    return diff_.changes.emplace_back(change);
  }

  void tell_entry(const ObservedTask& seen) {
    if (seen.status == Status::failed) diff_.tally.failure(seen.failure, exemplar(seen));
    if (seen.status == Status::unknown) diff_.tally.unknown_status();
  }

  void miss(std::size_t at) {
    const KnownTask task = known_.at(at);
    if (task.gone) return;
    ++live_;
    missing_.push_back({at, task});
  }

  void settle_missing() {
    if (missing_.empty()) return;
    diff_.shrunken = is_shrunken(missing_.size(), live_);
    const bool streak_goes_on = diff_.shrunken == (context_.shrunken_streak > 0);
    const bool may_leave = !diff_.shrunken || context_.shrunken_streak + 1 >= kMissesUntilGone;
    std::uint64_t left = 0;
    for (const auto& [at, before] : missing_) {
      KnownTask after = before;
      const int misses = streak_goes_on ? before.misses + 1 : 1;
      after.misses = static_cast<std::uint8_t>(std::min<int>(misses, kMissesUntilGone));
      if (may_leave && after.misses == kMissesUntilGone) {
        leave(diff_, known_.key(at), before);
        ++left;
      } else {
        diff_.updates.push_back({known_.key(at), after, false});
      }
    }
    diff_.missing = missing_.size() - left;
    if (left > 0) diff_.shrunken = is_shrunken(diff_.missing, live_ - left);
  }

  Exemplar exemplar(const ObservedTask& seen) const { return {seen.key, 1, context_.now}; }

  // When it entered its status: the platform's own word when it gives one, at first sight of a task that waits its
  // creation, else the moment we saw it.
  std::uint32_t since(const ObservedTask& seen, bool first_sight) const {
    const bool waits = first_sight && (seen.status == Status::pending || seen.status == Status::scheduled);
    for (const auto time : {seen.status_changed, waits ? seen.created : kNoTime})
      if (time != kNoTime && time <= context_.now) return to_second(time);
    return to_second(context_.now);
  }

  struct Missing {
    std::size_t at;
    KnownTask task;
  };

  const KnownTasks& known_;
  const ObservedRun& observed_;
  const DiffContext& context_;
  Diff diff_;
  std::vector<Missing> missing_;
  std::uint64_t live_ = 0;
};

}  // namespace

Diff diff(const KnownTasks& known, const ObservedRun& observed, const DiffContext& context) {
  return Differ(known, observed, context).run();
}

Diff everything_gone(const KnownTasks& known) {
  Diff diff;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const KnownTask task = known.at(i);
    if (!task.gone) leave(diff, known.key(i), task);
  }
  return diff;
}

void sum_up(RunSums& sums, const TaskChange& change) {
  if (change.baseline) return;
  const auto before = change.from ? change.from : change.returned;
  const bool failed = change.to == Status::failed;
  if (ends_attempt(change)) {
    ++sums.finished;
    sums.failed += failed ? 1 : 0;
  } else if (change.to && is_finished(*change.to) && before != change.to && sums.finished > 0) {
    if (failed) ++sums.failed;
    if (before == Status::failed && sums.failed > 0) --sums.failed;
  }
  const auto& facts = change.facts;
  if (tells(change.news, Told::call) && facts.outcome) ++sums.outcomes[index(*facts.outcome)];
  if (tells(change.news, Told::cost)) sums.cost += facts.cost.value_or(0);
  if (tells(change.news, Told::duration) && facts.duration) {
    ++sums.durations;
    sums.duration += static_cast<double>(*facts.duration);
  }
}

}  // namespace runwatch::task
