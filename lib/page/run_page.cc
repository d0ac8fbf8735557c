#include "page/run_page.h"

#include <fmt/format.h>

#include "page/alerts_section.h"
#include "page/chart.h"
#include "page/html.h"
#include "page/ledger_tables.h"
#include "page/query.h"
#include "page/run_row.h"
#include "page/spaces_section.h"

namespace runwatch::page {
namespace {

std::string under(const view::RunVerdict& verdict, core::WallTime now) {
  const auto& run = *verdict.run;
  auto text = fmt::format(R"(Space <a href="./?space={}">{}</a>)", escape_query(verdict.space->name),
                          name_html(verdict.space->name));
  if (run.status) text += ", " + words(task::name(*run.status));
  if (run.tasks_known() && run.last_change != task::kNoTime) text += ", last change " + both_html(run.last_change, now);
  const auto why = verdict.why.empty() ? "" : fmt::format("<p>{}</p>\n", escape_html(verdict.why));
  return fmt::format("{}<p class=\"sub\">{}</p>\n", why, text);
}

std::string plot_section(const view::RunSnapshot& run, core::WallTime now) {
  const auto points = points_of(run);
  const auto since = points.empty() ? now : points.front().at;
  const auto drawn = plot(points, since, now, kLargePlot);
  if (drawn.empty()) return {};
  return section("course", "How it went", legend(run.tasks),
                 fmt::format("{}<div class=\"axis\"><span>{}</span><span>{}</span><span>{}</span></div>\n", drawn,
                             both_html(since, now), clock_html(since + (now - since) / 2, now), clock_html(now, now)));
}

std::string poll_section(const view::RunSnapshot& run, core::WallTime now) {
  if (!run.last_error) return {};
  const auto after =
      run.recovered != task::kNoTime
          ? "read again " + both_html(run.recovered, now)
          : fmt::format("{} in a row failed", count_text(static_cast<std::uint64_t>(run.failed_polls), "poll"));
  return section("poll", "Newest poll error", "",
                 fmt::format("<p class=\"wide note\">{}: {}; {}</p>\n", both_html(run.last_error->at, now),
                             error_html(*run.last_error), after));
}

template <class Answer, class Query>
core::Result<Answer> ask(const std::function<core::Result<Answer>(const Query&)>& ledger, const Query& query) {
  if (!ledger) return core::fail(core::ErrorKind::unavailable, "none is kept");
  return ledger(query);
}

}  // namespace

RunLedger ask_ledger(const view::LedgerQueries& ledger, const view::RunVerdict& verdict, std::string_view query,
                     core::WallTime now) {
  const Query asked(query);
  const auto& space = verdict.space->name;
  const auto& run = verdict.run->run_id;
  const bool failures_only = asked.text("changes") != "all";
  const auto before = asked.number("before", 0);
  return {.changes = ask(ledger.changes, view::ChangesQuery{.space = space,
                                                            .run_id = run,
                                                            .failures_only = failures_only,
                                                            .before = before,
                                                            .limit = kChangesOnPage}),
          .hours = ask(ledger.hours, view::HoursQuery{.space = space, .run_id = run, .since = now - kHoursOnPage}),
          .notices =
              ask(ledger.notices, view::NoticesQuery{.id = {}, .space = space, .run_id = run, .limit = kNoticesOnPage}),
          .failures_only = failures_only,
          .before = before};
}

std::string run_page(const view::RunVerdict& verdict, const view::Snapshot& snapshot, const RunLedger& ledger,
                     std::string_view version, core::WallTime now) {
  const auto& run = *verdict.run;
  const auto state = state_of(verdict);
  Frame frame;
  frame.level = level_of(verdict);
  frame.title = fmt::format("{}: {}", state, run.run_id);
  frame.heading = fmt::format("{} <code>{}</code>", badge(frame.level, state), name_html(run.run_id));
  frame.under = under(verdict, now);
  frame.version = version;
  frame.now = now;
  frame.main =
      section("stands", "How it stands", "", runs_table(run_row(verdict, {*snapshot.alerts, now}), "This run")) +
      poll_section(run, now) + plot_section(run, now) + hours_section(ledger, now) + notices_section(ledger, now) +
      changes_section(ledger, verdict, now);
  return framed(frame);
}

std::string no_run_page(std::string_view version, core::WallTime now) {
  Frame frame;
  frame.title = "no such run";
  frame.heading = "No such run";
  frame.under = "<p>It is not watched, or not any more. <a href=\"./\">All runs</a></p>\n";
  frame.version = version;
  frame.now = now;
  return framed(frame);
}

}  // namespace runwatch::page
