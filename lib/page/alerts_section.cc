#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "core/timestamp.h"
#include "page/status_page.h"

namespace runwatch::page {
namespace {

constexpr std::size_t kIncidentsOnPage = 50;

std::string time_text(core::WallTime time) {
  return time == task::kNoTime ? "" : fmt::format("<time>{}</time>", core::format_timestamp(time));
}

std::string incident_row(const view::IncidentStanding& line) {
  const auto& notice = line.notice;
  const bool over = line.phase == rule::Phase::over;
  const auto told = line.told == task::kNoTime ? "nobody yet" : time_text(line.told);
  return fmt::format(
      "<tr><th scope=\"row\">{}</th><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}{}</td>"
      "<td class=\"n\">{}</td></tr>\n",
      escape_html(notice.rule), escape_html(notice.space), escape_html(notice.run_id),
      over ? "over" : escape_html(notice.why), time_text(notice.started), told, line.silenced ? ", silenced" : "",
      notice.counts.open);
}

std::string incidents(const view::Alerts& alerts) {
  std::string rows;
  std::size_t shown = 0;
  for (const auto& line : alerts.incidents) {
    if (line.phase != rule::Phase::gathering && shown++ < kIncidentsOnPage) rows += incident_row(line);
  }
  if (rows.empty()) return "<p>No incident is open.</p>\n";
  return fmt::format(
      R"(<div class="wide"><table><thead><tr><th scope="col">rule</th><th scope="col">space</th><th scope="col">run</th>)"
      R"(<th scope="col">why</th><th scope="col">since</th><th scope="col">told</th><th scope="col">open</th></tr></thead>)"
      "\n<tbody>\n{}</tbody></table></div>\n",
      rows);
}

std::string receivers(const view::Alerts& alerts) {
  std::string rows;
  for (const auto& receiver : alerts.receivers) {
    const auto trouble = receiver.disabled ? "wants no more (410): reload to try again" : receiver.last_failure;
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td><td>{}</td>"
        "</tr>\n",
        escape_html(receiver.name), escape_html(receiver.type), receiver.pending, receiver.dead,
        time_text(receiver.failing_since), escape_html(trouble));
  }
  if (rows.empty()) return "";
  return fmt::format(
      R"(<h2>Receivers</h2>
<div class="wide"><table><thead><tr><th scope="col">receiver</th><th scope="col">type</th><th scope="col">waiting</th>)"
      R"(<th scope="col">dead</th><th scope="col">failing since</th><th scope="col">why</th></tr></thead>)"
      "\n<tbody>\n{}</tbody></table></div>\n",
      rows);
}

}  // namespace

std::string alerts_section(const view::Alerts& alerts) {
  if (alerts.incidents.empty() && alerts.receivers.empty()) return "";
  return "<h2>Incidents</h2>\n" + incidents(alerts) + receivers(alerts);
}

}  // namespace runwatch::page
