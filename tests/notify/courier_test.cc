#include "notify/courier.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <deque>

#include "http/client_fixture.h"
#include "notify/notices.h"
#include "notify/signature.h"
#include "notify/standing.h"
#include "support/manual_clock.h"
#include "support/scripted_peer.h"

using namespace runwatch;
using namespace runwatch::test;
using namespace runwatch::notify;
using namespace std::chrono_literals;

namespace {

// What a test waits for comes from another thread; a loaded machine under a sanitizer gets time.
class Watched {
 public:
  template <class F>
  void change(F&& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <class F>
  bool wait(F&& holds, core::Duration within = 20s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, within, holds);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// A ledger that hands out rows and keeps what becomes of them.
struct FakeLedger : Watched {
  std::deque<Delivery> rows;
  std::vector<Settlement> settled;
  std::vector<std::string> course;
  int to_refuse = 0;  // commits
  int to_break = 0;   // promises
  std::uint64_t marks = 0;

  CourierHooks hooks() {
    return {.next = [this](const std::string&) { return next(); },
            .settle = [this](Settlement s) { return settle(std::move(s)); },
            .mark = [this] { change([&] { ++marks; }); }};
  }
  void add(std::int64_t row, std::uint32_t tries = 0) {
    change([&] {
      rows.push_back({.row = row, .id = fmt::format("id-{}", row), .body = make(firing()), .tries = tries, .aged = {}});
    });
  }
  Settlement settlement(std::size_t number) {
    Settlement found;
    REQUIRE(wait([&] {
      if (settled.size() > number) found = settled[number];
      return settled.size() > number;
    }));
    return found;
  }
  // Until the courier has looked twice at what it has to do.
  void wait_for_a_look(Courier& courier) {
    for (int i = 0; i < 2; ++i) {
      std::uint64_t before = 0;
      change([&] { before = marks; });
      courier.wake();
      REQUIRE(wait([&] { return marks > before; }));
    }
  }

 private:
  std::future<Next> next() {
    std::promise<Next> promise;
    change([&] {
      course.emplace_back("next");
      if (to_break > 0) {
        --to_break;
        promise = {};
        return;
      }
      if (rows.empty()) return promise.set_value(Idle{});
      promise.set_value(rows.front());
      rows.pop_front();
    });
    return promise.get_future();
  }
  std::future<bool> settle(Settlement settlement) {
    std::promise<bool> promise;
    change([&] {
      course.push_back(fmt::format("settle {}", settlement.row));
      promise.set_value(to_refuse == 0);
      if (to_refuse > 0) {
        --to_refuse;
      } else {
        settled.push_back(std::move(settlement));
      }
    });
    return promise.get_future();
  }
};

ReceiverOptions receiver_at(const std::string& url) {
  ReceiverOptions receiver;
  receiver.name = "ops";
  receiver.credentials.url = core::Secret(url);
  receiver.credentials.secrets = {core::Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
  receiver.timeout = 10s;
  receiver.rate_limit = HUGE_VAL;  // the clock stands still
  return receiver;
}

struct World {
  explicit World(ReceiverOptions receiver, Reader reread = {})
      : courier(std::move(receiver), {http::make_client(), std::move(reread)}, ledger.hooks(), clock,
                [] { return 0.5; }) {}

  ManualClock clock;
  FakeLedger ledger;
  Courier courier;
};

Settlement deliver(World& world, std::size_t number = 0) {
  world.ledger.add(static_cast<std::int64_t>(number) + 1);
  world.courier.wake();
  return world.ledger.settlement(number);
}

// The first settlement of a peer that reads the request and then follows `script`.
Settlement after(PeerScript script, core::Duration timeout = 10s) {
  script.insert(script.begin(), read_request());
  const ScriptedPeer peer({std::move(script)});
  auto receiver = receiver_at(peer.url());
  receiver.timeout = timeout;
  World world(receiver);
  return deliver(world);
}

}  // namespace

TEST_CASE("a courier posts the body, signed, and settles it before it asks for the next") {
  const ScriptedPeer peer({answer_each(http_answer("204 No Content", ""))});
  auto receiver = receiver_at(peer.url("/hook"));
  receiver.headers = {{"X-Team", "dialler"}};
  receiver.credentials.authorization = core::Secret("Bearer b");
  World world(receiver);
  world.ledger.change([&] { world.ledger.course.clear(); });
  for (const int row : {1, 2, 3}) world.ledger.add(row);
  world.courier.wake();
  CHECK(world.ledger.settlement(2).verdict.fate == Fate::delivered);
  CHECK(world.ledger.settlement(0).attempt.status == 204);
  world.ledger.wait_for_a_look(world.courier);
  world.courier.join();
  auto course = world.ledger.course;
  while (course.size() > 1 && course[1] == "next") course.erase(course.begin());
  course.resize(6);
  CHECK(course == std::vector<std::string>{"next", "settle 1", "next", "settle 2", "next", "settle 3"});
  const auto request = peer.received(0);
  CHECK(request.starts_with("POST /hook HTTP/1.1\r\n"));
  for (const char* const line :
       {"\r\nX-Team: dialler\r\n", "\r\nContent-Type: application/json\r\n", "\r\nwebhook-id: id-1\r\n",
        "\r\nAuthorization: Bearer b\r\n", "\r\nwebhook-signature: v1,"})
    CHECK(request.find(line) != std::string::npos);
  CHECK(request.ends_with("\r\n\r\n" + make(firing())));
}

TEST_CASE("a courier tells refusing, hanging, dripping, endless and redirecting receivers apart") {
  World nobody(receiver_at("http://127.0.0.1:1/"));
  const auto& refused = deliver(nobody);
  CHECK(refused.attempt.reason == Reason::connect);
  CHECK(refused.attempt.text.find("127.0.0.1:1") != std::string::npos);
  CHECK(refused.verdict.holds);
  CHECK(after({hang()}, 200ms).attempt.reason == Reason::timeout);
  CHECK(after({dribble("HTTP/1.1 200 OK\r\n\r\n", 50ms)}, 300ms).attempt.reason == Reason::timeout);
  CHECK(after({close()}).attempt.reason == Reason::other);
  const auto endless =
      after({send("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"), flood(std::string(65'536, 'x'))});
  CHECK(endless.verdict.fate == Fate::delivered);
  CHECK(endless.attempt.status == 200);
  const ScriptedPeer elsewhere({answer_each(http_answer("200 OK", ""))});
  const auto redirected =
      after({send(http_answer("307 Temporary Redirect", "", "Location: " + elsewhere.url() + "\r\n"))});
  CHECK(redirected.attempt.reason == Reason::redirect);
  CHECK(elsewhere.connections() == 0);
  const auto limited = after({send(http_answer("429 Too Many Requests", "{\"secret\": 1}", "Retry-After: 60\r\n"))});
  CHECK(limited.verdict.wait == 60s);
  CHECK(limited.attempt.text.find("secret") == std::string::npos);
}

TEST_CASE("a receiver that said 2xx has taken the notice, whatever becomes of the rest of its answer") {
  const auto head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
  for (const auto& rest : {PeerScript{send(std::string(1'000'000, 'x'))}, PeerScript{close()}, PeerScript{hang()}}) {
    PeerScript script{read_request(), send(head)};
    script.insert(script.end(), rest.begin(), rest.end());
    const ScriptedPeer peer({script});
    auto receiver = receiver_at(peer.url());
    receiver.timeout = 200ms;
    World world(receiver);
    const auto& done = deliver(world);
    CAPTURE(done.attempt.text);
    CHECK(done.verdict.fate == Fate::delivered);
  }
}

TEST_CASE("why a receiver refused a notice its status says, whatever becomes of the rest of its answer") {
  const struct {
    const char* status;
    Reason reason;
  } cases[] = {{"307 Temporary Redirect", Reason::redirect},
               {"401 No", Reason::auth},
               {"410 Gone", Reason::gone},
               {"413 Too Much", Reason::too_large},
               {"429 Slowly", Reason::rate_limited},
               {"500 Oh", Reason::server_error}};
  for (const auto& c : cases) {
    for (const auto& rest : {send(std::string(1'000'000, 'x')), close()}) {
      CAPTURE(std::string(c.status));
      const auto head = std::string("HTTP/1.1 ") + c.status + "\r\nRetry-After: 90\r\nContent-Length: 1000000\r\n\r\n";
      const auto done = after({send(head), rest});
      CHECK(done.attempt.reason == c.reason);
      CHECK(done.attempt.text.starts_with("HTTP " + std::string(c.status).substr(0, 3)));
      if (c.reason == Reason::rate_limited) CHECK(done.verdict.wait == 90s);
    }
  }
  const auto hanging = after({send("HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\n"), hang()}, 2s);
  CHECK(hanging.attempt.reason == Reason::server_error);
}

TEST_CASE("a receiver that refuses where the clocks differ is told with the difference") {
  const ScriptedPeer peer({answer_each(http_answer("401 No", "", "Date: Tue, 01 Jan 2030 00:00:00 GMT\r\n"))});
  World world(receiver_at(peer.url()));
  CHECK(deliver(world).attempt.text.find("this machine's clock is ") != std::string::npos);
}

TEST_CASE("a courier asks for nothing while the receiver is held back, and then probes it") {
  const ScriptedPeer peer(
      {{read_request(), send(http_answer("500 Oops", "<html>"))}, answer_each(http_answer("200 OK", ""))});
  World world(receiver_at(peer.url()));
  CHECK(deliver(world).verdict.wait == 5s);
  world.ledger.add(2);
  world.clock.advance(4900ms);
  world.ledger.wait_for_a_look(world.courier);
  CHECK(peer.connections() == 1);
  world.clock.advance(100ms);
  world.courier.wake();
  CHECK(world.ledger.settlement(1).verdict.fate == Fate::delivered);
}

TEST_CASE("a courier keeps to the rate of its receiver") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", ""))});
  auto receiver = receiver_at(peer.url());
  receiver.rate_limit = 0.5;
  World world(receiver);
  deliver(world);
  world.ledger.add(2);
  world.clock.advance(1999ms);
  world.ledger.wait_for_a_look(world.courier);
  CHECK(peer.connections() == 1);
  world.clock.advance(1ms);
  world.courier.wake();
  CHECK(world.ledger.settlement(1).row == 2);
}

TEST_CASE("a courier whose receiver answered 410 sends nothing until it is configured anew") {
  const ScriptedPeer peer(
      {{read_request(), send(http_answer("410 Gone", ""))}, answer_each(http_answer("200 OK", ""))});
  World world(receiver_at(peer.url()));
  CHECK(deliver(world).verdict.fate == Fate::disabled);
  world.ledger.add(2);
  world.clock.advance(std::chrono::hours(100));
  world.ledger.wait_for_a_look(world.courier);
  CHECK(peer.connections() == 1);
  world.courier.reconfigure(receiver_at(peer.url("/new")), {http::make_client()});
  CHECK(world.ledger.settlement(1).verdict.fate == Fate::delivered);
  CHECK(peer.received(1).starts_with("POST /new "));
}

TEST_CASE("a courier hands a settlement in again until it is committed, and asks for nothing before") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", ""))});
  World world(receiver_at(peer.url()));
  world.ledger.change([&] {
    world.ledger.to_refuse = 2;
    world.ledger.to_break = 1;
  });
  world.ledger.add(1);
  world.ledger.add(2);
  world.courier.wake();
  for (int i = 0; i < 6; ++i) world.ledger.wait_for_a_look(world.courier);
  world.ledger.settlement(1);
  CHECK(peer.connections() == 2);
  world.courier.stop();
  world.courier.join();
  const auto& course = world.ledger.course;
  const auto first = std::ranges::find(course, "settle 1");
  CHECK(std::vector(first, first + 4) == std::vector<std::string>{"settle 1", "settle 1", "settle 1", "next"});
}

TEST_CASE("a courier reads address and secrets before each request, and keeps the last ones where it cannot") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", ""))});
  int reading = 0;
  World world(receiver_at("http://127.0.0.1:1/"), [&]() -> core::Result<Credentials> {
    if (++reading == 2) return core::fail(core::ErrorKind::unavailable, "no such file");
    return Credentials{
        .url = core::Secret(peer.url(fmt::format("/{}", reading))), .urls = {}, .secrets = {}, .authorization = {}};
  });
  for (std::size_t i = 0; i < 3; ++i) CHECK(deliver(world, i).verdict.fate == Fate::delivered);
  CHECK(peer.received(0).starts_with("POST /1 "));
  CHECK(peer.received(1).starts_with("POST /1 "));
  CHECK(peer.received(2).starts_with("POST /3 "));
  CHECK(peer.received(0).find("webhook-signature") == std::string::npos);
}

TEST_CASE("a courier gives up a notice that its template makes too long") {
  auto receiver = receiver_at("http://127.0.0.1:1/");
  receiver.type = Type::custom;
  receiver.custom = "[\"" + std::string(500, 'x') + "\"]";
  receiver.max_body = {100};
  World world(receiver);
  const auto& settlement = deliver(world);
  CHECK(settlement.verdict.fate == Fate::dead);
  CHECK(settlement.attempt.reason == Reason::too_large);
}

TEST_CASE("a courier stops at once when idle or held back, and gives a request a second") {
  {
    World world(receiver_at("http://127.0.0.1:1/"));
    deliver(world);
    const Stopwatch watch;
    world.courier.stop();
    world.courier.join();
    CHECK(watch.elapsed() < 100ms + kSlack);
  }
  {
    const ScriptedPeer peer({{read_request(), hang()}});
    World world(receiver_at(peer.url()));
    world.ledger.add(1);
    world.courier.wake();
    REQUIRE(peer.wait_received("firing"));
    const Stopwatch watch;
    world.courier.stop();
    world.courier.join();
    CHECK(watch.elapsed() >= 900ms);
    CHECK(watch.elapsed() < 1100ms + kSlack);
    CHECK(world.ledger.settled.empty());
  }
}

TEST_CASE("a courier settles what is answered within the second that it is given") {
  Watched go;
  bool stopping = false;
  const PeerStep wait = [&](PeerConnection&) { return go.wait([&] { return stopping; }); };
  const ScriptedPeer peer({{read_request(), wait, send(http_answer("200 OK", ""))}});
  World world(receiver_at(peer.url()));
  world.ledger.add(1);
  world.ledger.add(2);
  world.courier.wake();
  REQUIRE(peer.wait_received("firing"));
  world.courier.stop();
  go.change([&] { stopping = true; });
  world.courier.join();
  REQUIRE(world.ledger.settled.size() == 1);
  CHECK(world.ledger.settled[0].verdict.fate == Fate::delivered);
}

TEST_CASE("an Alertmanager's courier posts all that is open at once, when woken, and soon after a failure") {
  const ScriptedPeer peer(
      {{read_request(), send(http_answer("500 Oops", ""))}, answer_each(http_answer("200 OK", ""))});
  auto receiver = receiver_at("");
  receiver.type = Type::alertmanager;
  receiver.credentials.urls = {core::Secret("http://127.0.0.1:1"), core::Secret(peer.url(""))};
  ManualClock clock;
  Watched watched;
  std::vector<Attempt> attempts;
  const auto standing = [] {
    return std::vector{Standing{.rule = "task-failed",
                                .severity = "warning",
                                .labels = {},
                                .runbook = {},
                                .incident = {},
                                .space = "sales",
                                .run_id = {},
                                .about = {},
                                .why = {}}};
  };
  AlertmanagerCourier courier(
      receiver, 1, {http::make_client()},
      {.standing = standing, .done = [&](const Attempt& a) { watched.change([&] { attempts.push_back(a); }); }}, clock);
  REQUIRE(watched.wait([&] { return attempts.size() == 1; }));
  CHECK(attempts[0].reason == Reason::server_error);
  clock.advance(5s);
  courier.wake();
  REQUIRE(watched.wait([&] { return attempts.size() == 2; }));
  clock.advance(1s);
  courier.wake();
  REQUIRE(watched.wait([&] { return attempts.size() == 3; }));
  CHECK_FALSE(attempts[2].reason);
  CHECK(peer.received(2).starts_with("POST /api/v2/alerts HTTP/1.1\r\n"));
  CHECK(peer.received(2).find("\"alertname\":\"task-failed\"") != std::string::npos);
}

TEST_CASE("a heartbeat's courier asks while all is well, and as soon as it is again") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", ""))});
  ManualClock clock;
  Watched watched;
  std::atomic<bool> healthy = false;
  int looks = 0;
  Heartbeat heartbeat({.interval = 1h, .look_again = 10ms}, http::make_client(),
                      {.healthy =
                           [&] {
                             const bool well = healthy;  // before the test can change it
                             watched.change([&] { ++looks; });
                             return well;
                           },
                       .url = [&] { return core::Secret(peer.url("/beat")); }},
                      clock);
  REQUIRE(watched.wait([&] { return looks == 1; }));
  healthy = true;  // seen long before the interval is over
  REQUIRE(peer.wait_received("GET /beat"));
  CHECK(peer.received().starts_with("GET /beat HTTP/1.1\r\n"));
}
