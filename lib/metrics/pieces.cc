#include "metrics/pieces.h"

#include <utility>

#include "metrics/counter_families.h"
#include "metrics/space_families.h"

namespace runwatch::metrics {
namespace {

// Samples only stand in pieces, so their lines are what there is to count.
void close(Pieces& pieces) {
  pieces.series = count_samples(pieces.bytes);
  pieces.bytes.shrink_to_fit();
}

}  // namespace

std::string space_labels(std::string_view name) {
  std::string labels;
  append_label(labels, "space", name);
  return labels;
}

std::shared_ptr<const RunText> render_run(std::shared_ptr<const view::RunSnapshot> run, std::string_view space_labels) {
  std::string labels(space_labels);
  append_label(labels, "run_id", run->run_id);
  auto text = std::make_shared<RunText>();
  for (const auto& family : run_families()) {
    if (!run->unknown) family.append(text->pieces.bytes, family.heading.name, labels, *run);
    text->pieces.ends.push_back(text->pieces.bytes.size());
  }
  close(text->pieces);
  text->run = std::move(run);
  return text;
}

Pieces render_gauges_of(const view::SpaceSnapshot& space, std::string_view labels) {
  Pieces pieces;
  for (const auto& family : space_families()) {
    family.append(pieces.bytes, family.heading.name, labels, space);
    pieces.ends.push_back(pieces.bytes.size());
  }
  close(pieces);
  return pieces;
}

std::shared_ptr<const CounterText> render_counters(std::shared_ptr<const task::Counters> counters,
                                                   core::WallTime created, std::string_view labels) {
  auto text = std::make_shared<CounterText>();
  for (const auto format : {TextFormat::prometheus, TextFormat::open_metrics}) {
    auto& pieces = text->pieces[static_cast<std::size_t>(format)];
    for (const auto& family : counter_families()) {
      append_counters(pieces.bytes, family, labels, *counters, {format, created});
      pieces.ends.push_back(pieces.bytes.size());
    }
    close(pieces);
  }
  text->counters = std::move(counters);
  text->created = created;
  return text;
}

}  // namespace runwatch::metrics
