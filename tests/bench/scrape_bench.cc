// What a scrape of about 100,000 series costs: ours, a memcpy of the same bytes, and prometheus-cpp's Collect and
// TextSerializer over a registry that holds the same series. Judge by the ratios of one run.

#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "metrics/exposition.h"
#include "metrics/text.h"

using namespace runwatch;

namespace {

constexpr std::int64_t kRuns = 4'100;  // of 24 series each

std::shared_ptr<const view::RunSnapshot> make_run(std::int64_t number) {
  char id[40];
  std::snprintf(id, sizeof id, "R%032llx", static_cast<unsigned long long>(number) * 0x9e3779b97f4a7c15ULL);
  auto run = std::make_shared<view::RunSnapshot>();
  run->number = number;
  run->run_id = id;
  run->status = task::Status::in_progress;
  run->mode = task::RunMode::prod;
  run->execution = task::ExecutionType::call;
  run->created = run->last_change = core::WallTime(core::Duration(1'770'000'000'000 + number));
  run->polled = true;
  run->tasks = {1, 2, 3, 4, 0, 500, 0, static_cast<std::uint64_t>(number % 50), 0};
  run->oldest.fill(task::kNoTime);
  for (const auto status : {task::Status::pending, task::Status::scheduled, task::Status::processing}) {
    run->oldest[task::index(status)] = run->created;
  }
  return run;
}

std::shared_ptr<const view::Snapshot> make_snapshot() {
  auto space = std::make_shared<view::SpaceSnapshot>();
  space->name = "sales";
  space->up = true;
  space->counted = true;
  space->counters = std::make_shared<task::Counters>();
  for (std::int64_t i = kRuns; i > 0; --i) space->runs.push_back(make_run(i));
  auto snapshot = std::make_shared<view::Snapshot>();
  snapshot->spaces.push_back(space);
  return snapshot;
}

struct Ours {
  Ours() {
    meters.add_space("sales");
    exposition.publish(make_snapshot());
  }
  metrics::Meters meters{{"bench", "", ""}};
  metrics::Exposition exposition{{.max_series = 1'000'000}, meters};
};

const Ours& ours() {
  static const Ours one;
  return one;
}

prometheus::Registry& theirs() {
  static prometheus::Registry registry;
  static const bool filled = [] {
    const auto snapshot = make_snapshot();
    for (int family = 0; family < 3; ++family) {
      auto& gauges =
          prometheus::BuildGauge().Name("unpod_run_tasks_" + std::to_string(family)).Help("h").Register(registry);
      for (const auto& run : snapshot->spaces[0]->runs) {
        for (int i = 0; i < 8; ++i) {
          gauges
              .Add({{"space", "sales"},
                    {"run_id", run->run_id},
                    {"status", std::string(task::kStatusNames[static_cast<std::size_t>(i)])}})
              .Set(static_cast<double>(i * run->number));
        }
      }
    }
    return true;
  }();
  benchmark::DoNotOptimize(filled);
  return registry;
}

void scrape(benchmark::State& state) {
  const auto format = static_cast<metrics::TextFormat>(state.range(0));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto text = ours().exposition.render(format);
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
  const auto text = ours().exposition.render(format);
  state.counters["series"] = static_cast<double>(metrics::count_samples(text));
}

void copy_same_bytes(benchmark::State& state) {
  const auto text = ours().exposition.render(metrics::TextFormat::prometheus);
  for (auto _ : state) {
    const std::string copy(text);
    benchmark::DoNotOptimize(copy.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}

void prometheus_cpp(benchmark::State& state) {
  const prometheus::TextSerializer serializer;
  auto& registry = theirs();
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto text = serializer.Serialize(registry.Collect());
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
  state.counters["series"] = static_cast<double>(3 * 8 * kRuns);
}

// One run changed among all of them, and the counters with it: what each poll costs.
void publish_one_change(benchmark::State& state) {
  metrics::Meters meters({"bench", "", ""});
  metrics::Exposition exposition({.max_series = 1'000'000}, meters);
  auto snapshot = make_snapshot();
  exposition.publish(snapshot);
  for (auto _ : state) {
    auto next = std::make_shared<view::Snapshot>(*snapshot);
    auto space = std::make_shared<view::SpaceSnapshot>(*next->spaces[0]);
    space->runs[7] = std::make_shared<view::RunSnapshot>(*space->runs[7]);
    space->counters = std::make_shared<task::Counters>(*space->counters);
    next->spaces[0] = std::move(space);
    exposition.publish(next);
    snapshot = std::move(next);
  }
}

BENCHMARK(copy_same_bytes)->Unit(benchmark::kMillisecond);
BENCHMARK(scrape)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(prometheus_cpp)->Unit(benchmark::kMillisecond);
BENCHMARK(publish_one_change)->Unit(benchmark::kMicrosecond);

}  // namespace
