// The local receiver, asked by a raw client.
#include "sim/sink.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/guarded.h"
#include "support/manual_clock.h"
#include "support/raw_client.h"

namespace runwatch::sim {
namespace {

using test::RawClient;

struct Receiver {
  explicit Receiver(SinkOptions options = {}) {
    options.arrived = [this](const Arrival& arrival) { arrivals_.with([&](auto& all) { all.push_back(arrival); }); };
    auto made = receive(std::move(options), clock);
    REQUIRE(made);
    sink = *std::move(made);
  }

  std::uint16_t port() const {
    const auto address = sink->address();
    return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  }

  // The status; 0: the connection ended without an answer.
  int post(const std::string& body, const std::string& headers = "") {
    RawClient client(port());
    const auto answer = client.ask(
        fmt::format("POST /hook HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), headers, body));
    return answer ? answer->status : 0;
  }

  test::ManualClock clock;
  std::vector<Arrival> arrivals() {
    return arrivals_.with([](const auto& all) { return all; });
  }
  std::unique_ptr<Sink> sink;

 private:
  core::Guarded<std::vector<Arrival>> arrivals_;
};

}  // namespace

TEST_CASE("a failure is told by what and how often") {
  CHECK(parse_sink_fault("500:0.1") == SinkFault{"500", 0.1});
  CHECK(parse_sink_fault("hang:0") == SinkFault{"hang", 0});
  CHECK(parse_sink_fault("close") == SinkFault{"close", 1});
  for (const char* wrong :
       {"", ":", "500:", ":0.5", "200:0.5", "600", "500:1.1", "500:-0.1", "500:nan", "500:0.1x", "5e2:0.1", "lost:1"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_sink_fault(wrong));
  }
}

TEST_CASE("shares of more than 1 in sum are refused") {
  const test::ManualClock clock;
  CHECK_FALSE(receive({.faults = {{"500", 0.6}, {"hang", 0.5}}}, clock));
}

TEST_CASE("what arrives is told with its signature's worth, and a repeat is told as one") {
  const auto verify = [](const SinkMessage& message) -> core::Result<void> {
    if (message.signatures == "sound" && message.timestamp == "7") return {};
    return core::fail(core::ErrorKind::invalid, "not of this secret");
  };
  Receiver receiver({.verify = verify});
  CHECK(receiver.post("{}", "webhook-id: a\r\nwebhook-timestamp: 7\r\nwebhook-signature: sound\r\n") == 200);
  CHECK(receiver.post("{}", "webhook-id: a\r\nwebhook-timestamp: 7\r\nwebhook-signature: other\r\n") == 401);
  CHECK(receiver.post("[]", "webhook-id: a\r\n") == 401);
  CHECK(receiver.post("{}") == 401);
  REQUIRE(receiver.arrivals().size() == 4);
  using enum Arrival::Signature;
  const auto told = receiver.arrivals();
  CHECK((told[0].signature == good && told[0].times == 1 && !told[0].altered));
  CHECK((told[1].signature == bad && told[1].times == 2 && !told[1].altered));
  CHECK((told[2].signature == bad && told[2].times == 3 && told[2].altered));
  CHECK((told[3].signature == bad && told[3].times == 1));
  CHECK(describe(told[0]).find("[signature good]") != std::string::npos);
  CHECK(describe(told[1]).find("[BAD SIGNATURE: not of this secret] [again, 2 times now]") != std::string::npos);
  CHECK(describe(told[2]).find("[OTHER BYTES") != std::string::npos);
}

TEST_CASE("it fails as often as it is told, in the same way for the same seed") {
  const auto course = [](std::uint64_t seed) {
    Receiver receiver({.seed = seed, .faults = {{"500", 0.2}, {"close", 0.1}, {"429", 0.1}}});
    std::vector<int> statuses;
    for (int i = 0; i < 300; ++i) statuses.push_back(receiver.post("{}"));
    const auto told = receiver.arrivals();
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      const auto& outcome = told.at(i).outcome;
      CHECK(outcome == (statuses[i] == 0 ? "close" : std::to_string(statuses[i])));
    }
    return statuses;
  };
  const auto first = course(1);
  CHECK(first == course(1));
  CHECK(first != course(2));
  for (const auto& [status, share] : {std::pair{500, 0.2}, {0, 0.1}, {429, 0.1}, {200, 0.6}}) {
    CAPTURE(status);
    const auto count = static_cast<double>(std::ranges::count(first, status));
    CHECK(count > 300 * share / 2);
    CHECK(count < 300 * share * 1.6);
  }
}

TEST_CASE("one that hangs never answers, and ends with the sink") {
  std::optional<Receiver> receiver(std::in_place, SinkOptions{.faults = {{"hang", 1}}});
  RawClient client(receiver->port());
  client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
  while (receiver->arrivals().empty()) std::this_thread::yield();
  receiver->sink.reset();
  CHECK(client.ends());
}

TEST_CASE("a body of no told length is not read") {
  Receiver receiver;
  RawClient client(receiver.port());
  const auto answer = client.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  REQUIRE(answer);
  CHECK(answer->status == 411);
  CHECK(receiver.arrivals().empty());
}

TEST_CASE("a line says what a notice says, whatever its texts hold") {
  Arrival arrival{.at = core::WallTime(std::chrono::milliseconds(1770443865120)), .outcome = "200"};
  const struct {
    const char* body;
    const char* line;
  } table[] = {
      {R"({"type": "task_failed.firing", "data": {"space": "sales", "run_id": "R1", "rule": "task-failed",
           "why": "3 tasks failed", "counts": {"new": 3, "open": 3, "total": 4, "gone": 0}}})",
       "05:57:45.120Z task_failed.firing sales R1 task-failed new=3 open=3 total=4: 3 tasks failed"},
      {R"({"type": "poll_failing.resolved", "data": {"space": null, "rule": "r", "why": "a\nb", "counts": {"new": 0}}})",
       "05:57:45.120Z poll_failing.resolved r new=0: a b"},
      {R"({"type": "x", "data": 7})", "05:57:45.120Z x: "},
      {R"({"text": "in words", "attachments": []})", "05:57:45.120Z in words (39 bytes)"},
      {R"({"payload": {"summary": "in words"}})", "05:57:45.120Z in words (36 bytes)"},
      {"[{\"labels\": {\"alertname\": \"A\"}}]", "05:57:45.120Z A (32 bytes)"},
      {"\x1b[31m", "05:57:45.120Z ?[31m (5 bytes)"},
      {"", "05:57:45.120Z heartbeat"},
  };
  for (const auto& row : table) {
    arrival.body = row.body;
    CHECK(describe(arrival) == row.line);
  }
  arrival.outcome = "500";
  CHECK(describe(arrival) == "05:57:45.120Z heartbeat [answered: 500]");
  arrival.body = "\xff";
  CHECK(to_json(arrival).find('\n') == std::string::npos);
  CHECK(to_json(arrival).find("\"body\":\"\xEF\xBF\xBD\"") != std::string::npos);
}

}  // namespace runwatch::sim
