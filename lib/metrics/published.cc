#include "metrics/published.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace runwatch::metrics {
namespace {

using RunTexts = std::vector<std::shared_ptr<const RunText>>;

std::shared_ptr<const RunText> render_run(std::shared_ptr<const view::RunSnapshot> run, std::string_view space_labels) {
  std::string labels(space_labels);
  append_label(labels, "run_id", run->run_id);
  auto text = std::make_shared<RunText>();
  text->pieces = render(*run, labels);
  text->run = std::move(run);
  return text;
}

std::shared_ptr<const CounterText> render_counters(std::shared_ptr<const task::Counters> counters,
                                                   core::WallTime created, std::string_view labels) {
  auto text = std::make_shared<CounterText>();
  for (const auto format : {TextFormat::prometheus, TextFormat::open_metrics}) {
    text->pieces[static_cast<std::size_t>(format)] = render(*counters, labels, {format, created});
  }
  text->counters = std::move(counters);
  text->created = created;
  return text;
}

bool same_ids(const view::SpaceSnapshot& space, const RunTexts& texts) {
  return std::ranges::equal(space.runs, texts, [](const auto& run, const auto& text) {
    return run == text->run || run->run_id == text->run->run_id;
  });
}

// One id twice would be one series twice, and Prometheus rejects the scrape for it.
void drop_repeated_ids(RunTexts& texts) {
  std::unordered_set<std::string_view> seen;
  std::erase_if(texts, [&](const auto& text) { return !seen.insert(text->run->run_id).second; });
}

// Most runs stand where they stood before, as the same object; the others are found by it, or rendered.
RunTexts advance_runs(const view::SpaceSnapshot& space, const RunTexts& before, std::string_view labels) {
  std::unordered_map<const view::RunSnapshot*, const std::shared_ptr<const RunText>*> known;
  RunTexts texts;
  texts.reserve(space.runs.size());
  for (std::size_t i = 0; i < space.runs.size(); ++i) {
    const auto& run = space.runs[i];
    if (i < before.size() && before[i]->run == run) {
      texts.push_back(before[i]);
      continue;
    }
    if (known.empty()) {
      for (const auto& text : before) known.emplace(text->run.get(), &text);
    }
    const auto found = known.find(run.get());
    texts.push_back(found == known.end() ? render_run(run, labels) : *found->second);
  }
  if (!same_ids(space, before)) drop_repeated_ids(texts);
  return texts;
}

std::shared_ptr<const SpaceText> advance_space(const SpaceText* before,
                                               std::shared_ptr<const view::SpaceSnapshot> space, std::string labels,
                                               bool created_series) {
  static const SpaceText kNothing;
  const auto& last = before == nullptr ? kNothing : *before;
  const auto& counters = space->counters;
  const auto created = created_series ? space->counting_since : task::kNoTime;
  auto text = std::make_shared<SpaceText>();
  const bool same = last.counters && last.counters->counters == counters && last.counters->created == created;
  text->counters = same ? last.counters : render_counters(counters, created, labels);
  text->gauges = render(*space, labels);
  text->runs = advance_runs(*space, last.runs, labels);
  text->labels = std::move(labels);
  text->space = std::move(space);
  return text;
}

const std::shared_ptr<const SpaceText>* find_labels(const std::vector<std::shared_ptr<const SpaceText>>& spaces,
                                                    std::string_view labels) {
  const auto found = std::ranges::find_if(spaces, [&](const auto& text) { return text->labels == labels; });
  return found == spaces.end() ? nullptr : &*found;
}

// Of two spaces with one name the first is shown: both would give the same series.
std::vector<std::shared_ptr<const SpaceText>> advance_spaces(const Published& before, const view::Snapshot& snapshot,
                                                             bool created_series) {
  std::vector<std::shared_ptr<const SpaceText>> texts;
  for (const auto& space : snapshot.spaces) {
    std::string labels;
    append_label(labels, "space", space->name);
    if (find_labels(texts, labels) != nullptr) continue;
    const auto* last = find_labels(before.spaces, labels);
    if (last != nullptr && (*last)->space == space) {
      texts.push_back(*last);
    } else {
      texts.push_back(advance_space(last == nullptr ? nullptr : last->get(), space, std::move(labels), created_series));
    }
  }
  return texts;
}

void count_spaces(Published& published) {
  for (const auto& space : published.spaces) {
    const auto& counters = space->counters->pieces;
    for (std::size_t f = 0; f < counters.size(); ++f) published.series[f] += space->gauges.series + counters[f].series;
    published.bytes += space->gauges.bytes.size() + std::max(counters[0].bytes.size(), counters[1].bytes.size());
  }
}

std::vector<const RunText*> all_runs(const Published& published) {
  std::vector<const RunText*> runs;
  for (const auto& space : published.spaces) {
    for (const auto& run : space->runs) runs.push_back(run.get());
  }
  return runs;
}

// Leaves in `runs` what fits; a run's series are counted as dropped when it was not dropped before.
void drop_runs(std::vector<const RunText*>& runs, Published& published, const Published& before, std::uint64_t room) {
  std::vector<RunSize> sizes;
  for (const auto* run : runs) sizes.push_back({run->run->created, run->run->number, run->pieces.series});
  const auto chosen = choose_runs(sizes, room);
  std::vector<const RunText*> kept;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i]) {
      kept.push_back(runs[i]);
      continue;
    }
    published.dropped.push_back(sizes[i].number);
    published.series_left_out += sizes[i].series;
    if (!std::ranges::binary_search(before.dropped, sizes[i].number)) published.dropped_series_total += sizes[i].series;
  }
  std::ranges::sort(published.dropped);
  runs = std::move(kept);
}

std::shared_ptr<const RunBlock> join(std::span<const RunText* const> runs) {
  auto block = std::make_shared<RunBlock>();
  block->runs.assign(runs.begin(), runs.end());
  for (std::size_t family = 0; family < run_families().size(); ++family) {
    auto& text = block->texts.emplace_back();
    for (const auto* run : runs) text += run->pieces.of(family);
    text.shrink_to_fit();
  }
  return block;
}

void show(std::span<const RunText* const> runs, Published& published, const Published& before) {
  constexpr std::size_t kBlockRuns = 64;
  for (const auto* run : runs) {
    for (auto& series : published.series) series += run->pieces.series;
    published.bytes += run->pieces.bytes.size();
  }
  while (!runs.empty()) {
    const auto part = runs.first(std::min(kBlockRuns, runs.size()));
    const auto i = published.blocks.size();
    const bool same = i < before.blocks.size() && std::ranges::equal(before.blocks[i]->runs, part);
    published.blocks.push_back(same ? before.blocks[i] : join(part));
    runs = runs.subspan(part.size());
  }
}

// A family under its heading, unless no sample came.
template <class Append>
void append_family(std::string& out, const Heading& heading, TextFormat format, Append&& append) {
  const auto start = out.size();
  append_heading(out, heading, format);
  const auto end_of_heading = out.size();
  append();
  if (out.size() == end_of_heading) out.resize(start);
}

}  // namespace

std::vector<bool> choose_runs(std::span<const RunSize> runs, std::uint64_t room) {
  std::vector<std::size_t> newest_first(runs.size());
  std::iota(newest_first.begin(), newest_first.end(), std::size_t{0});
  std::ranges::sort(newest_first, std::greater<>(),
                    [&](std::size_t i) { return std::pair(runs[i].created, runs[i].number); });
  std::vector<bool> chosen(runs.size());
  for (const auto i : newest_first) {
    if (runs[i].series > room) break;
    room -= runs[i].series;
    chosen[i] = true;
  }
  return chosen;
}

std::shared_ptr<const Published> advance(const Published& before, std::shared_ptr<const view::Snapshot> snapshot,
                                         const PublishOptions& options) {
  auto next = std::make_shared<Published>();
  next->spaces = advance_spaces(before, *snapshot, options.created_series);
  next->snapshot = std::move(snapshot);
  next->dropped_series_total = before.dropped_series_total;
  auto runs = all_runs(*next);
  count_spaces(*next);
  const auto counted = static_cast<std::size_t>(counted_format(options.created_series));
  const auto fixed = next->series[counted] + options.other_series;
  const std::uint64_t room = options.max_series > fixed ? options.max_series - fixed : 0;
  std::size_t wanted = 0;
  for (const auto* run : runs) wanted += run->pieces.series;
  if (wanted > room) drop_runs(runs, *next, before, room);
  show(runs, *next, before);
  return next;
}

void append_published(std::string& out, const Published& published, TextFormat format, bool counters) {
  for (std::size_t i = 0; i < space_families().size(); ++i) {
    append_family(out, space_families()[i].heading, format, [&] {
      for (const auto& space : published.spaces) out += space->gauges.of(i);
    });
  }
  for (std::size_t i = 0; counters && i < counter_families().size(); ++i) {
    append_family(out, counter_families()[i].heading, format, [&] {
      for (const auto& space : published.spaces) out += space->counters->pieces[static_cast<std::size_t>(format)].of(i);
    });
  }
  for (std::size_t i = 0; i < run_families().size(); ++i) {
    append_family(out, run_families()[i].heading, format, [&] {
      for (const auto& block : published.blocks) out += block->texts[i];
    });
  }
}

}  // namespace runwatch::metrics
