#include "notify/verdict.h"

#include <doctest/doctest.h>

#include "core/timestamp.h"
#include "support/fake_client.h"

using namespace runwatch;
using namespace runwatch::notify;
using namespace std::chrono_literals;

namespace runwatch::notify {
doctest::String toString(Fate fate) { return std::to_string(static_cast<int>(fate)).c_str(); }
doctest::String toString(Reason reason) { return std::string(name(reason)).c_str(); }
}  // namespace runwatch::notify

namespace {

const auto kNow = core::parse_timestamp("2026-02-07T05:57:45Z").value();

Exchange answered(int status, std::vector<http::Header> headers = {}) {
  return test::answer(status, "", std::move(headers));
}
Exchange failed(http::TransportError reason) { return std::unexpected(http::Failure{reason, "text"}); }
Verdict judge(const Exchange& exchange, Standpoint before = {}, double random = 0.5) {
  return verdict(exchange, before, kNow, random);
}

}  // namespace

TEST_CASE("each answer has its fate, its reason, and holds the receiver back or not") {
  using enum Reason;
  const struct {
    int status;
    Fate fate;
    std::optional<Reason> reason;
    bool holds;
  } cases[] = {{200, Fate::delivered, {}, false},       {202, Fate::delivered, {}, false},
               {204, Fate::delivered, {}, false},       {301, Fate::retry, redirect, false},
               {304, Fate::retry, redirect, false},     {400, Fate::retry, client_error, false},
               {401, Fate::retry, auth, false},         {403, Fate::retry, auth, false},
               {404, Fate::retry, client_error, false}, {408, Fate::retry, client_error, false},
               {410, Fate::disabled, gone, false},      {413, Fate::retry, too_large, false},
               {415, Fate::retry, client_error, false}, {422, Fate::retry, client_error, false},
               {429, Fate::retry, rate_limited, true},  {500, Fate::retry, server_error, true},
               {503, Fate::retry, server_error, true},  {599, Fate::retry, server_error, true},
               {600, Fate::retry, other, false},        {100, Fate::retry, other, false}};
  for (const auto& [status, fate, reason, holds] : cases) {
    CAPTURE(status);
    const auto verdict = judge(answered(status));
    CHECK(verdict.fate == fate);
    CHECK(verdict.reason == reason);
    CHECK(verdict.holds == holds);
  }
}

TEST_CASE("no answer holds the receiver back, a too long one does not") {
  using enum http::TransportError;
  const std::pair<http::TransportError, Reason> cases[] = {
      {dns, Reason::dns},         {connect, Reason::connect},     {tls, Reason::tls},       {timeout, Reason::timeout},
      {truncated, Reason::other}, {too_large, Reason::too_large}, {bad_http, Reason::other}};
  for (const auto& [error, reason] : cases) {
    const auto verdict = judge(failed(error));
    CHECK(verdict.fate == Fate::retry);
    CHECK(verdict.reason == reason);
    CHECK(verdict.holds == (error != too_large));
  }
}

TEST_CASE("it is tried again after 5 s, 30 s, 2 m, 10 m, 30 m, then hourly, a fifth more or less") {
  const core::Duration waits[] = {5s, 30s, 2min, 10min, 30min, 1h, 1h};
  Verdict last;
  for (const auto wait : waits) {
    const Standpoint before{.tries = last.tries, .refusals = last.refusals, .aged = last.aged};
    CHECK(judge(answered(404), before, 0).wait == wait * 4 / 5);
    CHECK(judge(answered(404), before, 1).wait == wait * 6 / 5);
    last = judge(answered(404), before);
    CHECK(last.wait == wait);
  }
  CHECK(last.tries == 7);
  CHECK(last.aged == 5s + 30s + 2min + 10min + 30min + 2h);
}

TEST_CASE(
    "a notice is dead once it was refused three times, whatever else it met, or after three days of its own age") {
  for (const int status : {400, 413, 415, 422}) {
    const auto second = judge(answered(status), {.tries = 9, .refusals = 1});
    CHECK(second.fate == Fate::retry);
    CHECK(second.refusals == 2);
    CHECK(judge(answered(403), {.tries = 10, .refusals = 2}).fate == Fate::retry);
    CHECK(judge(answered(status), {.tries = 11, .refusals = 2}).fate == Fate::dead);
  }
  CHECK(judge(answered(404), {.tries = 50, .aged = 72h - 1ms}).fate == Fate::retry);
  CHECK(judge(answered(404), {.tries = 50, .aged = 72h}).fate == Fate::dead);
}

TEST_CASE("a receiver that is down costs a notice neither tries nor age, and is probed at least every ten minutes") {
  for (const auto& exchange : {answered(500), answered(429), failed(http::TransportError::connect)}) {
    for (std::uint32_t held = 0; held < 1000; held += 7) {
      const auto verdict = judge(exchange, {.tries = 2, .aged = 80h, .held = held}, 1);
      CHECK(verdict.fate == Fate::retry);
      CHECK(verdict.tries == 2);
      CHECK(verdict.aged == 80h);
      CHECK(verdict.wait <= 10min);
      CHECK(verdict.wait >= 5s);
    }
  }
  CHECK(judge(answered(500), {.held = 1}).wait == 30s);
}

TEST_CASE("Retry-After is heard between the wait that is due and an hour") {
  const auto wait_for = [](const char* text, int status = 429, std::vector<http::Header> more = {}) {
    more.push_back({"Retry-After", text});
    return judge(answered(status, more), {.held = 1}, 0).wait;
  };
  CHECK(wait_for("1") == 30s);
  CHECK(wait_for("-5") == 30s);
  CHECK(wait_for("junk") == 30s);
  CHECK(wait_for("90") == 90s);
  CHECK(wait_for("90", 503) == 90s);
  CHECK(wait_for("1800") == 30min);
  CHECK(wait_for("99999999999999999999") == 1h);
  CHECK(wait_for("Sat, 07 Feb 2026 05:59:45 GMT") == 2min);
  CHECK(wait_for("Sat, 07 Feb 2026 07:59:45 GMT", 429, {{"Date", "Sat, 07 Feb 2026 07:58:45 GMT"}}) == 1min);
  CHECK(wait_for("3000", 404) == 50min);
}
