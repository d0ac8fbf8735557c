#include "sim/fault.h"

#include <doctest/doctest.h>

#include "sim/effects.h"

using namespace runwatch;
using namespace runwatch::sim;

namespace {

struct Good {
  const char* text;
  Fault fault;
};

Fault make(const char* name, double share = 1, std::uint64_t number = 0) {
  Fault fault;
  fault.name = name;
  fault.share = share;
  fault.number = number;
  return fault;
}

}  // namespace

TEST_CASE("a fault is read with its share, its parameter and the calls it concerns") {
  auto slow = make("latency");
  slow.latency = core::Duration(1500);
  auto page = make("status", 0.5, 500);
  page.call = Call::tasks;
  page.page = 2;
  auto retry = make("retry-after");
  retry.text = "Fri, 31 Dec 1999 23:59:59 GMT";
  const auto in_30_s = make("retry-after", 1, 30);
  const Good table[] = {
      {"429=0.05", make("status", 0.05, 429)},
      {"206", make("status", 1, 206)},
      {"latency=1.5s", slow},
      {"latency=1500ms", slow},
      {"truncate=0.05", make("truncate", 0.05)},
      {"badjson=0", make("badjson", 0)},
      {"shift", make("shift")},
      {"clamp=20", make("clamp", 1, 20)},
      {"ignore-page", make("ignore-page")},
      {"down", make("down")},
      {"500=0.5/tasks:2", page},
      {"retry-after=Fri, 31 Dec 1999 23:59:59 GMT", retry},
      {"retry-after=@30", in_30_s},
      {"limit=3", make("limit", 1, 3)},
      {"wrong-run=0.5", make("wrong-run", 0.5)},
      {"unasked", make("unasked")},
      {"idle-408", make("idle-408")},
      {"lost-404", make("lost-404")},
  };
  for (const auto& [text, fault] : table) {
    CAPTURE(text);
    const auto read = parse_fault(text);
    REQUIRE(read.has_value());
    CHECK(*read == fault);
  }
}

TEST_CASE("a fault that cannot be meant is refused with a hint") {
  const char* table[][2] = {
      {"", "known are latency"},          {"slow", "known are latency"},       {"200=1", "HTTP statuses"},
      {"600", "HTTP statuses"},           {"99999999999999999999", "unknown"}, {"500=1.5", "share from 0 to 1"},
      {"500=-1", "share from 0 to 1"},    {"500=nan", "share from 0 to 1"},    {"500=", "share from 0 to 1"},
      {"latency", "as in 200ms"},         {"latency=5", "as in 200ms"},        {"latency=2h", "as in 200ms"},
      {"latency=-1s", "as in 200ms"},     {"latency=nans", "as in 200ms"},     {"latency=3601s", "as in 200ms"},
      {"clamp", "number from 1"},         {"clamp=0", "number from 1"},        {"clamp=2x", "number from 1"},
      {"500=1/task", "behind the slash"}, {"500/tasks:0", "behind the slash"}, {"500/tasks:x", "behind the slash"},
      {"retry-after=", "printable"},      {"retry-after=a\nb", "printable"},   {"retry-after=@", "as in @30"},
      {"retry-after=@-1", "as in @30"},   {"limit", "number from 1"},          {"limit=0", "number from 1"},
  };
  for (const auto& [text, hint] : table) {
    CAPTURE(text);
    const auto read = parse_fault(text);
    REQUIRE(!read.has_value());
    CHECK(read.error().kind == core::ErrorKind::invalid);
    CHECK(read.error().text.find(hint) != std::string::npos);
  }
}

TEST_CASE("several faults are read from one text, and one that is wrong spoils all") {
  const auto read = parse_faults("500=0.1,latency=20ms,clamp=7/runs");
  REQUIRE(read.has_value());
  CHECK(read->size() == 3);
  CHECK(parse_faults("")->empty());
  CHECK(!parse_faults("500=0.1,,down").has_value());
  CHECK(!parse_faults("500=0.1,dwon").has_value());
}

TEST_CASE("the help names every fault that can be read") {
  const auto help = fault_help();
  const auto unknown = parse_fault("?").error().text;
  for (const char* name :
       {"latency", "truncate", "badjson", "envelope", "shift", "vanish", "shrink", "clamp", "ignore-page", "miscount",
        "no-count", "down", "limit", "retry-after", "wrong-run", "unasked", "idle-408", "lost-404"}) {
    CAPTURE(name);
    CHECK(help.find(name) != std::string::npos);
    CHECK(unknown.find(name) != std::string::npos);
  }
}

TEST_CASE("a fault hits its share of the answers and only the calls and pages it names") {
  const auto faults = *parse_faults("500=0.25/tasks:2,clamp=9/runs");
  Dice dice(7, 0);
  int hits = 0;
  for (int i = 0; i < 4000; ++i) {
    if (throw_dice(faults, Call::tasks, 2, dice).has("status")) ++hits;
    CHECK(!throw_dice(faults, Call::tasks, 1, dice).has("status"));
    const auto runs = throw_dice(faults, Call::runs, 2, dice);
    CHECK(!runs.has("status"));
    CHECK(runs.find("clamp")->number == 9);
  }
  CHECK(hits > 850);
  CHECK(hits < 1150);
}
