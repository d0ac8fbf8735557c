#include "page/ledger_tables.h"

#include <fmt/format.h>

#include "page/frame.h"
#include "page/html.h"

namespace runwatch::page {
namespace {

std::string note(std::string_view html) { return fmt::format("<p class=\"wide note\">{}</p>\n", html); }

std::string unanswered(const core::Error& error) {
  return note("The ledger did not say: " + escape_html(error.text) + ". Reload to ask again.");
}

std::string table(std::string_view headings, std::string_view rows) {
  return fmt::format(
      "<div class=\"wide\"><table class=\"stack lines\"><thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody></table>"
      "</div>\n",
      headings, rows);
}

std::string heading(std::string_view text, bool is_number = false) {
  return fmt::format(R"(<th scope="col"{}>{}</th>)", is_number ? " class=\"n\"" : "", text);
}

std::string hour_row(const view::HourRow& row, core::WallTime now) {
  const auto entered = [&](task::Status status) { return row.entered[task::index(status)]; };
  const auto cell = [](std::string_view label, std::uint64_t n, std::string_view kind = "") {
    return fmt::format(R"(<td class="n {}" data-label="{}">{}</td>)", n == 0 ? "dim" : kind, label, number_text(n));
  };
  const auto finished = entered(task::Status::completed) + entered(task::Status::partially_completed);
  const auto failed = entered(task::Status::failed);
  return fmt::format("<tr><th scope=\"row\">{}</th>{}{}<td class=\"n\" data-label=\"failed share\">{}</td>{}{}</tr>\n",
                     clock_html(row.hour, now), cell("completed", finished), cell("failed", failed, "bad-text"),
                     share_text(failed, failed + finished), cell("recovered", row.recovered),
                     cell("begun", entered(task::Status::in_progress)));
}

std::string status_text(const std::optional<task::Status>& status, std::string_view otherwise) {
  return status ? words(task::name(*status)) : std::string(otherwise);
}

std::string call_text(const task::CallFacts& facts, core::WallTime now) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (facts.started != task::kNoTime) add("began " + clock_html(facts.started, now));
  if (facts.ended != task::kNoTime) add("ended " + clock_html(facts.ended, now));
  if (facts.duration) add(fmt::format("{:.0f} s", *facts.duration));
  if (facts.outcome) add(words(task::kCallStatusNames[task::index(*facts.outcome)]));
  return text;
}

std::string change_row(const view::ChangeRow& row, core::WallTime now) {
  const bool failed = row.to == task::Status::failed;
  const auto what = row.kind == task::ChangeKind::late
                        ? "more is known of " + status_text(row.to, "it")
                        : status_text(row.from, "new") + " → " + status_text(row.to, "gone");
  const auto reason = failed          ? words(task::kFailureReasonNames[task::index(row.facts.reason)])
                      : row.recovered ? "recovered"
                                      : "";
  return fmt::format(
      R"(<tr data-key="change-{}"><th scope="row"><code class="id">{}</code></th><td>{}</td><td class="{}">{}</td>)"
      R"(<td class="n" data-label="attempt">{}</td><td>{}</td><td>{}</td></tr>)"
      "\n",
      row.seq, name_html(row.task), what, failed ? "bad-text" : "good-text", reason, row.attempts,
      both_html(row.at, now), call_text(row.facts, now));
}

std::string link_to(const view::RunVerdict& verdict, bool failures_only, std::int64_t before, std::string_view text) {
  return fmt::format(R"(<a href="{}{}{}#changes">{}</a>)", run_link(verdict.space->name, verdict.run->run_id),
                     failures_only ? "" : "&amp;changes=all", before > 0 ? fmt::format("&amp;before={}", before) : "",
                     text);
}

std::string delivery_html(const view::Delivery& delivery, core::WallTime now) {
  const auto level = delivery.state == "delivered" ? "good-text"
                     : delivery.state == "pending" ? "warn-text"
                                                   : "bad-text";
  auto text = fmt::format("<b>{}</b> <span class=\"{}\">{}</span>", name_html(delivery.receiver), level,
                          escape_html(delivery.state));
  if (!delivery.tries.empty()) {
    const auto& last = delivery.tries.back();
    text += fmt::format(" {}, {}", both_html(last.at, now), count_text(delivery.tries.size(), "attempt"));
    if (!last.reason.empty()) text += ": " + escape_html(words(last.reason));
    if (last.status != 0) text += fmt::format(" ({})", last.status);
  }
  if (delivery.due != task::kNoTime) text += ", next " + ago_html(delivery.due, now);
  return fmt::format("<div>{}</div>", text);
}

std::string notice_row(const view::NoticeRow& row, core::WallTime now) {
  std::string deliveries;
  for (const auto& delivery : row.deliveries) deliveries += delivery_html(delivery, now);
  return fmt::format(R"(<tr data-key="notice-{}"><th scope="row">{} {}{}</th><td>{}</td><td>{}</td></tr>)"
                     "\n",
                     escape_html(row.id), name_html(row.rule), words(rule::name(row.kind)), row.test ? ", a test" : "",
                     both_html(row.committed, now), deliveries);
}

}  // namespace

std::string section(std::string_view id, std::string_view heading, std::string_view beside, std::string_view html) {
  return fmt::format(
      "<section aria-labelledby=\"{0}\">\n<div class=\"head\"><h2 id=\"{0}\">{1}</h2>{2}</div>\n{3}</section>\n", id,
      heading, beside, html);
}

std::string hours_section(const RunLedger& ledger, core::WallTime now) {
  if (!ledger.hours) return section("hours", "By hour", "", unanswered(ledger.hours.error()));
  std::string rows;
  for (auto row = ledger.hours->rbegin(); row != ledger.hours->rend(); ++row) rows += hour_row(*row, now);
  const auto headings = heading("hour (UTC)") + heading("completed", true) + heading("failed", true) +
                        heading("failed share", true) + heading("recovered", true) + heading("begun", true);
  return section("hours", "By hour", R"(<span class="dim">attempts that ended or began, last 24 hours</span>)",
                 rows.empty() ? note("Nothing changed in the last 24 hours.") : table(headings, rows));
}

std::string changes_section(const RunLedger& ledger, const view::RunVerdict& verdict, core::WallTime now) {
  const auto* const title = ledger.failures_only ? "Failed tasks" : "All changes";
  const auto other =
      link_to(verdict, !ledger.failures_only, 0, ledger.failures_only ? "all changes" : "failures alone");
  if (!ledger.changes) return section("changes", title, other, unanswered(ledger.changes.error()));
  std::string rows;
  for (const auto& row : ledger.changes->rows) rows += change_row(row, now);
  std::string pages;
  if (ledger.before > 0) pages += link_to(verdict, ledger.failures_only, 0, "Newest");
  if (ledger.changes->next > 0) pages += link_to(verdict, ledger.failures_only, ledger.changes->next, "Older");
  if (!pages.empty()) pages = fmt::format("<nav class=\"pages\" aria-label=\"Pages of changes\">{}</nav>\n", pages);
  const auto headings = heading("task") + heading("change") + heading("reason") + heading("attempt", true) +
                        heading("seen") + heading("call");
  return section(
      "changes", title, other,
      (rows.empty() ? note(ledger.before > 0 ? "There is nothing older." : "Nothing yet.") : table(headings, rows)) +
          pages);
}

std::string notices_section(const RunLedger& ledger, core::WallTime now) {
  if (!ledger.notices) return section("notices", "Notices", "", unanswered(ledger.notices.error()));
  std::string rows;
  for (const auto& row : ledger.notices->notices) rows += notice_row(row, now);
  const auto headings = heading("notice") + heading("committed") + heading("deliveries");
  const auto* const more =
      ledger.notices->more ? R"(<span class="dim">the newest; runwatch alerts show has all</span>)" : "";
  return section("notices", "Notices", more,
                 rows.empty() ? note("Nobody was sent anything about this run.") : table(headings, rows));
}

}  // namespace runwatch::page
