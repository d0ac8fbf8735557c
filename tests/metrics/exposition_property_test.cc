#include <doctest/doctest.h>

#include <atomic>
#include <random>
#include <thread>

#include "metrics/exposition.h"
#include "metrics/exposition_parser.h"
#include "metrics/published.h"
#include "support/seed.h"
#include "support/snapshots.h"

using namespace runwatch;
using metrics::TextFormat;

namespace {

std::string text_of(const metrics::Published& published, TextFormat format) {
  std::string text;
  metrics::append_published(text, published, format, true);
  return text;
}

// Counters and the cumulative parts of histograms of `after` that are below those of `before`.
std::size_t decreases(const std::vector<exposition::Family>& before, const std::vector<exposition::Family>& after) {
  const auto earlier = exposition::series(before);
  std::size_t found = 0;
  for (const auto& family : after) {
    if (family.type != "counter" && family.type != "histogram") continue;
    for (const auto& sample : family.samples) {
      const auto old = earlier.find({sample.name, sample.labels});
      if (old != earlier.end() && sample.value < old->second) ++found;
    }
  }
  return found;
}

bool same_names(const view::Snapshot& a, const view::Snapshot& b) {
  return std::ranges::equal(a.spaces, b.spaces, {}, &view::SpaceSnapshot::name, &view::SpaceSnapshot::name);
}

}  // namespace

TEST_CASE("after any history the text is the one rendered from scratch") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  support::RandomSnapshots history(seed);
  const metrics::PublishOptions options{.max_series = 3000, .other_series = 17, .created_series = seed % 2 == 0};
  auto published = std::make_shared<const metrics::Published>();
  for (int step = 0; step < 60; ++step) {
    CAPTURE(step);
    const auto snapshot = history.step();
    published = metrics::advance(*published, snapshot, options);
    const auto scratch = metrics::advance(metrics::Published{}, snapshot, options);
    for (const auto format : {TextFormat::prometheus, TextFormat::open_metrics}) {
      REQUIRE(text_of(*published, format) == text_of(*scratch, format));
    }
    CHECK(published->dropped == scratch->dropped);
    CHECK(published->series == scratch->series);
    CHECK(published->dropped_series_total >= scratch->dropped_series_total);
  }
}

TEST_CASE("whatever the snapshot, every line is well formed, no series is there twice and no counter goes back") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  support::RandomSnapshots history(seed);
  metrics::Meters meters({"v", "r", "c"});
  metrics::Exposition exposition({.max_series = 4000, .created_series = seed % 2 == 0}, meters);
  std::vector<exposition::Family> before;
  auto last = exposition.snapshot();
  for (int step = 0; step < 40; ++step) {
    CAPTURE(step);
    const auto snapshot = history.step();
    for (const auto& space : snapshot->spaces) meters.poll_ended(space->name, core::Duration(step), 1, 0);
    exposition.publish(snapshot);
    REQUIRE_NOTHROW(exposition::read(exposition.render(TextFormat::prometheus), false));
    std::vector<exposition::Family> families;
    REQUIRE_NOTHROW(families = exposition::read(exposition.render(TextFormat::open_metrics), true));
    if (same_names(*last, *snapshot)) CHECK(decreases(before, families) == 0);
    before = std::move(families);
    last = snapshot;
  }
}

TEST_CASE("scrapes during publishing are whole answers of one snapshot or the other") {
  metrics::Meters meters({"v", "r", "c"});
  metrics::Exposition exposition({.max_series = 2000}, meters);
  std::atomic<bool> done = false;
  std::atomic<int> broken = 0, scrapes = 0;
  const auto scrape = [&](TextFormat format) {
    do {
      try {
        exposition::read(exposition.render(format), format == TextFormat::open_metrics);
      } catch (const std::exception&) {
        ++broken;
      }
      ++scrapes;
    } while (!done);
  };
  {
    std::jthread text(scrape, TextFormat::prometheus);
    std::jthread open(scrape, TextFormat::open_metrics);
    support::RandomSnapshots history(1);
    for (int step = 0; step < 200; ++step) {
      const auto name = "space " + std::to_string(step % 5);
      exposition.publish(history.step());
      meters.poll_ended(name, core::Duration(step), 1, 0);
      meters.api_request(metrics::Endpoint::runs, 200 + step, core::Duration(1), 1);
      meters.rename_space(name, "space " + std::to_string(step % 3));
    }
    done = true;
  }
  CHECK(broken == 0);
  CHECK(scrapes >= 2);
}
