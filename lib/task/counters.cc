#include "task/counters.h"

#include <algorithm>

namespace runwatch::task {
namespace {

constexpr auto kByCell = [](const auto& entry, std::size_t cell) { return entry.first < cell; };

}  // namespace

void Tally::observe(Family family, std::size_t series, double value, std::optional<Exemplar> exemplar) {
  const auto& histogram = info(family);
  const auto bucket = std::ranges::lower_bound(histogram.bounds, value) - histogram.bounds.begin();
  const auto first = histogram.cell(series);
  add(first + static_cast<std::size_t>(bucket), 1, exemplar);
  add(first + histogram.bounds.size() + 1, value, std::nullopt);
}

void Tally::add(std::size_t cell, double amount, const std::optional<Exemplar>& exemplar) {
  auto at = std::ranges::lower_bound(increments_, cell, {}, &CellIncrement::cell);
  if (at == increments_.end() || at->cell != cell) at = increments_.insert(at, CellIncrement{cell, 0, std::nullopt});
  at->amount += amount;
  if (exemplar) at->exemplar = exemplar;
}

Counters::Counters() : cells_(cell_count()) {}

void Counters::apply(const std::vector<CellIncrement>& increments) {
  for (const auto& increment : increments) {
    cells_[increment.cell] += increment.amount;
    if (!increment.exemplar) continue;
    auto at = std::lower_bound(exemplars_.begin(), exemplars_.end(), increment.cell, kByCell);
    if (at == exemplars_.end() || at->first != increment.cell) at = exemplars_.emplace(at, increment.cell, Exemplar{});
    at->second = *increment.exemplar;
  }
}

std::uint64_t Counters::total(Family counter) const {
  const auto& family = info(counter);
  double sum = 0;
  for (std::size_t series = 0; series < family.series.size(); ++series) sum += cells_[family.cell(series)];
  return static_cast<std::uint64_t>(sum);
}

const Exemplar* Counters::exemplar(std::size_t cell) const {
  const auto at = std::lower_bound(exemplars_.begin(), exemplars_.end(), cell, kByCell);
  return at == exemplars_.end() || at->first != cell ? nullptr : &at->second;
}

}  // namespace runwatch::task
