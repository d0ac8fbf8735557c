#include "page/spaces_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "page/chart.h"
#include "page/frame.h"
#include "page/html.h"

namespace runwatch::page {
namespace {

std::string up_badge(std::optional<bool> up) {
  if (!up) return badge(Level::none, "not tried yet");
  return *up ? badge(Level::good, "answers") : badge(Level::bad, "fails");
}

std::string error_line(const std::optional<view::PollError>& error, core::WallTime now) {
  if (!error) return {};
  return fmt::format("<div class=\"sub\">{} {}</div>", error_html(*error), ago_html(error->at, now));
}

std::string complete_cell(core::WallTime last_success, core::WallTime now) {
  return fmt::format(R"(<td data-label="last complete">{}</td>)", both_html(last_success, now));
}

// Where spaces are configured nobody asks for the list.
std::string organization_row(const std::optional<view::OrganizationSnapshot>& list, core::WallTime now) {
  if (!list) return {};
  return fmt::format(
      "<tr><th scope=\"row\">the organization's list of spaces</th><td>{}{}</td>{}<td></td><td></td><td></td>"
      "<td></td></tr>\n",
      up_badge(list->up), error_line(list->last_error, now), complete_cell(list->last_success, now));
}

std::string space_row(const view::SpaceSnapshot& space, core::WallTime now) {
  const auto failed = space.tasks[task::index(task::Status::failed)];
  const auto failing =
      space.runs_failing == 0 ? "" : fmt::format(R"(, <span class="bad-text">{} not read</span>)", space.runs_failing);
  return fmt::format(
      R"(<tr data-key="space-{0}"><th scope="row"><a href="./?space={10}">{1}</a></th><td>{2}{3}</td>{4}<td data-label="runs">{5}{6}</td>)"
      R"(<td>{7}</td><td class="n" data-label="failed">{8}</td><td class="n" data-label="failed attempts">{9}</td></tr>)"
      "\n",
      escape_html(space.name), name_html(space.name), up_badge(space.up), error_line(space.last_error, now),
      complete_cell(space.last_success, now), number_text(space.runs.size()), failing,
      space.counted ? stacked_bar(space.tasks) + fmt::format("<div class=\"sub\">{}</div>", counts_text(space.tasks))
                    : std::string(kUnknown),
      space.counted ? number_text(failed) : kUnknown, number_text(space.counters->total(task::Family::failures)),
      escape_query(space.name));
}

std::vector<const view::SpaceSnapshot*> failing_first(const view::Snapshot& snapshot) {
  std::vector<const view::SpaceSnapshot*> spaces;
  for (const auto& space : snapshot.spaces) spaces.push_back(space.get());
  std::ranges::stable_partition(spaces, [](const auto* space) { return space->last_error || space->up == false; });
  return spaces;
}

}  // namespace

std::string error_html(const view::PollError& error) {
  return fmt::format(R"(<span class="bad-text">{}</span> {})", words(view::name(error.reason)),
                     escape_html(error.text));
}

std::string spaces_section(const view::Snapshot& snapshot, core::WallTime now) {
  auto rows = organization_row(snapshot.organization, now);
  const auto spaces = failing_first(snapshot);
  const auto shown = std::min(spaces.size(), kSpacesOnPage);
  for (std::size_t i = 0; i < shown; ++i) rows += space_row(*spaces[i], now);
  const auto table = fmt::format(
      R"(<div class="wide"><table class="stack spaces"><thead><tr><th scope="col">space</th><th scope="col">platform</th>)"
      R"(<th scope="col">last complete</th><th scope="col">runs</th><th scope="col">tasks</th>)"
      R"(<th scope="col" class="n" title="tasks whose status is failed now">failed</th><th scope="col" class="n" )"
      R"(title="entries into failed since counting began, a task's retries included: what metrics and alerts count">)"
      "failed attempts</th></tr></thead>\n<tbody>\n{}</tbody></table></div>\n",
      rows);
  const auto more = spaces.size() == shown ? ""
                                           : fmt::format("<p class=\"note\">{} more are in the API.</p>\n",
                                                         number_text(spaces.size() - shown));
  return fmt::format(
      "<section aria-labelledby=\"spaces\">\n<div class=\"head\"><h2 id=\"spaces\">Spaces</h2></div>\n{}{}"
      "</section>\n",
      rows.empty() ? "<p class=\"wide note\">No space is known yet.</p>\n" : table, more);
}

}  // namespace runwatch::page
