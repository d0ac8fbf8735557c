#include "notify/standing.h"

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "notify/exchange.h"
#include "notify/format.h"

namespace runwatch::notify {
namespace {

// What is not queued: what failed is not kept, the next one says it all again.
struct Rhythm {
  core::Duration period;
  core::Duration spacing;  // when woken
  core::Duration again;    // after there was nothing to say
};

using Question = std::move_only_function<std::optional<http::Request>()>;  // nothing: not this time

Loop::Step repeat(const Attempt& about, Rhythm rhythm, std::unique_ptr<http::Client> client, Question question,
                  const std::function<void(const Attempt&)>& done, const core::Clock& clock) {
  return [=, client = std::move(client), question = std::move(question), &clock, failures = std::uint32_t{0},
          next_at = core::SteadyTime()](const auto&, const auto& cut) mutable {
    const auto wait = std::chrono::ceil<core::Duration>(next_at - clock.steady_now());
    if (wait > wait.zero()) return wait;
    const auto request = question();
    if (!request) return rhythm.again;
    Attempt attempt = about;
    const auto& name = about.receiver;
    if (was_cut(ask(*client, *request, clock, cut, attempt))) return rhythm.period;
    const bool failed = attempt.reason.has_value();
    if (failed && failures == 0)
      core::log::warning("a receiver is not reached", {{"receiver", name}, {"error", attempt.text}});
    if (!failed && failures > 0) core::log::info("a receiver is reached again", {{"receiver", name}});
    failures = failed ? failures + 1 : 0;
    const auto next = failed ? std::min(base_wait(failures), rhythm.period) : rhythm.period;
    next_at = clock.steady_now() + (failed ? next : rhythm.spacing);
    if (done) done(attempt);
    return next;
  };
}

}  // namespace

AlertmanagerCourier::AlertmanagerCourier(ReceiverOptions receiver, std::size_t place, Line line, StandingHooks hooks,
                                         const core::Clock& clock)
    : Loop(repeat(
               {.receiver = receiver.name, .place = place},
               {.period = std::chrono::minutes(1),
                .spacing = between(receiver.rate_limit),
                .again = std::chrono::minutes(1)},
               std::move(line.client),
               [receiver, place, reread = std::move(line.reread), standing = std::move(hooks.standing),
                &clock]() mutable -> std::optional<http::Request> {
                 refresh(receiver.credentials, reread, receiver.name);
                 if (place >= receiver.credentials.urls.size()) return std::nullopt;
                 const std::string url(receiver.credentials.urls[place].reveal());  // without a slash at its end
                 return post(receiver, url + "/api/v2/alerts",
                             alertmanager_body(standing(), receiver.external_url, clock.wall_now()));
               },
               hooks.done, clock),
           std::move(hooks.mark)) {}

Heartbeat::Heartbeat(HeartbeatOptions options, std::unique_ptr<http::Client> client, HeartbeatHooks hooks,
                     const core::Clock& clock)
    : Loop(repeat(
               {.receiver = "heartbeat"},
               {.period = options.interval,
                .spacing = options.interval,
                .again = std::min(options.interval, options.look_again)},
               std::move(client),
               [options, healthy = std::move(hooks.healthy),
                url = std::move(hooks.url)]() -> std::optional<http::Request> {
                 if (!healthy()) return std::nullopt;
                 const auto address = url();
                 if (address) return http::Request{.url = std::string(address->reveal())};
                 static core::log::RateLimit limit(std::chrono::minutes(5));
                 const auto& error = address.error().text;
                 if (const auto held_back = limit.admit("heartbeat", error, std::chrono::steady_clock::now()))
                   core::log::warning("no heartbeat: its address cannot be read",
                                      {{"error", error}, core::log::suppressed(*held_back)});
                 return std::nullopt;
               },
               {}, clock),
           std::move(hooks.mark)) {}

}  // namespace runwatch::notify
