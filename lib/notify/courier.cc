#include "notify/courier.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <tuple>
#include <utility>

#include "core/log.h"
#include "notify/exchange.h"
#include "notify/format.h"
#include "notify/signature.h"

namespace runwatch::notify {
namespace {

using namespace std::chrono_literals;
namespace log = core::log;

constexpr core::Duration kBetweenLooks = 50ms;  // at what the ledger is to answer
constexpr core::Duration kAgain = 1s;           // after the ledger could not do what it was asked
constexpr core::Duration kShortestIdle = 10ms;
constexpr core::Duration kLongestWait = 24h;
constexpr core::Duration kBetweenMarks = 500ms;

double chance() {
  thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<>(0, 1)(engine);
}

// Nothing: there is no answer to come, none before `end`, or one that could not be given.
template <class T>
std::optional<T> await(std::future<T> answer, const std::stop_token& end, const std::function<void()>& mark) {
  if (!answer.valid()) return std::nullopt;
  while (answer.wait_for(kBetweenLooks) != std::future_status::ready) {
    if (end.stop_requested()) return std::nullopt;
    if (mark) mark();
  }
  try {
    return answer.get();
  } catch (const std::exception&) {  // the ledger's trouble, which it deals with itself
    return std::nullopt;
  }
}

std::string url_of(const ReceiverOptions& receiver) {
  const auto url = receiver.credentials.url.reveal();
  return std::string(url.empty() && receiver.type == Type::pagerduty ? kPagerdutyUrl : url);
}

void add_signature(http::Request& request, const ReceiverOptions& receiver, const std::string& id, core::WallTime now) {
  if (receiver.type != Type::webhook && receiver.type != Type::custom) return;
  for (auto& header : sign(id, now, request.body, receiver.credentials.secrets))
    request.headers.push_back(std::move(header));
}

}  // namespace

Loop::Loop(Step step, std::function<void()> mark) : step_(std::move(step)), mark_(std::move(mark)) {
  thread_ = std::thread([this] { run(); });
}

void Loop::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Loop::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stop_.stop_requested()) return;
    cut_at_ = std::chrono::steady_clock::now() + kGrace;
    stop_.request_stop();
  }
  changed_.notify_all();
}

void Loop::join() {
  stop();
  {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, cut_at_, [this] { return ended_; });
  }
  cut_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Loop::run() {
  while (!stop_.stop_requested()) {
    if (mark_) mark_();
    rest(std::chrono::steady_clock::now() + std::clamp(take_step(), 0ms, kLongestWait));
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

// Whatever goes wrong inside is tried again, never the end of the loop.
core::Duration Loop::take_step() {
  try {
    return step_(stop_.get_token(), cut_.get_token());
  } catch (const std::exception& error) {
    core::log::error("a delivery could not be tried", {{"error", error.what()}});
    return kAgain;
  }
}

void Loop::rest(core::SteadyTime until) {
  std::unique_lock lock(mutex_);
  while (!woken_ && !stop_.stop_requested()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= until) break;
    changed_.wait_until(lock, std::min(until, now + kBetweenMarks));
    lock.unlock();
    if (mark_) mark_();
    lock.lock();
  }
  woken_ = false;
}

Courier::Courier(ReceiverOptions receiver, Line line, CourierHooks hooks, const core::Clock& clock,
                 std::function<double()> random)
    : receiver_(std::move(receiver)),
      line_(std::move(line)),
      hooks_(std::move(hooks)),
      clock_(clock),
      random_(random ? std::move(random) : chance),
      loop_([this](const auto& stop, const auto& cut) { return step(stop, cut); }, hooks_.mark) {}

void Courier::reconfigure(ReceiverOptions receiver, Line line) {
  change_.with([&](auto& change) { change.emplace(std::move(receiver), std::move(line)); });
  loop_.wake();
}

core::Duration Courier::step(const std::stop_token& stop, const std::stop_token& cut) {
  take_change();
  if (pending_ && !settle(cut)) return kAgain;
  if (disabled_) return kLongestWait;  // `reconfigure` wakes
  const auto wait = std::chrono::ceil<core::Duration>(next_at_ - clock_.steady_now());
  if (wait > wait.zero()) return wait;
  const auto next = await(hooks_.next(receiver_.name), stop, hooks_.mark);
  if (!next || stop.stop_requested()) return kAgain;
  if (const auto* idle = std::get_if<Idle>(&*next)) return std::max(idle->in, kShortestIdle);
  deliver(std::get<Delivery>(*next), cut);
  return !pending_ || settle(cut) ? core::Duration::zero() : kAgain;
}

void Courier::take_change() {
  auto change = change_.with([](auto& waiting) { return std::exchange(waiting, std::nullopt); });
  if (!change) return;
  const bool is_same = change->first == receiver_;
  std::tie(receiver_, line_) = std::move(*change);
  disabled_ = false;
  if (is_same) return;  // what it asked for, and its rate, hold on
  held_ = 0;
  next_at_ = {};
}

// Leaves what became of it in `pending_`; nothing when the process ends meanwhile, and the row stays due.
void Courier::deliver(const Delivery& delivery, const std::stop_token& cut) {
  refresh(receiver_.credentials, line_.reread, receiver_.name);
  Settlement settlement{.row = delivery.row, .id = delivery.id, .attempt = {.receiver = receiver_.name}};
  if (auto text = body(receiver_, delivery.body)) {
    auto request = post(receiver_, url_of(receiver_), std::move(*text));
    add_signature(request, receiver_, delivery.id, clock_.wall_now());
    next_at_ = clock_.steady_now() + between(receiver_.rate_limit);
    const auto exchange = ask(*line_.client, request, clock_, cut, settlement.attempt);
    if (was_cut(exchange)) return;
    const Standpoint before{
        .tries = delivery.tries, .refusals = delivery.refusals, .aged = delivery.aged, .held = held_};
    settlement.verdict = verdict(exchange, before, clock_.wall_now(), random_());
  } else {  // it will not fit the next time, either
    settlement.attempt.at = clock_.wall_now();
    settlement.attempt.reason = Reason::too_large;
    settlement.attempt.text = text.error().text;
    settlement.verdict = {.fate = Fate::dead,
                          .reason = Reason::too_large,
                          .tries = delivery.tries,
                          .refusals = delivery.refusals,
                          .aged = delivery.aged};
  }
  follow(settlement);
  pending_ = std::move(settlement);
}

// What it says of the receiver.
void Courier::follow(const Settlement& settlement) {
  const Verdict& verdict = settlement.verdict;
  held_ = verdict.holds ? held_ + 1 : 0;
  if (verdict.holds) next_at_ = clock_.steady_now() + verdict.wait;
  disabled_ = verdict.fate == Fate::disabled;
  if (!verdict.reason) {
    if (std::exchange(failing_, false)) log::info("a receiver is reached again", {{"receiver", receiver_.name}});
    return;
  }
  const bool is_news = !std::exchange(failing_, true);
  const auto* const text = verdict.fate == Fate::dead ? "a notice is given up; `runwatch alerts replay` sends it again"
                           : disabled_                ? "a receiver is given up until a reload or restart"
                                                      : "a notice was not delivered, and will be tried again";
  if (is_news || verdict.fate != Fate::retry)
    log::warning(text, {{"receiver", receiver_.name}, {"notice", settlement.id}, {"error", settlement.attempt.text}});
}

bool Courier::settle(const std::stop_token& cut) {
  const auto done = await(hooks_.settle(*pending_), cut, hooks_.mark);
  if (!done.value_or(false)) return false;
  pending_.reset();
  return true;
}

}  // namespace runwatch::notify
