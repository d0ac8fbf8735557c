// The families of a snapshot, and the lines of one space or run in each of them, as pure functions. What is not known
// has no line. Private to the room.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/text.h"
#include "task/counters.h"
#include "view/snapshot.h"

namespace runwatch::metrics {

template <class Snapshot>
struct GaugeFamily {
  Heading heading;
  std::optional<double> (*value)(const Snapshot&);
  // Instead of `value`, for one with labels beside those of the space and run.
  void (*append)(std::string& out, std::string_view name, std::string_view labels, const Snapshot&) = nullptr;
};

struct CounterFamily {
  task::Family family;
  Heading heading;
  std::array<std::string_view, 2> labels = {};  // names of its dimensions, beside `space`
};

std::span<const GaugeFamily<view::SpaceSnapshot>> space_families();
std::span<const GaugeFamily<view::RunSnapshot>> run_families();
std::span<const CounterFamily> counter_families();  // in the order of task::Family

// Sample lines of several families, one after the other.
struct Pieces {
  std::string bytes;
  std::vector<std::size_t> ends;  // one a family
  std::size_t series = 0;

  std::string_view of(std::size_t family) const {
    const std::size_t start = family == 0 ? 0 : ends[family - 1];
    return std::string_view(bytes).substr(start, ends[family] - start);
  }
};

// `labels` are `space="…"`, for a run followed by its `run_id`.
Pieces render(const view::SpaceSnapshot& space, std::string_view labels);
Pieces render(const view::RunSnapshot& run, std::string_view labels);
// Every series, those never counted with 0.
Pieces render(const task::Counters& counters, std::string_view labels, const Context& context);

// What all three do: `append(out, family)` for each family.
template <class Families, class Append>
Pieces render_each(const Families& families, Append&& append) {
  Pieces pieces;
  for (const auto& family : families) {
    append(pieces.bytes, family);
    pieces.ends.push_back(pieces.bytes.size());
  }
  pieces.series = count_samples(pieces.bytes);
  pieces.bytes.shrink_to_fit();
  return pieces;
}

}  // namespace runwatch::metrics
