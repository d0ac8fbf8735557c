#include "page/run_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "page/alerts_section.h"
#include "page/chart.h"
#include "page/html.h"

namespace runwatch::page {
namespace {

using task::Status;

constexpr std::size_t kReasonsShown = 3;

std::string sub(std::string_view html) { return html.empty() ? "" : fmt::format("<div class=\"sub\">{}</div>", html); }

std::string run_cell(const view::RunVerdict& verdict, const RowContext& context) {
  const auto& run = *verdict.run;
  auto about = name_html(verdict.space->name);
  if (run.status) about += ", " + words(task::name(*run.status));
  if (run.created != task::kNoTime) about += ", began " + both_html(run.created, context.now);
  const auto why = verdict.why.empty() ? "" : fmt::format("<div class=\"why\">{}</div>", escape_html(verdict.why));
  return fmt::format(R"(<th scope="row" class="c-run"><div>{} {}</div>{}{}</th>)",
                     badge(level_of(verdict), state_of(verdict)), run_html(verdict.space->name, run.run_id), why,
                     sub(about));
}

std::string tasks_cell(const view::RunSnapshot& run) {
  if (!run.tasks_known()) return fmt::format(R"(<td class="c-tasks">{}</td>)", sub("tasks not known"));
  return fmt::format(R"(<td class="c-tasks">{}{}</td>)", stacked_bar(run.tasks), sub(counts_text(run.tasks)));
}

// Those that most attempts failed by.
std::string reasons_text(const view::RunSnapshot& run) {
  std::vector<std::pair<std::uint64_t, std::string_view>> reasons;
  for (std::size_t i = 0; i < run.failures.size(); ++i) {
    if (run.failures[i] > 0) reasons.emplace_back(run.failures[i], task::kFailureReasonNames[i]);
  }
  std::ranges::stable_sort(reasons, std::greater(), [](const auto& reason) { return reason.first; });
  std::string text;
  for (std::size_t i = 0; i < std::min(kReasonsShown, reasons.size()); ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", words(reasons[i].second), number_text(reasons[i].first));
  }
  return reasons.size() > kReasonsShown ? text + ", …" : text;
}

std::string failed_cell(const view::RunSnapshot& run) {
  if (!run.tasks_known()) return fmt::format(R"(<td class="c-failed">{}</td>)", kUnknown);
  const auto count = [&](Status status) { return run.tasks[task::index(status)]; };
  const auto failed = count(Status::failed);
  const auto finished = failed + count(Status::completed) + count(Status::partially_completed);
  const auto reasons = reasons_text(run);
  const auto why = reasons.empty() ? "" : fmt::format(R"(<div class="sub">attempts: {}</div>)", reasons);
  return fmt::format(
      R"(<td class="c-failed"><div class="{}"><b>{}</b> <span title="of {} finished">{}</span></div>{}</td>)",
      failed == 0 ? "dim" : "failed", number_text(failed), number_text(finished), share_text(failed, finished), why);
}

std::string oldest_html(const view::RunSnapshot& run, core::WallTime now) {
  auto oldest = task::kNoTime;
  auto status = Status::unknown;
  for (std::size_t i = 0; i < task::kStatusCount; ++i) {
    if (run.oldest[i] == task::kNoTime || (oldest != task::kNoTime && run.oldest[i] >= oldest)) continue;
    oldest = run.oldest[i];
    status = static_cast<Status>(i);
  }
  if (oldest == task::kNoTime) return {};
  return fmt::format("oldest {} since {}", words(task::name(status)), both_html(oldest, now));
}

std::string pace_text(double per_hour) {
  const auto whole = [](double n) { return number_text(static_cast<std::uint64_t>(std::llround(n))); };
  if (per_hour >= 600) return whole(per_hour / 60) + " a minute";
  return per_hour > 0 && per_hour < 1 ? "under 1 an hour" : whole(per_hour) + " an hour";
}

std::string pace_cell(const view::RunVerdict& verdict, const RowContext& context) {
  const auto& run = *verdict.run;
  std::string lines;
  if (run.finished != task::kNoTime) {
    lines = fmt::format("<div>finished {}</div>", both_html(run.finished, context.now));
  } else if (verdict.per_hour) {
    lines = fmt::format("<div>{}</div>", pace_text(*verdict.per_hour));
  }
  const bool goes_on = verdict.trouble != view::Trouble::stalled && verdict.trouble != view::Trouble::poll_failing;
  if (goes_on && verdict.end != task::kNoTime)
    lines += fmt::format("<div>ends about {}</div>", both_html(verdict.end, context.now));
  return fmt::format(R"(<td class="c-pace">{}{}</td>)", lines, sub(oldest_html(run, context.now)));
}

std::string plot_cell(const view::RunSnapshot& run, const RowContext& context) {
  const auto points = points_of(run);
  const auto since = points.empty() ? context.now : std::max(points.front().at, context.now - kPlotted);
  const auto drawn = plot(points, since, context.now, kSmallPlot);
  if (drawn.empty()) return R"(<td class="c-plot"></td>)";
  return fmt::format(R"(<td class="c-plot">{}{}</td>)", drawn,
                     sub(fmt::format("since {}", clock_html(since, context.now))));
}

std::string told_cell(const view::RunVerdict& verdict, const RowContext& context) {
  std::string lines;
  for (const auto* incident : verdict.incidents) {
    lines += fmt::format("<div><b>{}</b> {}</div>", name_html(incident->notice.rule),
                         told_html(*incident, context.alerts, context.now));
  }
  if (lines.empty() && verdict.trouble != view::Trouble::none) lines = "<div class=\"dim\">no incident</div>";
  return fmt::format(R"(<td class="c-told">{}</td>)", lines);
}

}  // namespace

Level level_of(const view::RunVerdict& verdict) {
  using view::Trouble;
  if (verdict.trouble == Trouble::old_task || verdict.trouble == Trouble::alert) return Level::warn;
  if (verdict.trouble != Trouble::none) return Level::bad;
  if (verdict.alerted()) return Level::warn;
  const bool is_known =
      verdict.condition == view::Condition::under_way || verdict.condition == view::Condition::finished;
  return is_known ? Level::good : Level::none;
}

std::string state_of(const view::RunVerdict& verdict) {
  using view::Condition;
  if (verdict.trouble != view::Trouble::none) return words(view::name(verdict.trouble));
  if (verdict.condition == Condition::finished) return "finished";
  if (verdict.alerted()) return "incident open";
  return verdict.condition == Condition::unread ? "not read yet" : "well";
}

std::vector<view::HistoryPoint> points_of(const view::RunSnapshot& run) {
  std::vector<view::HistoryPoint> points;
  if (run.history) points = *run.history;
  if (run.tasks_known() && run.last_change != task::kNoTime) {
    const auto at = points.empty() ? run.last_change : std::max(run.last_change, points.back().at);
    points.push_back({at, run.tasks});
  }
  return points;
}

std::string run_row(const view::RunVerdict& verdict, const RowContext& context) {
  const auto& run = *verdict.run;
  const auto space = escape_html(verdict.space->name);
  const auto id = escape_html(run.run_id);
  return fmt::format(R"(<tr class="{}" data-key="run-{}-{}" data-space="{}" data-run="{}">{}{}{}{}{}{}</tr>)"
                     "\n",
                     name(level_of(verdict)), space, id, space, id, run_cell(verdict, context), tasks_cell(run),
                     failed_cell(run), pace_cell(verdict, context), plot_cell(run, context),
                     told_cell(verdict, context));
}

std::string runs_table(std::string_view rows, std::string_view caption) {
  if (rows.empty()) return {};
  return fmt::format(
      R"(<div class="wide"><table class="stack runs"><caption class="hide">{}</caption><thead><tr>)"
      R"(<th scope="col" class="c-run">run</th><th scope="col" class="c-tasks">tasks</th>)"
      R"(<th scope="col" class="c-failed">failed</th><th scope="col" class="c-pace">pace</th>)"
      R"(<th scope="col" class="c-plot">last hours</th><th scope="col" class="c-told">who knows</th></tr></thead>)"
      "\n<tbody>\n{}</tbody></table></div>\n",
      caption, rows);
}

}  // namespace runwatch::page
