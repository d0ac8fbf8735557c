// The watching itself: fetchers that ask, one ledger that decides, and nothing shared between them but queues.
//
// Settings change in place: the threads live on, and so does all that a change does not concern.
// Owns: the threads. The destructor asks them to stop and waits: a request in the air is cancelled, a commit ended.
// Threads: made and destroyed by one; the questions may come from any.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/guarded.h"
#include "http/client.h"
#include "metrics/exposition.h"
#include "metrics/meters.h"
#include "store/store.h"
#include "unpod/api.h"
#include "watch/couriers.h"
#include "watch/dispatcher.h"
#include "watch/inbox.h"
#include "watch/ledger.h"
#include "watch/pace.h"
#include "watch/progress.h"
#include "watch/settings.h"

namespace runwatch::watch {

struct Limits {
  double rate = 5;  // requests a second, all fetchers together
  double burst = 10;
  std::size_t concurrency = 4;
  core::Duration shortest_pause{};  // of those that the platform asks for
};

class Watch {
 public:
  struct Deps {
    const core::Clock& clock;
    store::Store& store;
    metrics::Meters& meters;
    metrics::Exposition& exposition;
    unpod::Credentials& credentials;
    std::function<std::unique_ptr<http::Client>()> make_client;  // one a fetcher
    std::function<double()> random;                              // for the ledger's thread
    // One a receiver, that trusts and goes by what it says.
    std::function<std::unique_ptr<http::Client>(const std::string& ca_file, const std::string& proxy)>
        make_courier_client{};
  };

  Watch(const Settings& settings, unpod::ApiOptions api, Limits limits, Deps deps);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Reads the store and publishes what it says; then `run` starts the threads.
  core::Result<void> load();
  void run();

  // Watches like this from now on. Gives how many notices were given up, for their receivers went or became others.
  // Fails: with the store, and when the ledger does not come to it; then it watches as before. Once the ledger has
  // begun, and does not get done, the new settings count, and the log says what becomes of them.
  core::Result<std::uint64_t> reconfigure(const Settings& settings, unpod::ApiOptions api, Limits limits);

  // The loop that made no progress for longer than it ever needs, if there is one.
  std::optional<std::string> stuck_loop() const;
  // Why nothing can be known any more: the store could not be read again.
  std::optional<core::Error> failure() const;
  // What a question is answered with, by the ledger between two steps. Fails: `busy` where it is held up: one that
  // was not begun in time never is, and only where the text says so it may have taken effect.
  template <class T>
  core::Result<T> ask_ledger(std::function<core::Result<T>(Ledger&)> question, core::Duration within = kAnswerWithin) {
    const auto turn = std::make_shared<Turn>();
    auto answer = ask([turn, question = std::move(question)](Ledger& ledger) {
      return turn->take() ? question(ledger) : core::Result<T>(core::fail(core::ErrorKind::busy, ""));
    });
    if (answer.wait_for(within) == std::future_status::ready) return outcome_of(answer);
    if (turn->take()) return core::fail(core::ErrorKind::busy, "the store keeps the ledger waiting: ask again");
    if (answer.wait_for(within) == std::future_status::ready) return outcome_of(answer);
    return core::fail(
        core::ErrorKind::busy,
        "the store keeps the ledger waiting in the midst of it: see what became of it before you ask again");
  }
  // Done by the ledger as soon as it comes to it; does not wait.
  void tell_ledger(std::function<void(Ledger&)> what) { ask(std::move(what)); }

  // To be shown; does not wait.
  void note_reload(view::Reload reload);

  // Takes the age of each loop's last turn over into the meters.
  void report_progress();

 private:
  static constexpr core::Duration kAnswerWithin = std::chrono::seconds(10);
  // Whose it is whether a question is asked: of the ledger that begins it, or of whoever waits no more.
  class Turn {
   public:
    bool take() { return !taken_.exchange(true); }

   private:
    std::atomic<bool> taken_ = false;
  };
  template <class T>
  static core::Result<T> outcome_of(std::future<core::Result<T>>& answer) {
    try {
      return answer.get();
    } catch (const std::exception& error) {
      return core::fail(core::ErrorKind::unavailable, error.what());
    }
  }
  // Answered by the ledger between two steps. What throws may have left it half changed.
  template <class F>
  auto ask(F question) -> std::future<std::invoke_result_t<F, Ledger&>> {
    using Answer = std::invoke_result_t<F, Ledger&>;
    std::packaged_task<Answer(Ledger&)> task([this, question = std::move(question)](Ledger& ledger) mutable -> Answer {
      try {
        return question(ledger);
      } catch (...) {
        is_broken_ = true;
        throw;
      }
    });
    auto answer = task.get_future();
    inbox_.put(Question(std::move(task)));
    return answer;
  }
  Couriers::Deps courier_deps();
  core::Result<std::uint64_t> take_over(const Settings& settings);
  std::shared_ptr<const unpod::ApiOptions> ask_like(std::shared_ptr<const unpod::ApiOptions> api, const Limits& limits);
  void start_fetchers();
  void fetch_loop(std::size_t fetcher, std::stop_token stop);
  void ledger_loop(std::stop_token stop);
  Fetched fetch_safely(const Planned& planned, unpod::Api& api, std::stop_token stop);
  void step(Message message);
  void recover();
  void follow(Report report);
  void watch_pause();
  unpod::Hooks hooks(std::size_t loop);

  core::Guarded<std::shared_ptr<const unpod::ApiOptions>> api_;
  Deps deps_;
  Pace pace_;
  Dispatcher dispatcher_;
  Inbox inbox_;
  Progress progress_;  // 0: the ledger; then the fetchers
  Ledger ledger_;
  Limits limits_;                      // of whoever makes, changes and ends this
  std::atomic<std::size_t> fetchers_;  // as many are at work
  core::Guarded<std::optional<core::Error>> failure_;
  std::vector<Planned> first_jobs_;
  core::SteadyTime next_publish_{};  // the ledger thread's, as what follows
  bool is_broken_ = false;           // by a question
  bool pause_told_ = false;
  std::optional<core::Secret> refused_;  // the token that the pause is about
  AlertSettings alerts_;                 // of whoever makes, changes and ends this
  std::atomic<core::SteadyTime> courier_mark_{};
  Couriers couriers_;                  // stopped before the ledger's thread, whom they ask
  std::vector<std::jthread> threads_;  // last: stopped and joined before what they use goes
};

}  // namespace runwatch::watch
