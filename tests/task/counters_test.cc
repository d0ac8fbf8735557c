#include "task/counters.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>

using namespace runwatch::task;

namespace {

double total(const Counters& counters, std::string_view key) {
  const auto cell = find_cell(key);
  REQUIRE_MESSAGE(cell.has_value(), std::string(key));
  return counters[*cell];
}

Exemplar exemplar_of(char mark) {
  Exemplar exemplar{.task = {}, .at = runwatch::core::WallTime(runwatch::core::Duration(1000))};
  exemplar.task.bytes.fill(static_cast<std::uint8_t>(mark));
  return exemplar;
}

}  // namespace

TEST_CASE("families are laid out without gap or overlap, in the order of their names in the enum") {
  REQUIRE(families().size() == kFamilyCount);
  std::size_t next = 0;
  for (std::size_t i = 0; i < families().size(); ++i) {
    const auto& family = families()[i];
    CHECK(static_cast<std::size_t>(family.family) == i);
    CHECK(&info(family.family) == &family);
    CHECK(family.first_cell == next);
    CHECK(std::ranges::is_sorted(family.bounds));
    for (const auto& series : family.series) CHECK(series.size() == family.dimensions.size());
    next += family.series.size() * family.cells_per_series();
  }
  CHECK(next == cell_count());
}

TEST_CASE("every cell has a key of its own that leads back to it") {
  std::set<std::string> seen;
  for (std::size_t cell = 0; cell < cell_count(); ++cell) {
    CHECK(seen.insert(cell_key(cell)).second);
    CHECK(find_cell(cell_key(cell)) == cell);
  }
  CHECK(!find_cell("unpod_calls_total"));
  CHECK(!find_cell(""));
}

TEST_CASE("each key that a database may hold is found, for ever") {
  std::ifstream stored(TEST_DATA "/task/stored_keys.txt");
  std::size_t keys = 0;
  for (std::string key; std::getline(stored, key); ++keys) {
    CAPTURE(key);
    CHECK(find_cell(key).has_value());
  }
  CHECK(keys >= 365);
  CHECK(!find_cell("unpod_task_transitions_total{from=\"failed\",to=\"failed\"}"));
  CHECK(!find_cell("unpod_task_transitions_total{from=\"none\",to=\"gone\"}"));
}

TEST_CASE("each transition is counted under its own two ends") {
  for (std::size_t from = 0; from <= kStatusCount; ++from) {
    for (std::size_t to = 0; to <= kStatusCount; ++to) {
      if (from == to) continue;
      const auto before = from < kStatusCount ? std::optional(static_cast<Status>(from)) : std::nullopt;
      const auto after = to < kStatusCount ? std::optional(static_cast<Status>(to)) : std::nullopt;
      Tally tally;
      tally.transition(before, after);
      REQUIRE(tally.increments().size() == 1);
      CHECK(cell_key(tally.increments()[0].cell) == "unpod_task_transitions_total{from=\"" +
                                                        std::string(before ? name(*before) : "none") + "\",to=\"" +
                                                        std::string(after ? name(*after) : "gone") + "\"}");
    }
  }
}

TEST_CASE("equal ends are no transition") {
  Tally tally;
  tally.transition(Status::failed, Status::failed);
  tally.transition(std::nullopt, std::nullopt);
  CHECK(tally.increments().empty());
}

TEST_CASE("what a tally gathers arrives in the totals") {
  Tally tally;
  tally.failure(FailureReason::busy, exemplar_of('a'));
  tally.failure(FailureReason::busy, exemplar_of('b'));
  tally.retry();
  tally.recovery();
  tally.inferred();
  tally.unknown_status();
  tally.bad_field(Field::end);
  tally.call(CallStatus::other, CallType::unknown);
  tally.call(CallStatus::connected, CallType::inbound);
  tally.completion(Status::failed, 5);
  Counters counters;
  counters.apply(tally.increments());
  counters.apply(tally.increments());
  CHECK(total(counters, "unpod_task_failures_total{reason=\"busy\"}") == 4);
  CHECK(total(counters, "unpod_task_retries_total") == 2);
  CHECK(total(counters, "unpod_task_recoveries_total") == 2);
  CHECK(total(counters, "unpod_task_transitions_inferred_total") == 2);
  CHECK(total(counters, "unpod_task_unknown_status_total") == 2);
  CHECK(total(counters, "unpod_task_bad_fields_total{field=\"end\"}") == 2);
  CHECK(total(counters, "unpod_calls_total{call_status=\"other\",call_type=\"unknown\"}") == 2);
  CHECK(total(counters, "unpod_calls_total{call_status=\"connected\",call_type=\"inbound\"}") == 2);
  CHECK(total(counters, "unpod_task_completion_seconds{status=\"failed\"} le=5") == 2);
  CHECK(total(counters, "unpod_task_completion_seconds{status=\"failed\"} sum") == 10);
}

TEST_CASE("a value falls into the first bucket whose bound it does not exceed") {
  const struct {
    double seconds;
    const char* bucket;
  } cases[] = {{0, "le=5"}, {5, "le=5"}, {5.001, "le=15"}, {3600, "le=3600"}, {3601, "le=+Inf"}, {86400, "le=+Inf"}};
  for (const auto& c : cases) {
    CAPTURE(c.seconds);
    Tally tally;
    tally.duration(CallStatus::voicemail, c.seconds, exemplar_of('c'));
    Counters counters;
    counters.apply(tally.increments());
    const std::string series = "unpod_call_duration_seconds{call_status=\"voicemail\"} ";
    CHECK(total(counters, series + c.bucket) == 1);
    CHECK(total(counters, series + "sum") == c.seconds);
    CHECK(counters.exemplar(*find_cell(series + c.bucket)) != nullptr);
    CHECK(counters.exemplar(*find_cell(series + "sum")) == nullptr);
  }
}

TEST_CASE("a tally gives each cell once, in order, with the latest exemplar") {
  Tally tally;
  for (int i = 0; i < 1000; ++i) {
    tally.lag(2);
    tally.failure(FailureReason::other, exemplar_of(i % 2 == 0 ? 'a' : 'b'));
  }
  REQUIRE(tally.increments().size() == 3);
  CHECK(std::ranges::is_sorted(tally.increments(), {}, &CellIncrement::cell));
  CHECK(tally.increments()[0].amount == 1000);
  CHECK(tally.increments()[0].exemplar == exemplar_of('b'));
  CHECK(tally.increments()[2].amount == 2000);
}

TEST_CASE("a completion in an unfinished status is not observed") {
  Tally tally;
  tally.completion(Status::hold, 5);
  CHECK(tally.increments().empty());
}

TEST_CASE("totals go on from what was restored and hold the newest exemplar of a cell") {
  Counters counters;
  const auto cell = *find_cell("unpod_task_failures_total{reason=\"timeout\"}");
  counters.restore(cell, 41);
  counters.apply({{cell, 1, exemplar_of('d')}});
  CHECK(counters[cell] == 42);
  REQUIRE(counters.exemplar(cell) != nullptr);
  CHECK(*counters.exemplar(cell) == exemplar_of('d'));
  counters.apply({{cell, 1, std::nullopt}});
  CHECK(*counters.exemplar(cell) == exemplar_of('d'));
  CHECK(counters.exemplar(cell + 1) == nullptr);
}
