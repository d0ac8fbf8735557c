// A snapshot as text, ready to be concatenated: its families, a piece for each run and space, cut by family, and the
// choice of runs that `max_series` leaves. What is not known has no line.
//
// Pure: `advance` makes the next one out of the last one and a snapshot, taking over every piece whose run, space or
// totals are the same object as before. Private to the room.
// Threads: any, read only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
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

struct RunText {
  std::shared_ptr<const view::RunSnapshot> run;
  Pieces pieces;
};

// A few shown runs in a row, their pieces joined by family: copying each run's own takes a scrape three times as long.
struct RunBlock {
  std::vector<const RunText*> runs;  // held by the spaces of the same Published
  std::vector<std::string> texts;    // one a family
};

struct CounterText {
  std::shared_ptr<const task::Counters> counters;
  core::WallTime created = task::kNoTime;
  std::array<Pieces, 2> pieces;  // by TextFormat
};

struct SpaceText {
  std::shared_ptr<const view::SpaceSnapshot> space;
  std::string labels;  // `space="…"`
  Pieces gauges;
  std::shared_ptr<const CounterText> counters;
  std::vector<std::shared_ptr<const RunText>> runs;
};

struct Published {
  std::shared_ptr<const view::Snapshot> snapshot;
  std::vector<std::shared_ptr<const SpaceText>> spaces;
  std::vector<std::shared_ptr<const RunBlock>> blocks;  // the shown runs, in the order of spaces and their runs
  std::vector<std::int64_t> dropped;                    // numbers of the runs that are not shown, sorted
  std::uint64_t dropped_series_total = 0;               // since the start
  std::uint64_t series_left_out = 0;                    // of runs that are not shown now
  std::array<std::size_t, 2> series{};                  // shown, by TextFormat
  std::size_t bytes = 0;                                // shown, without headings, of the longer format
};

struct PublishOptions {
  std::uint64_t max_series = 0;  // with `other_series`
  std::uint64_t other_series = 0;
  bool created_series = false;
};

// Series are counted as a server stores them that asks for OpenMetrics; only `_created` makes a difference.
constexpr TextFormat counted_format(bool created_series) {
  return created_series ? TextFormat::open_metrics : TextFormat::prometheus;
}

std::shared_ptr<const Published> advance(const Published& before, std::shared_ptr<const view::Snapshot> snapshot,
                                         const PublishOptions& options);

// All families of the snapshot that have a sample, each under its heading; the counters only if asked for.
void append_published(std::string& out, const Published& published, TextFormat format, bool counters);

struct RunSize {
  core::WallTime created;
  std::int64_t number;
  std::size_t series;
};

// Which runs fit into `room` series: from the newest on, up to the first that does not fit.
std::vector<bool> choose_runs(std::span<const RunSize> runs, std::uint64_t room);

}  // namespace runwatch::metrics
