#include "page/listing.h"

#include <doctest/doctest.h>

#include <string>

#include "page/status_page.h"
#include "support/many_runs.h"

using namespace runwatch;
using support::at;

namespace {

std::size_t rows_of(const std::string& html) {
  std::size_t rows = 0;
  for (auto found = html.find("<tr class="); found != html.npos; found = html.find("<tr class=", found + 1)) ++rows;
  return rows;
}

}  // namespace

TEST_CASE("a filter is read from a query, and nonsense in it asks for nothing") {
  const auto filter = page::read_filter("space=a%20b&run=R1&state=finished&page=3");
  CHECK(filter.space == "a b");
  CHECK(filter.run == "R1");
  CHECK(filter.group == page::Group::finished);
  CHECK(filter.page == 3);
  for (const char* query : {"", "state=x&page=0", "page=-1", "state=&space=&run=", "page=99999999999999999999"}) {
    CAPTURE(std::string(query));
    const auto read = page::read_filter(query);
    CHECK(!read.any());
    CHECK(read.page == 1);
  }
}

TEST_CASE("runs are listed by space, state and a part of their id") {
  const auto snapshot = support::many_runs(600, 4);
  const auto overview = view::judge(*snapshot, at(30'000));
  const auto size = [&](const page::Filter& filter) { return page::list_runs(overview, filter).all().size(); };
  const auto all = page::list_runs(overview, {});
  CHECK(all.all().size() == 600);
  CHECK(all.of(page::Group::trouble).size() == 12);
  CHECK(all.of(page::Group::finished).size() > 150);
  CHECK(size({.space = "space-1", .run = {}}) == 150);
  CHECK(size({.space = {}, .run = {}, .group = page::Group::trouble}) == 12);
  CHECK(size({.space = {}, .run = "R1000000007"}) == 1);
  CHECK(size({.space = "space-0", .run = "R1000000007"}) == 0);
  CHECK(size({.space = "none", .run = {}}) == 0);
}

TEST_CASE("of very much a page shows the worst and the way to all the rest, within its bytes") {
  const auto snapshot = support::many_runs(10'000, 200);
  auto alerts = std::make_shared<view::Alerts>();
  auto polls = std::make_shared<std::vector<view::FailedPoll>>();
  for (int i = 0; i < 500; ++i) {
    view::IncidentStanding incident;
    incident.phase = rule::Phase::open;
    incident.notice.rule = "task-failed";
    incident.notice.space = "space-" + std::to_string(i % 200);
    incident.notice.run_id = snapshot->spaces[static_cast<std::size_t>(i % 200)]->runs[0]->run_id;
    incident.notice.why = "131 attempts failed";
    incident.notice.started = incident.told = at(29'000);
    incident.notice.receivers = {"ops-slack", "pager"};
    alerts->incidents.push_back(incident);
    polls->push_back(
        {"space-1", incident.notice.run_id, at(0), {view::PollReason::timeout, "no answer within 15 s", at(9)}});
  }
  snapshot->alerts = alerts;
  snapshot->failed_polls = polls;
  const auto html = page::status_page(*snapshot, {}, "1.2.3", std::string(4000, 'x'), at(30'000));
  CHECK(html.size() <= 300'000);
  CHECK(html.size() >= 200'000);
  CHECK(rows_of(html) == 30 + 10 + 10 + 10);
  CHECK(html.find("<a href=\"./?state=trouble\">All 200</a>") != std::string::npos);
  CHECK(html.find("<a href=\"./?state=alerted\">All ") != std::string::npos);
  CHECK(html.find("<a href=\"./?state=well\">All ") != std::string::npos);
  CHECK(html.find("160 more are in the API") != std::string::npos);
}

TEST_CASE("what a query asks for is turned over page by page, each run once") {
  const auto snapshot = support::many_runs(600, 4);
  std::size_t rows = 0;
  const auto page_of = [&](std::size_t page) {
    return page::status_page(*snapshot, {.space = "space-1", .run = {}, .group = {}, .page = page}, "1.2.3", "",
                             at(30'000));
  };
  for (std::size_t page = 1; page <= 3; ++page) {
    const auto html = page_of(page);
    rows += rows_of(html);
    CHECK(html.size() <= 300'000);
    CHECK((html.find(">Next<") != html.npos) == (page < 3));
    CHECK((html.find(">Previous<") != html.npos) == (page > 1));
  }
  CHECK(page_of(4) == page_of(3));
  CHECK(page_of(std::size_t{1} << 63) == page_of(3));
  CHECK(rows == 150);
}
