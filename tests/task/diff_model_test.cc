// The diff against a model that knows nothing of flags, columns or merging: it keeps each task's whole past and reads
// the meanings off it.
#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "diff_fixture.h"
#include "support/seed.h"

using namespace runwatch::task;
using namespace runwatch::task::test;

namespace {

struct Glimpse {
  Status status;
  std::string call;      // empty: none
  bool outcome = false;  // call_status is there
  bool duration = false;
};

// What the meanings say about one task, told as totals.
struct Totals {
  std::map<std::string, int> of;
  bool operator==(const Totals&) const = default;
};

struct Past {
  Status status{};
  bool gone = false;
  std::optional<Status> latest_finished;
  std::string call;                     // the newest call id seen while finished
  std::set<std::string> finished_with;  // call ids a finished entry is known to have had
  bool entry_waits = true;              // the attempt under way has shown no call of its own
  std::set<std::string> told;           // by the attempt under way
};

class Model {
 public:
  explicit Model(bool baseline) : baseline_(baseline) {}

  void poll(const std::map<int, Glimpse>& seen) {
    std::set<int> missing;
    std::size_t live = 0;
    for (const auto& [id, past] : pasts_) {
      if (past.gone) continue;
      ++live;
      if (!seen.contains(id)) missing.insert(id);
    }
    bool shrunken = doubtful(missing.size(), live);
    for (const auto& [id, glimpse] : seen) look(id, glimpse);
    leave(missing, live, shrunken);
    if (!shrunken) first_ = false;
  }

  Totals totals;

 private:
  static bool doubtful(std::size_t missing, std::size_t live) {
    return missing > 0 && (missing == live || (missing >= 5 && 5 * missing > live));
  }

  void add(const std::string& what) { ++totals.of[what]; }
  static std::string text(Status s) { return std::string(name(s)); }
  static bool finished(Status s) {
    return s == Status::completed || s == Status::failed || s == Status::partially_completed;
  }

  void leave(const std::set<int>& missing, std::size_t live, bool& shrunken) {
    // Absences are counted over walks of one kind in a row.
    if (!missing.empty() || shrunken != last_shrunken_) {
      if (shrunken != last_shrunken_) absences_.clear();
    }
    for (auto it = absences_.begin(); it != absences_.end();)
      it = missing.contains(it->first) ? std::next(it) : absences_.erase(it);
    last_shrunken_ = shrunken;
    streak_ = shrunken ? streak_ + 1 : 0;
    std::size_t left = 0;
    for (const int id : missing) {
      if (++absences_[id] < 3 || (shrunken && streak_ < 3)) continue;
      Past& past = pasts_[id];
      add("to gone from " + text(past.status));
      past.gone = true;
      absences_.erase(id);
      ++left;
    }
    if (left > 0) {
      shrunken = doubtful(missing.size() - left, live - left);
      last_shrunken_ = shrunken;
      if (!shrunken) streak_ = 0;
    }
  }

  void look(int id, const Glimpse& glimpse) {
    const bool known = pasts_.contains(id);
    Past& past = pasts_[id];
    if (!known) return meet_first(past, glimpse);
    const bool was_gone = past.gone;
    past.gone = false;
    const Status before = past.status;
    const bool other_call = !glimpse.call.empty() && glimpse.call != past.call;
    const bool same_call = !glimpse.call.empty() && glimpse.call == past.call && !past.entry_waits;
    if (glimpse.status != before || was_gone) {
      add("to " + text(glimpse.status) + " from " + (was_gone ? "none" : text(before)));
    }
    if (glimpse.status != before) {
      if (finished(before) && !finished(glimpse.status)) {
        add("retry");
        begin(past);
      } else if (finished(before) && finished(glimpse.status) && !same_call) {
        begin(past);
      }
      enter(past, glimpse, before);
    } else if (other_call && !past.entry_waits && finished(before)) {
      add("inferred");
      add("retry");
      if (before == Status::failed) add("failure");
    }
    if (other_call && finished(glimpse.status)) {
      if (!past.entry_waits) past.told.clear();
      past.entry_waits = false;
      past.call = glimpse.call;
    }
    tell(past, glimpse);
  }

  void meet_first(Past& past, const Glimpse& glimpse) {
    past.call = finished(glimpse.status) ? glimpse.call : "";
    past.entry_waits = past.call.empty();
    past.status = glimpse.status;
    add("to " + text(glimpse.status) + " from none");
    if (finished(glimpse.status)) past.latest_finished = glimpse.status;
    if (baseline_ && first_) {
      if (finished(glimpse.status)) past.told = {"call", "duration"};
      return;
    }
    if (glimpse.status == Status::failed) add("failure");
    if (glimpse.status == Status::unknown) add("unknown");
    tell(past, glimpse);
  }

  void begin(Past& past) {
    past.told.clear();
    past.entry_waits = true;
  }

  void enter(Past& past, const Glimpse& glimpse, Status) {
    if (glimpse.status == Status::completed && past.latest_finished == Status::failed) add("recovery");
    if (glimpse.status == Status::failed) add("failure");
    if (glimpse.status == Status::unknown) add("unknown");
    if (finished(glimpse.status)) past.latest_finished = glimpse.status;
    past.status = glimpse.status;
  }

  void tell(Past& past, const Glimpse& glimpse) {
    const bool old_output = past.entry_waits && !glimpse.call.empty();
    if (!finished(past.status) || old_output) return;
    if (glimpse.outcome && past.told.insert("call").second) add("call");
    if (glimpse.duration && past.told.insert("duration").second) add("duration");
  }

  bool baseline_;
  bool first_ = true;
  bool last_shrunken_ = false;
  int streak_ = 0;
  std::map<int, Past> pasts_;
  std::map<int, int> absences_;
};

// A platform whose tasks live, fail, are retried, lose and regain their outputs, vanish and return.
class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed) {}

  // `calm`: the share of tasks that stay as they are.
  std::map<int, Glimpse> next(double calm = 0) {
    if (tasks_.empty() || chance(calm > 0 ? 0.05 : 0.3))
      tasks_[static_cast<int>(tasks_.size())] = {Status::pending, "", false, false};
    for (auto& [id, task] : tasks_) {
      if (chance(calm)) continue;
      for (int steps = static_cast<int>(pick(3)); steps > 0; --steps) move(id, task);
    }
    if (chance(0.1)) hidden_ = pick(2) == 0 ? std::set<int>{} : some();
    if (chance(0.15)) hidden_.clear();
    auto seen = tasks_;
    for (const int id : hidden_) seen.erase(id);
    return seen;
  }

 private:
  std::size_t pick(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }

  std::set<int> some() {
    std::set<int> ids;
    const double share = chance(0.5) ? 0.08 : 0.6;
    for (const auto& [id, task] : tasks_) {
      if (chance(share)) ids.insert(id);
    }
    return ids;
  }

  void move(int id, Glimpse& task) {
    static constexpr Status kAny[] = {Status::pending,   Status::scheduled, Status::in_progress,
                                      Status::completed, Status::failed,    Status::partially_completed,
                                      Status::hold,      Status::unknown};
    if (chance(0.4)) return;
    if (chance(0.5)) {
      task.status = kAny[pick(std::size(kAny))];
      if (chance(0.4)) task = {task.status, "", false, false};
    } else if (chance(0.6)) {
      task.call = fmt::format("{}-{}", id, ++calls_);
      task.outcome = chance(0.5);
      task.duration = chance(0.5);
    } else {
      task.outcome = task.outcome || chance(0.5);
      task.duration = task.duration || chance(0.5);
    }
  }

  std::mt19937_64 random_;
  std::map<int, Glimpse> tasks_;
  std::set<int> hidden_;
  int calls_ = 0;
};

std::vector<ObservedTask> to_tasks(const std::map<int, Glimpse>& seen) {
  std::vector<ObservedTask> tasks;
  for (const auto& [id, glimpse] : seen) {
    auto task = observed({id, glimpse.status, glimpse.call});
    if (glimpse.outcome) task.call_status = CallStatus::busy;
    if (glimpse.duration) task.duration = 10.0F;
    tasks.push_back(task);
  }
  return tasks;
}

ObservedRun all_of(const std::vector<ObservedTask>& tasks) {
  ObservedRun run;
  run.tasks = tasks;
  return run;
}

// What is left of `tasks` when pages that are what they were need not be told again, as it may be after a walk that
// lacked no known task.
ObservedRun without_unchanged(const std::vector<ObservedTask>& tasks, const std::vector<ObservedTask>& before,
                              std::mt19937_64& random) {
  ObservedRun run;
  run.rest_unchanged = std::ranges::equal(tasks, before, {}, &ObservedTask::key, &ObservedTask::key);
  const std::size_t rows = 1 + random() % 4;
  for (std::size_t from = 0; from < tasks.size(); from += rows) {
    const std::size_t end = std::min(from + rows, tasks.size());
    const auto page = [&](const auto& all) { return std::span(all).subspan(from, end - from); };
    if (run.rest_unchanged && std::ranges::equal(page(tasks), page(before))) continue;
    for (const auto& task : page(tasks)) run.tasks.push_back(task);
  }
  return run;
}

Totals totals_of(const Run& run) {
  Totals totals;
  const auto put = [&](const std::string& what, double n) {
    if (n != 0) totals.of[what] = static_cast<int>(n);
  };
  put("failure", run.total(Family::failures));
  put("retry", run.total(Family::retries));
  put("recovery", run.total(Family::recoveries));
  put("inferred", run.total(Family::inferred));
  put("unknown", run.total(Family::unknown_status));
  put("call", run.total(Family::calls));
  put("duration", run.total(Family::duration));
  for (std::size_t from = 0; from <= kStatusCount; ++from) {
    for (std::size_t to = 0; to <= kStatusCount; ++to) {
      const auto from_name = from == kStatusCount ? std::string_view("none") : kStatusNames[from];
      const auto to_name = to == kStatusCount ? std::string_view("gone") : kStatusNames[to];
      if (from == to) continue;
      put(fmt::format("to {} from {}", to_name, from_name), run.transitions(from_name, to_name));
    }
  }
  return totals;
}

}  // namespace

TEST_CASE("over random histories the diff counts what the model counts, and the law of transitions holds") {
  const auto base = runwatch::test::seed();
  for (unsigned round = 0; round < 300; ++round) {
    const std::uint64_t seed = std::uint64_t{base} + round;
    CAPTURE(seed);
    const bool baseline = seed % 2 == 0;
    Story story(seed);
    Model model(baseline);
    Run run(baseline);
    for (int poll = 0; poll < 40; ++poll) {
      const auto seen = story.next();
      model.poll(seen);
      run.poll(to_tasks(seen));
      CAPTURE(poll);
      REQUIRE(totals_of(run).of == model.totals.of);
    }
    const auto counts = run.known.counts();
    for (std::size_t s = 0; s < kStatusCount; ++s) {
      double balance = 0;
      for (std::size_t other = 0; other < kStatusCount; ++other) {
        if (other == s) continue;
        balance += run.transitions(kStatusNames[other], kStatusNames[s]) -
                   run.transitions(kStatusNames[s], kStatusNames[other]);
      }
      balance += run.transitions("none", kStatusNames[s]) - run.transitions(kStatusNames[s], "gone");
      CHECK(static_cast<double>(counts[s]) == balance);
    }
  }
}

TEST_CASE("over random histories it makes no difference whether unchanged pages are told again") {
  const auto base = runwatch::test::seed();
  int left_out = 0;
  for (unsigned round = 0; round < 300; ++round) {
    const std::uint64_t seed = std::uint64_t{base} + round;
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    Story story(seed);
    Run whole(seed % 2 == 0);
    Run part(seed % 2 == 0);
    std::vector<ObservedTask> before;  // of the last walk that lacked nothing
    for (int poll = 0; poll < 40; ++poll) {
      CAPTURE(poll);
      const auto tasks = to_tasks(story.next(0.8));
      const auto told = before.empty() ? all_of(tasks) : without_unchanged(tasks, before, random);
      if (told.tasks.size() < tasks.size()) ++left_out;
      const Diff full = whole.poll(tasks);
      const Diff less = part.poll(told);
      REQUIRE(less.changes == full.changes);
      REQUIRE(totals_of(part).of == totals_of(whole).of);
      before = full.missing == 0 ? tasks : std::vector<ObservedTask>();
    }
    REQUIRE(part.known.size() == whole.known.size());
    for (std::size_t i = 0; i < whole.known.size(); ++i) REQUIRE(part.known.at(i) == whole.known.at(i));
  }
  CHECK(left_out > 1000);
}
