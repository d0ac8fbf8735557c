// The law over random histories, judged by a model that knows only attempts, when they failed and what became of them.
#include <algorithm>
#include <random>
#include <set>

#include "support/seed.h"
#include "world.h"

using namespace runwatch;
using namespace runwatch::rule;
using namespace runwatch::rule::test;

namespace {

constexpr int kTasks = 12;

// What the meanings say of one rule's attempts.
struct Tried {
  int task;
  core::WallTime until;
  enum { waits, stayed, healed } fate = waits;
};

class Model {
 public:
  struct Its {
    core::Duration lasting;
    bool busy_only = false;
    std::vector<Tried> attempts{};

    std::uint64_t stayed() const {
      return static_cast<std::uint64_t>(
          std::ranges::count_if(attempts, [](const auto& it) { return it.fate == Tried::stayed; }));
    }
  };
  std::map<std::string, Its> rules;

  void moved(int task) {
    for (auto& [_, rule] : rules)
      for (auto& it : rule.attempts)
        if (it.task == task && it.fate == Tried::waits) it.fate = Tried::healed;
  }
  void failed(int task, bool busy, core::WallTime now) {
    for (auto& [_, rule] : rules) {
      if (rule.busy_only && !busy) continue;
      rule.attempts.push_back({task, now + rule.lasting});
      if (rule.lasting == core::Duration::zero()) rule.attempts.back().fate = Tried::stayed;
    }
  }
  // Something tells that what failed is failed still, but for the tasks that are `unseen`.
  void look(core::WallTime now, const std::set<int>& unseen) {
    for (auto& [_, rule] : rules)
      for (auto& it : rule.attempts)
        if (it.fate == Tried::waits && it.until <= now && !unseen.contains(it.task)) it.fate = Tried::stayed;
  }
  void changed(const std::string& name, core::Duration lasting) {
    rules[name].lasting = lasting;
    for (auto& it : rules[name].attempts)
      if (it.fate == Tried::waits) it.fate = Tried::healed;
  }
};

class History {
 public:
  explicit History(std::uint32_t seed, bool silences)
      : dice_(seed), silences_(silences), world_({failed_rule("now"), failed_rule("later", seconds(45)), busy_rule()}) {
    model_.rules = {{"now", {.lasting = {}}}, {"later", {.lasting = seconds(45)}}, {"busy", {{}, true}}};
    world_.settings.group_interval = seconds(60);
    world_.settings.repeat_interval = seconds(300);
    world_.reload();
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      pass(seconds(roll(40)));
      act(step);
      note();
    }
    for (int i = 0; i < 8; ++i) {  // all that waits is decided, and all silences end
      pass(minutes(10));
      poll(0);
      note();
    }
    judge();
  }

 private:
  static Rule busy_rule() {
    auto rule = failed_rule("busy");
    rule.reasons = {task::FailureReason::busy};
    return rule;
  }
  int roll(int n) { return static_cast<int>(dice_() % static_cast<unsigned>(n)); }

  void pass(core::Duration time) {
    for (const auto end = world_.lived + time; world_.lived < end;) {
      world_.pass(seconds(1));
      if (world_.blind && world_.tried) model_.look(world_.lived, {});
      note();
    }
  }

  void act(int step) {
    switch (roll(16)) {
      case 0:
        world_.fail_poll();
        model_.look(world_.lived, {});
        return;
      case 1:
        world_.restart();
        return;
      case 2:
        if (silences_) silence();
        return;
      case 3:
        if (silences_ && !world_.book.silences().empty()) {
          const auto number = world_.book.silences().front().number;
          world_.take([&] { return world_.book.expire(number, world_.context()); });
        }
        return;
      case 4:
        reload(step);
        return;
      default:
        poll(roll(5));
    }
  }

  void silence() {
    Silence it;
    it.rule = roll(2) == 0 ? "now" : "";
    it.until = world_.lived + seconds(20 + roll(200));
    world_.take([&] { return world_.book.silence(it); });
  }

  void reload(int step) {
    if (step % 3 == 0) {
      world_.settings.rules[1].lasting = seconds(30 + roll(3) * 15);
      if (world_.settings.rules[1].lasting != model_.rules["later"].lasting)
        model_.changed("later", world_.settings.rules[1].lasting);
    } else if (step % 3 == 1 && world_.settings.receivers.size() == 1) {
      world_.settings.receivers.push_back(receiver("late"));
      added_ = true;
    } else if (!model_.rules.contains("new")) {
      world_.settings.rules.push_back(failed_rule("new", seconds(10)));
      model_.rules["new"].lasting = seconds(10);
    }
    world_.reload();
  }

  void poll(int changes) {
    std::set<int> touched;
    std::set<int> unseen;
    std::vector<task::TaskChange> made;
    std::vector<task::TaskUpdate> updates;
    for (int i = 0; i < changes; ++i) {
      const int task = roll(kTasks);
      if (touched.insert(task).second) made.push_back(move(task));
    }
    if (changes > 0) {
      for (int task = 0; task < kTasks; ++task) {
        if (touched.contains(task) || roll(10) != 0) continue;
        unseen.insert(task);
        task::TaskUpdate update{key(task), {}, false};
        update.after.misses = 1;
        updates.push_back(update);
      }
    }
    world_.poll(made, updates);
    model_.look(world_.lived, unseen);
  }

  // What the task does next, said as the diff says it.
  task::TaskChange move(int task) {
    auto& now = tasks_[task];
    const bool was_failed = now.status == Status::failed;
    task::TaskChange it = change(task, now.status, std::nullopt);
    if (now.gone) {
      it.from = std::nullopt;
      it.returned = now.status;
      it.to = now.status;
      it.new_attempt = false;
      now.gone = false;
      if (was_failed) return it;
      if (now.status) return it;
    }
    model_.moved(task);
    const int what = roll(10);
    if (now.status && what == 0) {
      now.gone = true;
      return it;
    }
    const bool finished = now.status && task::is_finished(*now.status);
    const auto to = !finished  ? (what < 8 ? Status::failed : Status::completed)
                    : what < 7 ? Status::processing
                               : (what < 9 ? Status::completed : Status::failed);
    if (finished && to == now.status) {
      it.kind = task::ChangeKind::inferred;
    }
    it.to = to;
    it.new_attempt = !now.status || finished;
    const bool busy = roll(2) == 0;
    it.facts.reason = busy ? task::FailureReason::busy : task::FailureReason::other;
    it.facts.call = roll(2) == 0 ? 0 : ++last_call_;
    if (to == Status::failed) model_.failed(task, busy, world_.lived);
    now.status = to;
    return it;
  }

  void note() {
    for (; noted_ < world_.told.size(); ++noted_) {
      const auto& notice = world_.told[noted_];
      CAPTURE(notice.rule);
      CHECK(ids_.insert(notice.id).second);
      const bool own = notice.receivers == std::vector<std::string>{"late"};
      std::uint64_t by_reason = 0;
      for (const auto count : notice.counts.by_reason) by_reason += count;
      CHECK(by_reason == notice.counts.fresh);
      CHECK(notice.tasks.size() + notice.truncated == notice.counts.fresh);
      if (own) continue;
      told_[notice.rule] += notice.counts.fresh;
      if (added_) CHECK(notice.receivers == std::vector<std::string>{"ops", "late"});
      const auto [at, is_first] = newest_.try_emplace(notice.incident, world_.lived);
      if (!is_first) CHECK(world_.lived - at->second >= world_.settings.group_interval);
      at->second = world_.lived;
      CHECK((notice.kind == Kind::firing) == is_first);
      if (notice.repeat || notice.kind == Kind::resolved) CHECK(notice.counts.fresh == 0);
      CHECK(notice.counts.total == (total_[notice.incident] += notice.counts.fresh));
    }
  }

  void judge() {
    std::uint64_t told = 0;
    std::uint64_t stayed = 0;
    std::uint64_t healed = 0;
    for (const auto& [name, rule] : model_.rules) {
      CAPTURE(name);
      if (!silences_) CHECK(told_[name] == rule.stayed());
      CHECK(told_[name] <= rule.stayed());
      told += told_[name];
      stayed += rule.stayed();
      healed += rule.attempts.size() - rule.stayed();
    }
    CHECK(told + world_.suppressed[task::index(Suppression::silenced)] == stayed);
    CHECK(world_.suppressed[task::index(Suppression::healed)] <= healed);
    CHECK(world_.kept.contents().silences.empty());
  }

  struct Seen {
    std::optional<Status> status{};
    bool gone = false;
  };

  std::mt19937 dice_;
  bool silences_;
  World world_;
  Model model_;
  std::map<int, Seen> tasks_;
  std::uint64_t last_call_ = 0;
  std::size_t noted_ = 0;
  bool added_ = false;
  std::set<std::string> ids_;
  std::map<std::string, std::uint64_t> told_;
  std::map<std::string, std::uint64_t> total_;
  std::map<std::string, core::WallTime> newest_;
};

}  // namespace

TEST_CASE("over any history the new ones told are the attempts that stayed failed, each once") {
  const auto seed = runwatch::test::seed();
  MESSAGE("seed " << seed << "; RUNWATCH_SEED repeats it");
  for (std::uint32_t course = 0; course < 30; ++course) {
    CAPTURE(course);
    History(seed + course, course % 2 == 1).run(120);
  }
}
