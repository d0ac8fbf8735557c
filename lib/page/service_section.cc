#include "page/service_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "page/frame.h"
#include "page/html.h"
#include "page/spaces_section.h"

namespace runwatch::page {
namespace {

std::string what_failed(const view::FailedPoll& poll) {
  if (!poll.run_id.empty()) return run_html(poll.space, poll.run_id) + " of " + name_html(poll.space);
  return poll.space.empty() ? "the organization's list of spaces" : "the runs of " + name_html(poll.space);
}

std::string poll_row(const view::FailedPoll& poll, core::WallTime now) {
  const bool over = poll.recovered != task::kNoTime;
  return fmt::format(
      R"(<tr><th scope="row">{} {}</th><td>{}</td><td data-label="times">{}</td><td data-label="since">{}</td>)"
      R"(<td data-label="newest">{}</td><td>{}</td></tr>)"
      "\n",
      badge(over ? Level::good : Level::bad, over ? "over" : "failing"), what_failed(poll), error_html(poll.error),
      number_text(poll.times), clock_html(poll.since, now), both_html(poll.error.at, now),
      over ? "read again " + clock_html(poll.recovered, now) : "");
}

std::string term(std::string_view name, std::string_view html) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html);
}

std::string keys(std::string_view what, const std::vector<std::string>& keys) {
  std::string text;
  for (const auto& key : keys) text += (text.empty() ? "" : ", ") + escape_html(key);
  return text.empty() ? text : fmt::format("; {}: {}", what, text);
}

std::string reload_html(const view::Reload& reload, core::WallTime now) {
  if (!reload.accepted) {
    return fmt::format("{} {}: {}", badge(Level::bad, "refused"), both_html(reload.at, now),
                       escape_html(reload.problem));
  }
  return fmt::format("{} {}{}{}", badge(Level::good, "accepted"), both_html(reload.at, now),
                     keys("changed", reload.changed), keys("wants a restart", reload.needs_restart));
}

}  // namespace

std::string polls_section(const view::Snapshot& snapshot, core::WallTime now) {
  const auto& polls = *snapshot.failed_polls;
  std::string rows;
  for (std::size_t i = 0; i < std::min(polls.size(), kPollsOnPage); ++i) rows += poll_row(polls[i], now);
  const auto table = fmt::format(
      R"(<div class="wide"><table class="stack"><thead><tr><th scope="col">of</th><th scope="col">error</th>)"
      R"(<th scope="col">times</th><th scope="col">since</th><th scope="col">newest</th><th scope="col">then</th></tr>)"
      "</thead>\n<tbody>\n{}</tbody></table></div>\n",
      rows);
  return fmt::format(
      "<section aria-labelledby=\"polls\">\n<div class=\"head\"><h2 id=\"polls\">Polls that failed</h2></div>\n{}"
      "</section>\n",
      rows.empty() ? "<p class=\"wide note\">None since runwatch was started.</p>\n" : table);
}

std::string service_section(const view::Snapshot& snapshot, std::string_view version, std::string_view configuration,
                            core::WallTime now) {
  auto terms = term("Version", escape_html(version));
  terms += term("Ready", snapshot.ready() ? "yes" : escape_html(snapshot.not_ready));
  terms += term("Requests", snapshot.pause ? fmt::format("paused until {}: {}", both_html(snapshot.pause->until, now),
                                                         escape_html(snapshot.pause->why))
                                           : "not paused");
  if (snapshot.reload) terms += term("Newest reload, or start", reload_html(*snapshot.reload, now));
  const auto shown =
      configuration.empty()
          ? std::string()
          : fmt::format("<h3>Configuration, without secrets</h3>\n<pre tabindex=\"0\"><code>{}</code></pre>\n",
                        escape_html(configuration));
  return fmt::format(
      "<details id=\"itself\">\n<summary><h2>runwatch itself</h2></summary>\n<div class=\"wide note\"><dl>{}"
      "</dl></div>\n{}</details>\n",
      terms, shown);
}

}  // namespace runwatch::page
