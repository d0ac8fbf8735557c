#include "page/status_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.h"
#include "core/timestamp.h"

namespace runwatch::page {
namespace {

constexpr std::string_view kUnknown = R"(<span class="dim">–</span>)";
constexpr std::string_view kNotThere = R"(<span class="down">unknown to the platform</span>)";

std::string cell(std::string_view html) { return fmt::format("<td>{}</td>", html); }

std::string age(core::Duration age) {
  const auto seconds = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(age).count());
  if (seconds < 60) return fmt::format("{} s ago", seconds);
  if (seconds < 3600) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{} h ago", seconds / 3600);
  return fmt::format("{} days ago", seconds / 86400);
}

std::string time_cell(core::WallTime time, core::WallTime now) {
  if (time == task::kNoTime) return cell(kUnknown);
  const auto text = core::format_timestamp(time);
  return cell(fmt::format(R"(<time datetime="{0}" title="{0}">{1}</time>)", text, age(now - time)));
}

std::string count_cells(bool known, const task::StatusCounts& counts) {
  std::string cells;
  for (const auto count : counts) {
    const auto* kind = !known || count == 0 ? "n dim" : "n";
    cells += fmt::format(R"(<td class="{}">{}</td>)", kind, known ? std::to_string(count) : "–");
  }
  return cells;
}

std::string status_headings() {
  std::string headings;
  for (const auto name : task::kStatusNames) {
    std::string text(name);
    std::ranges::replace(text, '_', ' ');
    headings += fmt::format(R"(<th scope="col" class="n" title="tasks whose status is {0} now">{0}</th>)", text);
  }
  return headings;
}

std::string_view up_badge(std::optional<bool> up) {
  if (!up) return R"(<span class="badge">not tried yet</span>)";
  return *up ? R"(<span class="badge up">up</span>)" : R"(<span class="badge down">down</span>)";
}

std::string error_line(const std::optional<view::PollError>& error, core::WallTime now) {
  if (!error) return {};
  return fmt::format(R"(<div class="error"><b>{}</b> {} <span class="dim">{}</span></div>)", view::name(error->reason),
                     escape_html(error->text), age(now - error->at));
}

// Where spaces are configured nobody asks for the list.
std::string organization_row(const std::optional<view::OrganizationSnapshot>& list, core::WallTime now) {
  if (!list) return {};
  return fmt::format("<tr><th scope=\"row\">the organization's list of spaces{}</th>{}{}{}</tr>\n",
                     error_line(list->last_error, now), cell(up_badge(list->up)), time_cell(list->last_success, now),
                     fmt::format(R"(<td colspan="{}"></td>)", task::kStatusCount + 3));
}

std::string space_row(const view::SpaceSnapshot& space, core::WallTime now) {
  return fmt::format(
      R"(<tr><th scope="row">{}{}</th>{}{}<td class="n">{}</td><td class="n">{}</td>{}<td class="n">{}</td></tr>)"
      "\n",
      escape_html(space.name), error_line(space.last_error, now), cell(up_badge(space.up)),
      time_cell(space.last_success, now), space.runs.size(), space.runs_failing,
      count_cells(space.counted, space.tasks), space.counters->total(task::Family::failures));
}

std::string run_row(const view::SpaceSnapshot& space, const view::RunSnapshot& run, core::WallTime now) {
  const bool known = run.tasks_known();
  const auto when_known = [&](core::WallTime time) { return time_cell(known ? time : task::kNoTime, now); };
  const auto status = run.status ? task::name(*run.status) : kUnknown;
  return fmt::format("<tr>{}<th scope=\"row\"><code>{}</code></th>{}{}{}{}{}</tr>\n", cell(escape_html(space.name)),
                     escape_html(run.run_id), cell(run.unknown ? kNotThere : status), time_cell(run.created, now),
                     when_known(run.last_change), when_known(run.finished), count_cells(known, run.tasks));
}

std::string spaces_section(const view::Snapshot& snapshot, core::WallTime now) {
  auto rows = organization_row(snapshot.organization, now);
  for (const auto& space : snapshot.spaces) rows += space_row(*space, now);
  if (rows.empty()) return "<p>No space is known yet.</p>\n";
  return fmt::format(
      R"(<div class="wide"><table><thead><tr><th scope="col">space</th><th scope="col">platform</th>)"
      R"(<th scope="col">last complete</th><th scope="col" class="n">runs</th><th scope="col" class="n">failing</th>)"
      R"({}<th scope="col" class="n" title="entries into failed since counting began, a task's retries included:)"
      R"( what metrics and alerts count">failed attempts</th>)"
      "</tr></thead>\n<tbody>\n{}</tbody></table></div>\n",
      status_headings(), rows);
}

std::string runs_section(const view::Snapshot& snapshot, core::WallTime now) {
  std::string rows;
  std::size_t hidden = 0;
  for (const auto& space : snapshot.spaces) {
    const auto shown = std::min(space->runs.size(), kRunsOnPage);
    hidden += space->runs.size() - shown;
    for (std::size_t i = 0; i < shown; ++i) rows += run_row(*space, *space->runs[i], now);
  }
  if (rows.empty()) return "<p>No run is watched.</p>\n";
  const auto more = hidden == 0
                        ? std::string()
                        : fmt::format("<p>{} older runs are in the <a href=\"/api/v1/runs\">API</a>.</p>\n", hidden);
  return fmt::format(R"(<div class="wide"><table><thead><tr><th scope="col">space</th><th scope="col">run</th>)"
                     R"(<th scope="col">status</th><th scope="col">created</th><th scope="col">last change</th>)"
                     "<th scope=\"col\">finished</th>{}</tr></thead>\n<tbody>\n{}</tbody></table></div>\n{}",
                     status_headings(), rows, more);
}

}  // namespace

std::string escape_html(std::string_view text) {
  constexpr std::string_view kSpecial = "&<>\"'";
  constexpr std::array kEntities{"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  std::string escaped;
  for (const char c : core::to_valid_utf8(text)) {
    const auto at = kSpecial.find(c);
    at == kSpecial.npos ? escaped.append(1, c) : escaped.append(kEntities.at(at));
  }
  return escaped;
}

std::string_view style_sheet() {
  return R"(:root { color-scheme: light dark; --line: #8884; --dim: #777; --good: #1a7f37; --bad: #c62828; }
@media (prefers-color-scheme: dark) { :root { --dim: #999; --good: #4ac26b; --bad: #ff7b72; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 90rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
nav a { margin-right: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
thead th { color: var(--dim); font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 600; }
.n { font-variant-numeric: tabular-nums; text-align: right; }
.dim, footer { color: var(--dim); }
.badge { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .55rem; white-space: nowrap; }
.up { color: var(--good); }
.down, .error b { color: var(--bad); }
.error { font-size: .85rem; font-weight: 400; max-width: 40rem; }
time { white-space: nowrap; }
code { font-size: .9em; }
)";
}

std::string status_page(const view::Snapshot& snapshot, std::string_view version, core::WallTime now) {
  const auto waiting = snapshot.ready() ? "" : fmt::format("<p>not ready: {}</p>\n", escape_html(snapshot.not_ready));
  return fmt::format(
      R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>runwatch</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<h1>runwatch <span class="dim">{}</span></h1>
<p><b>{}</b></p>
{}<nav><a href="/metrics">Metrics</a> <a href="/api/v1/status">Status API</a> <a href="/api/v1/runs">Runs API</a> <a href="/-/healthy">Health</a> <a href="/-/ready">Readiness</a></nav>
</header>
<main>
{}<h2>Spaces</h2>
{}<h2>Runs</h2>
{}</main>
<footer><p>State of {}. Reload the page for a newer one.</p></footer>
</body>
</html>
)",
      escape_html(version), escape_html(view::summary(snapshot)), waiting, alerts_section(*snapshot.alerts),
      spaces_section(snapshot, now), runs_section(snapshot, now), core::format_timestamp(now));
}

}  // namespace runwatch::page
