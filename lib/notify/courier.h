// Delivers a receiver's notices, one after the other, each settled in the store before the next is asked for.
//
// What is to be sent next, in which order, and what is folded, the ledger says; whether it arrived, the receiver does.
// A courier remembers only how long the receiver is held back: after a restart it is probed at once.
// Owns: its thread, its HTTP client. Threads: hooks are called from its own; all public functions from any.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "core/guarded.h"
#include "notify/format.h"
#include "notify/verdict.h"

namespace runwatch::notify {

// A thread that takes one step after the other, and waits between them as long as the last one said or until woken.
class Loop {
 public:
  // `stop`: begin nothing new; `cut`: the grace is over, leave what is under way. Gives the longest wait for the next.
  using Step = std::move_only_function<core::Duration(const std::stop_token& stop, const std::stop_token& cut)>;

  Loop(Step step, std::function<void()> mark);  // `mark`: a sign of life, at least once a second outside of a request
  ~Loop() { join(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void wake();
  void stop();  // returns at once; what is under way has kGrace from now
  void join();  // stops, too

  static constexpr core::Duration kGrace = std::chrono::seconds(1);

 private:
  void run();
  core::Duration take_step();
  void rest(core::SteadyTime until);

  Step step_;
  const std::function<void()> mark_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool ended_ = false;
  core::SteadyTime cut_at_{};
  std::stop_source stop_;
  std::stop_source cut_;
  std::thread thread_;
};

// A row of the outbox.
struct Delivery {
  std::int64_t row = 0;
  std::string id;           // of the notice: webhook-id
  std::string body;         // canonical
  std::uint32_t tries = 0;  // as the newest settlement said; so are those below
  std::uint32_t refusals = 0;
  core::Duration aged{};
};

// Nothing is due before `in`, unless `wake` is called.
struct Idle {
  core::Duration in = std::chrono::minutes(1);
};

using Next = std::variant<Idle, Delivery>;

// One exchange with a receiver, for meters, log and history.
struct Attempt {
  std::string receiver;
  core::WallTime at{};  // when it began
  core::Duration took{};
  int status = 0;  // 0: no answer
  std::optional<Reason> reason{};
  std::string text{};     // what went wrong, printable: names no address but host and port, and no secret
  std::size_t place = 0;  // of an Alertmanager's addresses
};

struct Settlement {
  std::int64_t row = 0;
  std::string id;
  Attempt attempt{};
  Verdict verdict{};
};

struct CourierHooks {
  // The oldest notice that may go. Before it is given, the ledger has committed that it is under way, so that nothing
  // folds into it any more: whatever becomes of the request, the same id has the same bytes.
  std::function<std::future<Next>(const std::string& receiver)> next;
  // Commits it. False, or a broken promise: it could not be, and is handed in again.
  std::function<std::future<bool>(Settlement)> settle;
  std::function<void()> mark{};  // as of Loop
};

// The way to a receiver.
struct Line {
  std::unique_ptr<http::Client> client;  // with the receiver's ca_file and proxy
  Reader reread{};                       // asked before each request; empty: the credentials cannot change
};

class Courier {
 public:
  // `random` gives 0 … 1; empty: chance.
  Courier(ReceiverOptions receiver, Line line, CourierHooks hooks, const core::Clock& clock,
          std::function<double()> random = {});

  void wake() { loop_.wake(); }  // rows were committed
  // The settings from the next request on. A receiver that was disabled is tried again; where they are others, one that
  // was held back, too.
  void reconfigure(ReceiverOptions receiver, Line line);
  // What is answered within the grace is settled; else nothing is, and the row stays due.
  void stop() { loop_.stop(); }
  void join() { loop_.join(); }

 private:
  core::Duration step(const std::stop_token& stop, const std::stop_token& cut);
  void take_change();
  void deliver(const Delivery& delivery, const std::stop_token& cut);
  void follow(const Settlement& settlement);
  bool settle(const std::stop_token& cut);

  ReceiverOptions receiver_;
  Line line_;
  const CourierHooks hooks_;
  const core::Clock& clock_;
  const std::function<double()> random_;
  core::Guarded<std::optional<std::pair<ReceiverOptions, Line>>> change_;
  std::optional<Settlement> pending_;  // to be committed before anything else
  std::uint32_t held_ = 0;             // attempts in a row
  bool disabled_ = false;
  bool failing_ = false;        // as the log has it
  core::SteadyTime next_at_{};  // as rate and holding have it
  Loop loop_;                   // last: its thread uses the rest
};

}  // namespace runwatch::notify
