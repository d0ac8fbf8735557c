#include "metrics/exposition.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>

#include "core/guarded.h"
#include "metrics/process.h"
#include "metrics/published.h"
#include "metrics/registry.h"

namespace runwatch::metrics {
namespace {

constexpr std::size_t kHeadingBytes = 16384;  // of all families of a snapshot, roughly

constexpr Heading kSeries{"runwatch_series", MetricType::gauge, "Series in this answer."};
constexpr Heading kSeriesLimit{"runwatch_series_limit", MetricType::gauge,
                               "The number of series beyond which the oldest runs are left out."};
constexpr Heading kSeriesLeftOut{"runwatch_series_left_out", MetricType::gauge,
                                 "Series of runs that are left out of this answer because of the limit."};
constexpr Heading kSeriesDropped{"runwatch_series_dropped_total", MetricType::counter,
                                 "Series of runs that were left out because of the limit, each time a run became so."};

std::shared_ptr<const Published> nothing() {
  auto published = std::make_shared<Published>();
  published->snapshot = std::make_shared<view::Snapshot>();
  return published;
}

bool same_spaces(const view::Snapshot& a, const view::Snapshot& b) {
  return std::ranges::equal(
      a.spaces, b.spaces, [](const auto& one, const auto& other) { return one == other || one->name == other->name; });
}

void append_one(std::string& out, const Heading& heading, std::uint64_t value, const Context& context) {
  append_heading(out, heading, context.format);
  append_sample(out, heading.name, "", "", static_cast<double>(value));
  append_created(out, heading, "", context);
}

}  // namespace

struct Exposition::Impl {
  Impl(ExpositionOptions o, Meters& m) : options(o), meters(*m.impl_), published(nothing()) {}

  Context context(TextFormat format) const { return {format, options.created_series ? meters.started : task::kNoTime}; }

  // The meters and the process: what is not of the snapshot and not of ourselves.
  std::string own_families(TextFormat format) const {
    std::string out;
    for (const auto& family : meters.collect()) append_collected(out, family, context(format));
    append_process(out, format, options.created_series);
    return out;
  }

  std::string about_series(std::size_t series, const Published& shown, TextFormat format) const {
    std::string out;
    append_one(out, kSeries, series, context(format));
    append_one(out, kSeriesLimit, options.max_series, context(format));
    append_one(out, kSeriesLeftOut, shown.series_left_out, context(format));
    append_one(out, kSeriesDropped, shown.dropped_series_total, context(format));
    return out;
  }

  // Samples of `own_families`, given, and of `about_series`.
  std::size_t count_own(std::string_view own, TextFormat format) const {
    return count_samples(own) + count_samples(about_series(0, {}, format));
  }

  const ExpositionOptions options;
  Meters::Impl& meters;
  core::Guarded<std::shared_ptr<const Published>> published;
  // What the limit counts of our own, as seen when the spaces changed or by the last scrape since.
  std::atomic<std::size_t> own_series{0};
};

Exposition::Exposition(ExpositionOptions options, Meters& meters) : impl_(std::make_unique<Impl>(options, meters)) {}
Exposition::~Exposition() = default;

void Exposition::publish(std::shared_ptr<const view::Snapshot> snapshot) {
  const auto before = impl_->published.with([](const auto& last) { return last; });
  if (impl_->own_series == 0 || !same_spaces(*before->snapshot, *snapshot)) {
    const auto format = counted_format(impl_->options.created_series);
    impl_->own_series = impl_->count_own(impl_->own_families(format), format);
  }
  auto next = advance(*before, std::move(snapshot),
                      {impl_->options.max_series, impl_->own_series, impl_->options.created_series});
  impl_->published.with([&](auto& last) { last.swap(next); });  // the old one goes after the lock does
}

std::shared_ptr<const view::Snapshot> Exposition::snapshot() const {
  return impl_->published.with([](const auto& last) { return last->snapshot; });
}

std::string Exposition::render(TextFormat format) const {
  const auto published = impl_->published.with([](const auto& last) { return last; });
  const auto own = impl_->own_families(format);
  const auto own_series = impl_->count_own(own, format);
  if (format == counted_format(impl_->options.created_series)) impl_->own_series = own_series;
  std::string out;
  out.reserve(published->bytes + own.size() + kHeadingBytes);
  append_published(out, *published, format, true);
  out += own;
  const auto series = published->series[static_cast<std::size_t>(format)] + own_series;
  out += impl_->about_series(series, *published, format);
  if (format == TextFormat::open_metrics) out += "# EOF\n";
  return out;
}

std::string render_gauges(const view::Snapshot& snapshot) {
  constexpr auto kNoLimit = std::numeric_limits<std::uint64_t>::max();
  const auto published = advance(*nothing(), std::make_shared<view::Snapshot>(snapshot), {.max_series = kNoLimit});
  std::string out;
  append_published(out, *published, TextFormat::prometheus, false);
  return out;
}

}  // namespace runwatch::metrics
