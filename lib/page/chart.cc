#include "page/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "page/html.h"

namespace runwatch::page {
namespace {

constexpr std::uint64_t kBarWidth = 1000;
constexpr std::uint64_t kLeastVisible = 8;  // of a bar's width, for what is there at all

// The plot's layers from the bottom: too few pixels for nine.
constexpr std::size_t kLayers = 4;
constexpr std::array<std::string_view, kLayers> kLayerClasses{"s-failed", "s-completed", "s-in_progress", "s-pending"};

constexpr std::size_t layer_of(task::Status status) {
  if (status == task::Status::failed) return 0;
  if (task::is_finished(status)) return 1;
  return status == task::Status::in_progress || status == task::Status::processing ? 2 : 3;
}

using Heights = std::array<std::uint64_t, kLayers>;  // of each layer's upper edge

Heights heights_of(const task::StatusCounts& counts) {
  Heights heights{};
  for (std::size_t i = 0; i < task::kStatusCount; ++i) heights[layer_of(static_cast<task::Status>(i))] += counts[i];
  for (std::size_t i = 1; i < kLayers; ++i) heights[i] += heights[i - 1];
  return heights;
}

struct Step {
  std::int64_t x;
  Heights heights;
};

// What is drawn of a history: its newest point before `since` stands at the left edge.
std::vector<Step> steps_of(std::span<const view::HistoryPoint> history, core::WallTime since, core::WallTime now,
                           const PlotSize& size) {
  std::vector<Step> steps;
  const auto span = std::max<std::int64_t>(1, (now - since).count());
  const auto every = std::max<std::size_t>(1, (history.size() + size.points - 1) / size.points);
  for (std::size_t i = (history.size() - 1) % every; i < history.size(); i += every) {
    const auto past = std::max<std::int64_t>(0, (history[i].at - since).count());
    const Step step{std::min<std::int64_t>(size.width, past * size.width / span), heights_of(history[i].tasks)};
    steps.empty() || steps.back().x < step.x ? steps.push_back(step) : static_cast<void>(steps.back() = step);
  }
  if (steps.back().x < size.width) steps.push_back({size.width, steps.back().heights});
  return steps;
}

std::string layer_path(const std::vector<Step>& steps, std::size_t layer, std::uint64_t top, const PlotSize& size) {
  const auto height = static_cast<std::uint64_t>(size.height);
  auto path = fmt::format("M{} {}", steps.front().x, height);
  for (const auto& step : steps) path += fmt::format("L{} {}", step.x, height - step.heights[layer] * height / top);
  return fmt::format(R"(<path class="{}" d="{}L{} {}Z"/>)", kLayerClasses[layer], path, steps.back().x, height);
}

std::string plot_label(const view::HistoryPoint& first, const view::HistoryPoint& last, core::WallTime now) {
  const auto failed = [](const auto& point) { return number_text(point.tasks[task::index(task::Status::failed)]); };
  const auto finished = [](const auto& point) { return number_text(heights_of(point.tasks)[1]); };
  return fmt::format("since {}: failed from {} to {}, finished from {} to {}, of {} tasks", clock_text(first.at, now),
                     failed(first), failed(last), finished(first), finished(last), number_text(sum(last.tasks)));
}

}  // namespace

std::uint64_t sum(const task::StatusCounts& counts) {
  std::uint64_t all = 0;
  for (const auto count : counts) all += count;
  return all;
}

std::string counts_text(const task::StatusCounts& counts) {
  std::string text;
  for (const auto status : kDrawn) {
    const auto count = counts[task::index(status)];
    if (count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", number_text(count), words(task::name(status)));
  }
  return text.empty() ? "no tasks" : text;
}

std::string stacked_bar(const task::StatusCounts& counts) {
  const auto all = std::max<std::uint64_t>(1, sum(counts));
  std::string parts;
  std::uint64_t left = 0;
  std::uint64_t passed = 0;
  for (const auto status : kDrawn) {
    const auto count = counts[task::index(status)];
    if (count == 0 || left >= kBarWidth) continue;
    passed += count;
    const auto right = std::clamp(passed * kBarWidth / all, left + kLeastVisible, kBarWidth);
    parts +=
        fmt::format(R"(<rect class="s-{}" x="{}" width="{}" height="10"/>)", task::name(status), left, right - left);
    left = right;
  }
  return fmt::format(R"(<svg class="bar" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" aria-label="{}">)"
                     "{}</svg>",
                     kBarWidth, counts_text(counts), parts);
}

std::string legend(const task::StatusCounts& counts) {
  std::string items;
  for (const auto status : kDrawn) {
    if (counts[task::index(status)] == 0) continue;
    items += fmt::format(R"(<li><svg class="key" viewBox="0 0 1 1" aria-hidden="true"><rect class="s-{}" width="1" )"
                         R"(height="1"/></svg>{}</li>)",
                         task::name(status), words(task::name(status)));
  }
  if (items.empty()) return {};
  return fmt::format("<ul class=\"legend\" aria-label=\"Colours\">{}</ul>\n", items);
}

std::string plot(std::span<const view::HistoryPoint> history, core::WallTime since, core::WallTime now,
                 const PlotSize& size) {
  const auto before = std::ranges::find_if(history, [&](const auto& point) { return point.at > since; });
  const auto skipped = std::max<std::ptrdiff_t>(0, before - history.begin() - 1);
  history = history.subspan(static_cast<std::size_t>(skipped));
  if (history.size() < 2) return {};
  const auto steps = steps_of(history, since, now, size);
  std::uint64_t top = 1;
  for (const auto& step : steps) top = std::max(top, step.heights.back());
  std::string layers;
  for (std::size_t layer = kLayers; layer-- > 0;) layers += layer_path(steps, layer, top, size);
  return fmt::format(R"(<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">)"
                     "{}</svg>",
                     size.kind, size.width, size.height, plot_label(history.front(), history.back(), now), layers);
}

}  // namespace runwatch::page
