// The page of very many runs: each request makes it anew.
#include <benchmark/benchmark.h>

#include "page/status_page.h"
#include "support/many_runs.h"

using namespace runwatch;

namespace {

void overview(benchmark::State& state) {
  const auto snapshot = support::many_runs(static_cast<std::size_t>(state.range(0)));
  std::size_t bytes = 0;
  for (auto _ : state) bytes = page::status_page(*snapshot, {}, "1.2.3", "", support::at(30'000)).size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(overview)->Arg(48)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
