#include "page/run_page.h"

#include <doctest/doctest.h>

#include <regex>
#include <string>

#include "support/snapshots.h"

using namespace runwatch;
using namespace std::chrono_literals;
using support::at;

namespace {

std::string text_of(const std::string& html) { return std::regex_replace(html, std::regex("<[^>]*>"), " "); }

view::ChangeRow failed_row() {
  view::ChangeRow row;
  row.seq = 7;
  row.at = at(900);
  row.task = "T<b>1";
  row.from = task::Status::in_progress;
  row.to = task::Status::failed;
  row.attempts = 2;
  row.facts.reason = task::FailureReason::no_answer;
  row.facts.started = at(800);
  row.facts.ended = at(830);
  row.facts.duration = 30.F;
  row.facts.outcome = task::CallStatus::no_answer;
  return row;
}

view::NoticesPage two_deliveries() {
  view::NoticeRow notice;
  notice.id = "n1";
  notice.kind = rule::Kind::firing;
  notice.rule = "task-<i>failed";
  notice.committed = at(905);
  notice.deliveries = {
      {"ops", "delivered", task::kNoTime, {{at(906), 200, "", 20ms}}},
      {"pager", "pending", at(1200), {{at(906), 0, "connect", 1ms}, {at(1000), 503, "server_error", 1ms}}}};
  return {std::nullopt, {notice}, false};
}

page::RunLedger ledger() {
  view::HourRow hour;
  hour.hour = at(-2400);
  hour.entered[task::index(task::Status::completed)] = 30;
  hour.entered[task::index(task::Status::failed)] = 10;
  hour.recovered = 4;
  return {.changes = view::ChangesPage{{failed_row()}, 6},
          .hours = std::vector{hour},
          .notices = two_deliveries(),
          .failures_only = true,
          .before = 0};
}

// Of the first run of the sample.
std::string page_of(const page::RunLedger& ledger, const std::string& space = "sales") {
  auto snapshot = support::sample_snapshot();
  auto named = support::sample_space();
  named->name = space;
  snapshot->spaces = {named};
  const auto verdict = view::judge_run(*snapshot, space, "Recac64fe03e911f1878d43cd8a99e069", at(1100));
  REQUIRE(verdict);
  return page::run_page(*verdict, *snapshot, ledger, "1.2.3", at(1100));
}

}  // namespace

TEST_CASE("a run's page says what failed, by hour and task by task, and what was delivered") {
  const auto text = std::regex_replace(text_of(page_of(ledger())), std::regex("\\s+(?=,)|\\s+(?=\\s)"), "");
  for (const char* part : {"Recac64fe03e911f1878d43cd8a99e069", "in progress → failed no answer 2 02:55 (3 min ago)",
                           "began 02:53, ended 02:53, 30 s, no answer", "02:00 30 10 25 % 4 0", "firing",
                           "ops delivered 02:55 (3 min ago), 1 attempt (200)",
                           "pager pending 02:56 (1 min ago), 2 attempts: server error (503), next in 1 min"}) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("changes are turned over a page at a time, all of them or failures alone") {
  auto said = ledger();
  const std::string base = "href=\"run?space=sales&amp;run=Recac64fe03e911f1878d43cd8a99e069";
  auto html = page_of(said);
  CHECK(html.find(base + "&amp;before=6#changes\">Older") != std::string::npos);
  CHECK(html.find(base + "&amp;changes=all#changes\">all changes") != std::string::npos);
  CHECK(html.find(">Newest<") == std::string::npos);
  said.failures_only = false;
  said.before = 20;
  said.changes->next = 0;
  html = page_of(said);
  CHECK(html.find(">Older<") == std::string::npos);
  CHECK(html.find(base + "&amp;changes=all#changes\">Newest") != std::string::npos);
  CHECK(html.find(base + "#changes\">failures alone") != std::string::npos);
}

TEST_CASE("what the ledger does not say is said to be so, beside what is known") {
  const auto busy = core::fail(core::ErrorKind::busy, "it is held up <now>");
  const auto html = page_of({.changes = busy, .hours = busy, .notices = busy});
  std::size_t said = 0;
  const std::string sentence = "The ledger did not say: it is held up &lt;now&gt;.";
  for (auto found = html.find(sentence); found != html.npos; found = html.find(sentence, found + 1)) ++said;
  CHECK(said == 3);
  CHECK(html.find("How it stands") != std::string::npos);
}

TEST_CASE("what is asked of the ledger is of this run and from where the query says") {
  std::vector<view::ChangesQuery> asked;
  view::LedgerQueries queries;
  queries.changes = [&](const view::ChangesQuery& query) -> core::Result<view::ChangesPage> {
    asked.push_back(query);
    return view::ChangesPage{};
  };
  auto snapshot = support::sample_snapshot();
  const auto verdict = view::judge_run(*snapshot, "sales", "Recac64fe03e911f1878d43cd8a99e069", at(1100));
  REQUIRE(verdict);
  const auto first = page::ask_ledger(queries, *verdict, "space=other&run=x", at(1100));
  CHECK(first.failures_only);
  CHECK(!first.hours);  // nobody answers it
  CHECK(!page::ask_ledger(queries, *verdict, "before=17&changes=all", at(1100)).failures_only);
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].space == "sales");
  CHECK(asked[0].run_id == "Recac64fe03e911f1878d43cd8a99e069");
  CHECK(asked[0].before == 0);
  CHECK(asked[1].before == 17);
  CHECK(!asked[1].failures_only);
}

TEST_CASE("names on a run's page are text") {
  const auto html = page_of(ledger(), "<script>alert(1)</script>");
  for (const char* tag : {"<script>", "<i>", "T<b>1"}) CHECK(html.find(tag) == html.npos);
  CHECK(html.find("T&lt;b&gt;1") != html.npos);
}
