#include "page/alerts_section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "page/frame.h"
#include "page/html.h"

namespace runwatch::page {
namespace {

using rule::Phase;

std::string names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name_html(name);
  return text;
}

std::string unreached(const std::vector<std::string>& receivers) {
  return fmt::format(R"(<span class="warn-text">{} not reached</span> yet)", names(receivers));
}

void add_told(const view::IncidentStanding& incident, const view::Alerts& alerts, core::WallTime now,
              std::vector<std::string>& parts) {
  std::vector<std::string> heard, queued, blind;
  for (const auto& name : incident.notice.receivers) {
    const auto* receiver = alerts.receiver(name);
    const bool waits = receiver != nullptr && receiver->holds_from(incident.told);
    (!waits ? heard : receiver->failing() ? blind : queued).push_back(name);
  }
  const auto told = "told " + both_html(incident.told, now);
  if (!heard.empty()) parts.push_back(told + " to " + names(heard));
  if (!queued.empty()) parts.push_back("queued for " + names(queued));
  if (!blind.empty()) parts.push_back(unreached(blind));
  if (parts.empty()) parts.push_back(told);
}

// Receivers that are shown what is open get no notices.
void add_shown(const view::IncidentStanding& incident, const view::Alerts& alerts, std::vector<std::string>& parts) {
  if (incident.phase != Phase::open || incident.held()) return;
  std::vector<std::string> seeing, blind;
  for (const auto& name : incident.shown_to) {
    const auto* receiver = alerts.receiver(name);
    (receiver != nullptr && receiver->failing() ? blind : seeing).push_back(name);
  }
  if (!seeing.empty()) parts.push_back("shown to " + names(seeing));
  if (!blind.empty()) parts.push_back(unreached(blind));
}

std::string subject(const rule::Notice& notice) {
  std::string text;
  if (!notice.run_id.empty()) text = run_html(notice.space, notice.run_id);
  if (!notice.space.empty()) text += fmt::format("{}{}", text.empty() ? "" : " of ", name_html(notice.space));
  if (notice.when == rule::When::delivery_failing) text = "receiver " + name_html(notice.about);
  return text.empty() ? "the account" : text;
}

std::string standing(const view::IncidentStanding& incident) {
  if (incident.phase == Phase::over) return badge(Level::good, "over");
  if (incident.phase == Phase::gathering) return badge(Level::warn, "gathering");
  return badge(Level::bad, "open");
}

std::string incident_row(const view::IncidentStanding& incident, const view::Alerts& alerts, core::WallTime now) {
  const auto& notice = incident.notice;
  const auto since = incident.phase == Phase::over && notice.ended != task::kNoTime
                         ? clock_html(notice.started, now) + " to " + clock_html(notice.ended, now)
                         : both_html(notice.started, now);
  return fmt::format(
      R"(<tr><th scope="row">{} {}</th><td class="c-about">{}</td><td>{}</td><td data-label="since">{}</td><td>{}</td></tr>)"
      "\n",
      standing(incident), name_html(notice.rule), subject(notice), escape_html(notice.why), since,
      told_html(incident, alerts, now));
}

std::string silences(const view::Alerts& alerts, core::WallTime now) {
  std::string rows;
  for (const auto& silence : alerts.silences) {
    const auto what = [](std::string_view kind, const std::string& name) {
      return name.empty() ? fmt::format("any {}", kind) : fmt::format("{} {}", kind, name_html(name));
    };
    rows +=
        fmt::format(R"(<tr><th scope="row">{}</th><td>{}, {}, {}</td><td data-label="until">{}</td><td>{}</td></tr>)"
                    "\n",
                    silence.number, what("space", silence.space), what("run", silence.run_id),
                    what("rule", silence.rule), both_html(silence.until, now), escape_html(silence.reason));
  }
  if (rows.empty()) return {};
  return fmt::format(R"(<h3>Silences</h3>
<div class="wide"><table class="stack"><thead><tr><th scope="col">number</th><th scope="col">of</th>)"
                     R"(<th scope="col">until</th><th scope="col">reason</th></tr></thead>)"
                     "\n<tbody>\n{}</tbody></table></div>\n",
                     rows);
}

std::string incident_rows(const view::Alerts& alerts, core::WallTime now, std::size_t& left_out) {
  std::string rows;
  std::size_t shown = 0;
  for (const bool over : {false, true}) {
    for (const auto& incident : alerts.incidents) {
      if ((incident.phase == Phase::over) != over) continue;
      shown++ < kIncidentsOnPage ? rows += incident_row(incident, alerts, now) : (++left_out, rows);
    }
  }
  return rows;
}

std::string how_it_goes(const view::ReceiverStanding& receiver, core::WallTime now) {
  if (receiver.disabled) return "wants no more (410): reload to try again";
  if (receiver.failing_since == task::kNoTime) return "takes what it is sent";
  return fmt::format("failing since {}: {}<div class=\"sub\">{}</div>", both_html(receiver.failing_since, now),
                     escape_html(words(receiver.last_failure)), escape_html(receiver.last_error));
}

std::string receiver_row(const view::ReceiverStanding& receiver, core::WallTime now) {
  const bool fails = receiver.failing();
  auto waiting = number_text(receiver.pending);
  if (receiver.pending > 0) waiting += ", the oldest since " + both_html(receiver.oldest, now);
  return fmt::format(
      R"(<tr><th scope="row">{} {}</th><td>{}</td><td>{}</td><td data-label="waiting">{}</td><td data-label="given up">)"
      R"(<span class="{}">{}</span></td></tr>)"
      "\n",
      badge(fails ? Level::bad : Level::good, fails ? "failing" : "well"), name_html(receiver.name),
      escape_html(receiver.type), how_it_goes(receiver, now), waiting, receiver.dead > 0 ? "bad-text" : "",
      number_text(receiver.dead));
}

}  // namespace

std::string told_html(const view::IncidentStanding& incident, const view::Alerts& alerts, core::WallTime now) {
  std::vector<std::string> parts;
  const bool was_told = incident.told != task::kNoTime;
  if (was_told) add_told(incident, alerts, now, parts);
  add_shown(incident, alerts, parts);
  const bool is_silent = parts.empty();
  if (incident.silenced()) parts.push_back("silenced until " + clock_html(incident.silenced_until, now));
  if (is_silent) {
    parts.emplace_back(incident.silenced() ? "nobody was told"
                                           : R"(<span class="warn-text">nobody was told yet</span>)");
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string incidents_section(const view::Alerts& alerts, core::WallTime now) {
  std::size_t left_out = 0;
  const auto rows = incident_rows(alerts, now, left_out);
  const auto table = fmt::format(
      R"(<div class="wide"><table class="stack"><thead><tr><th scope="col">rule</th><th scope="col">about</th>)"
      R"(<th scope="col">why</th><th scope="col">since</th><th scope="col">who knows</th></tr></thead>)"
      "\n<tbody>\n{}</tbody></table></div>\n{}",
      rows, left_out == 0 ? "" : fmt::format("<p class=\"note\">{} more are in the API.</p>\n", number_text(left_out)));
  return fmt::format(
      "<section aria-labelledby=\"incidents\">\n<div class=\"head\"><h2 id=\"incidents\">Incidents</h2></div>\n{}{}"
      "</section>\n",
      rows.empty() ? "<p class=\"wide note\">None is open.</p>\n" : table, silences(alerts, now));
}

std::string receivers_section(const view::Alerts& alerts, core::WallTime now) {
  if (alerts.receivers.empty()) return {};
  std::string rows;
  for (const auto& receiver : alerts.receivers) rows += receiver_row(receiver, now);
  return fmt::format(
      R"(<section aria-labelledby="receivers">
<div class="head"><h2 id="receivers">Receivers</h2>{}</div>
<div class="wide"><table class="stack"><thead><tr><th scope="col">receiver</th><th scope="col">type</th>)"
      R"(<th scope="col">how it goes</th><th scope="col">waiting</th><th scope="col">given up</th></tr></thead>)"
      "\n<tbody>\n{}</tbody></table></div>\n</section>\n",
      alerts.is_full ? R"(<span class="bad-text">The outbox is full: events wait for room.</span>)" : "", rows);
}

}  // namespace runwatch::page
