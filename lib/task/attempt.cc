#include "task/attempt.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>

namespace runwatch::task {
namespace {

constexpr double kDay = 86400;

bool has_identity(const ObservedTask& seen) { return seen.call != 0 || seen.started != kNoTime; }

constexpr std::uint16_t mark(Told told) { return static_cast<std::uint16_t>(told); }

constexpr std::uint16_t mark(Field field) {
  return static_cast<std::uint16_t>(mark(Told::bad_fields) << static_cast<unsigned>(field));
}

constexpr auto kObservations = static_cast<std::uint16_t>(mark(Told::bad_fields) - 1);

// Sets the mark; true when it was not set before.
bool first_time(KnownTask& known, std::uint16_t bit) {
  if ((known.told & bit) != 0) return false;
  known.told = static_cast<std::uint16_t>(known.told | bit);
  return true;
}

std::optional<double> seconds_between(core::WallTime from, core::WallTime to) {
  if (from == kNoTime || to == kNoTime) return std::nullopt;
  return core::seconds(to - from);
}

bool is_plausible(double seconds) { return seconds >= 0 && seconds <= kDay; }

// Fields of the task itself are always its own; those of the output may belong to the attempt before.
void tell_bad_fields(KnownTask& known, const ObservedTask& seen, bool stale, Tally& tally) {
  for (const Field field : {Field::status, Field::created, Field::start, Field::end, Field::duration, Field::cost}) {
    const bool of_output = field != Field::status && field != Field::created;
    if ((seen.bad_fields & bit(field)) == 0 || (of_output && stale)) continue;
    if (first_time(known, mark(field))) tally.bad_field(field);
  }
}

// A span from the task's creation: observed when plausible, else the field it ends with is a bad one.
template <class Observe>
void tell_span(KnownTask& known, std::optional<double> span, Told told, Field field, Tally& tally, Observe observe) {
  if (!span || (known.told & mark(told)) != 0) return;
  if (!is_plausible(*span)) {
    if (first_time(known, mark(field))) tally.bad_field(field);
  } else if (first_time(known, mark(told))) {
    observe(*span);
  }
}

void tell_call(KnownTask& known, const ObservedTask& seen, core::WallTime now, Tally& tally) {
  const CallStatus outcome = seen.call_status.value_or(CallStatus::other);
  if (seen.call_status && first_time(known, mark(Told::call))) tally.call(outcome, seen.call_type);
  if (seen.duration && first_time(known, mark(Told::duration))) {
    tally.duration(outcome, static_cast<double>(*seen.duration), {seen.key, static_cast<double>(*seen.duration), now});
  }
  if (seen.cost && first_time(known, mark(Told::cost))) tally.cost(*seen.cost);
}

void tell_times(KnownTask& known, const ObservedTask& seen, core::WallTime now, Tally& tally) {
  tell_span(known, seconds_between(seen.created, seen.started), Told::wait, Field::start, tally,
            [&](double span) { tally.wait(span); });
  tell_span(known, seconds_between(seen.created, seen.ended), Told::completion, Field::end, tally,
            [&](double span) { tally.completion(seen.status, span); });
  // Our own clock moves on: what cannot be observed at first is not waited for.
  const auto lag = seconds_between(seen.ended, now);
  if (!lag || !first_time(known, mark(Told::lag))) return;
  if (is_plausible(*lag)) {
    tally.lag(*lag);
  } else if (first_time(known, mark(Field::end))) {
    tally.bad_field(Field::end);
  }
}

}  // namespace

std::uint32_t to_second(core::WallTime time) {
  if (time == kNoTime) return 0;
  const auto second = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(second, 1, std::numeric_limits<std::uint32_t>::max()));
}

bool has_new_identity(const KnownTask& known, const ObservedTask& seen) {
  if (seen.call != 0 && known.call != 0) return seen.call != known.call;
  if (seen.started != kNoTime && known.started != 0) return to_second(seen.started) != known.started;
  const bool nothing_to_compare = (known.call == 0 && known.started == 0) || known.unclaimed;
  return nothing_to_compare && has_identity(seen);
}

bool goes_on(const KnownTask& known, const ObservedTask& seen) {
  return !known.unclaimed && has_identity(seen) && !has_new_identity(known, seen);
}

bool is_stale(const KnownTask& known, const ObservedTask& seen) {
  return known.unclaimed && has_identity(seen) && !has_new_identity(known, seen);
}

void adopt_identity(KnownTask& known, const ObservedTask& seen) {
  if (!is_finished(seen.status)) return;
  if (has_new_identity(known, seen)) {
    known.call = seen.call;
    known.started = to_second(seen.started);
    known.unclaimed = false;
    return;
  }
  if (seen.call != 0) known.call = seen.call;
  if (seen.started != kNoTime) known.started = to_second(seen.started);
}

void tell(KnownTask& known, const ObservedTask& seen, core::WallTime now, Tally& tally) {
  const bool stale = is_stale(known, seen);
  tell_bad_fields(known, seen, stale, tally);
  if (stale || !is_finished(known.status)) return;
  if (seen.is_call()) tell_call(known, seen, now, tally);
  tell_times(known, seen, now, tally);
}

CallFacts facts_of(const KnownTask& known, const ObservedTask& seen) {
  if (!is_finished(seen.status)) return {};
  if (is_stale(known, seen)) return {.reason = seen.failure};
  return {.call = seen.call,
          .started = seen.started,
          .ended = seen.ended,
          .duration = seen.duration,
          .cost = seen.cost,
          .outcome = seen.call_status,
          .reason = seen.failure};
}

std::uint16_t news_of(const KnownTask& before, const KnownTask& after, bool new_attempt) {
  const auto known = new_attempt ? std::uint16_t{0} : before.told;
  return static_cast<std::uint16_t>(after.told & ~known & kObservations);
}

bool tells_more(const KnownTask& before, const KnownTask& after) {
  if ((before.told & kObservations) == kObservations) return false;  // as of what was there before us
  const bool claimed = is_finished(after.status) && (after.call != before.call || after.started != before.started);
  return claimed || news_of(before, after, false) != 0;
}

void keep_quiet(KnownTask& known, const ObservedTask& seen) {
  if (is_finished(known.status)) known.told = kToldEverything;
  Tally unheard;
  tell_bad_fields(known, seen, false, unheard);
}

}  // namespace runwatch::task
