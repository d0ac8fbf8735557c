// The cap on the number of series and what is told about it.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "metrics/exposition.h"
#include "metrics/exposition_parser.h"
#include "metrics/published.h"
#include "support/snapshots.h"

using namespace runwatch;
using metrics::TextFormat;

namespace {

struct Fixture {
  explicit Fixture(metrics::ExpositionOptions options) : exposition(options, meters) {
    meters.add_space("sales");
    exposition.publish(support::sample_snapshot());
  }

  std::vector<exposition::Family> families(TextFormat format) const {
    return exposition::read(exposition.render(format), format == TextFormat::open_metrics);
  }

  metrics::Meters meters{{"1.2.3", "abcdef", "g++ 12"}};
  metrics::Exposition exposition;
};

double value(const std::vector<exposition::Family>& families, const std::string& name) {
  const auto all = exposition::series(families);
  const auto found = all.find({name, {}});
  REQUIRE_MESSAGE(found != all.end(), name);
  return found->second;
}

}  // namespace

TEST_CASE("runwatch_series is the number of samples of the same answer") {
  for (const bool created : {false, true}) {
    const Fixture f({.created_series = created});
    for (const auto format : {TextFormat::prometheus, TextFormat::open_metrics}) {
      const auto families = f.families(format);
      CHECK(value(families, "runwatch_series") == static_cast<double>(exposition::series(families).size()));
    }
  }
}

TEST_CASE("over the limit whole runs go, the oldest first, and are counted once") {
  Fixture f({.max_series = 100'000});
  const auto all = value(f.families(TextFormat::prometheus), "runwatch_series");
  metrics::Exposition tight({.max_series = static_cast<std::uint64_t>(all) - 3}, f.meters);
  for (int round = 0; round < 3; ++round) {
    tight.publish(support::sample_snapshot());
    const auto families = exposition::read(tight.render(TextFormat::prometheus), false);
    const auto text = tight.render(TextFormat::prometheus);
    CHECK(text.find("R40fe5eface1511f082ac156368e7acc4") == std::string::npos);
    CHECK(text.find("RUN_SPACE_") == std::string::npos);
    CHECK(text.find("Recac64fe03e911f1878d43cd8a99e069") != std::string::npos);
    CHECK(value(families, "runwatch_series_limit") == all - 3);
    CHECK(value(families, "runwatch_series") <= all - 3);
    CHECK(value(families, "runwatch_series_left_out") == all - value(families, "runwatch_series"));
    CHECK(value(families, "runwatch_series_dropped_total") == all - value(families, "runwatch_series"));
  }
}

TEST_CASE("a limit below what has no run still shows all that is no run") {
  const Fixture f({.max_series = 1});
  const auto text = f.exposition.render(TextFormat::prometheus);
  exposition::read(text, false);
  CHECK(text.find("run_id=") == std::string::npos);
  CHECK(text.find("unpod_tasks{space=\"sales\",status=\"completed\"} 40\n") != std::string::npos);
}

TEST_CASE("runs are chosen from the newest on, up to the first that does not fit") {
  using metrics::RunSize;
  const std::vector<RunSize> runs{{support::at(1), 1, 10},
                                  {support::at(3), 3, 30},
                                  {support::at(2), 2, 20},
                                  {task::kNoTime, 4, 1},
                                  {support::at(3), 5, 5}};
  CHECK(metrics::choose_runs(runs, 66) == std::vector{true, true, true, true, true});
  CHECK(metrics::choose_runs(runs, 65) == std::vector{true, true, true, false, true});
  CHECK(metrics::choose_runs(runs, 54) == std::vector{false, true, false, false, true});
  CHECK(metrics::choose_runs(runs, 4) == std::vector{false, false, false, false, false});
  CHECK(metrics::choose_runs({}, 4).empty());
}
