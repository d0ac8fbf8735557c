#include "page/status_page.h"

#include <doctest/doctest.h>

#include <regex>
#include <string>

#include "core/text.h"
#include "page/assets.h"
#include "support/snapshots.h"

using namespace runwatch;

namespace {

std::string page_of(const view::Snapshot& snapshot, const page::Filter& filter = {}) {
  return page::status_page(snapshot, filter, "1.2.3", "{\"token\": \"<masked>\"}", support::at(1100));
}

std::string text_of(const std::string& html) { return std::regex_replace(html, std::regex("<[^>]*>"), ""); }

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("the page names the version, links what there is, and shows spaces and runs") {
  const auto html = page_of(*support::sample_snapshot());
  for (const char* part :
       {"<!DOCTYPE html>", "1.2.3", "href=\"metrics\"", "href=\"api/v1/status\"", "href=\"style.css\"", "sales",
        ">fails<", "no answer within 15 s", "timeout", "not tried yet", "Recac64fe03e911f1878d43cd8a99e069",
        "in progress", "1 min ago", "Not ready: space sales was not tried yet"}) {
    CAPTURE(part);
    CHECK(html.find(part) != std::string::npos);
  }
}

TEST_CASE("no link of a page is absolute, so that it lives below any path of a proxy") {
  const auto html = page_of(*support::sample_snapshot());
  const std::regex link(R"re((?:href|src|action)="([^"]*)")re");
  std::size_t links = 0;
  for (std::sregex_iterator m(html.begin(), html.end(), link), end; m != end; ++m, ++links) {
    const auto target = (*m)[1].str();
    CAPTURE(target);
    CHECK(!target.starts_with("/"));
    CHECK(target.find(':') == target.npos);
  }
  CHECK(links > 8);
}

// The link once carried the number of failed attempts in place of the name.
TEST_CASE("the link of a space asks for the runs of that space") {
  auto snapshot = support::sample_snapshot();
  auto space = support::sample_space();
  space->name = "sales & more";
  snapshot->spaces = {space};
  CHECK(page_of(*snapshot).find("<a href=\"./?space=sales%20%26%20more\"><bdi>sales &amp; more</bdi></a>") !=
        std::string::npos);
}

TEST_CASE("foreign text is text on the page, never markup") {
  auto snapshot = support::sample_snapshot();
  auto space = support::sample_space();
  space->name = "<script>alert('1')</script>";
  space->last_error =
      view::PollError{view::PollReason::business_error, "\"><img src=x onerror=alert(2)>", support::at(0)};
  auto run = support::sample_run(1, "R<script>&\"'");
  space->runs = {run};
  snapshot->spaces = {space};
  snapshot->not_ready = "<b>\xff</b>";
  for (const auto& filter : {page::Filter{}, page::Filter{.space = space->name, .run = "<"}}) {
    const auto html = page_of(*snapshot, filter);
    CHECK(count(html, "<script") == 1);
    CHECK(html.find("<script src=\"script.js\" defer></script>") != std::string::npos);
    CHECK(html.find("<img") == std::string::npos);
    CHECK(html.find("<b>\xef\xbf\xbd") == std::string::npos);
    CHECK(html.find("R&lt;script&gt;&amp;&quot;&#39;") != std::string::npos);
    CHECK(core::is_valid_utf8(html));
  }
}

TEST_CASE("the page has no inline style or script, which its policy would refuse") {
  const auto html = page_of(*support::sample_snapshot());
  CHECK(html.find("<style") == std::string::npos);
  CHECK(!std::regex_search(html, std::regex("\\s(style|on[a-z]+)=")));
  CHECK(page::style_sheet().find("url(") == std::string_view::npos);
}

TEST_CASE("every element that is opened is closed") {
  const auto html = page_of(*support::sample_snapshot());
  for (const char* name : {"html", "head",    "body",    "header",  "main", "footer", "nav",  "table", "thead", "tbody",
                           "tr",   "td",      "th",      "span",    "div",  "code",   "time", "p",     "h1",    "h2",
                           "a",    "section", "details", "summary", "svg",  "ul",     "li",   "form",  "bdi"}) {
    CAPTURE(name);
    const std::string element(name);
    CHECK(count(html, "<" + element + ">") + count(html, "<" + element + " ") == count(html, "</" + element + ">"));
  }
}

TEST_CASE("each row has a cell for each heading") {
  const auto html = page_of(*support::sample_snapshot());
  const std::regex table("<table[^]*?</table>"), row("<tr[ >][^]*?</tr>"), cells("<t[hd][ >]");
  std::size_t rows = 0;
  for (std::sregex_iterator t(html.begin(), html.end(), table), end; t != end; ++t) {
    const auto text = t->str();
    std::optional<std::ptrdiff_t> width;
    for (std::sregex_iterator r(text.begin(), text.end(), row); r != end; ++r, ++rows) {
      const auto inner = r->str();
      const auto found = std::distance(std::sregex_iterator(inner.begin(), inner.end(), cells), end);
      if (!width) width = found;
      CHECK(found == *width);
    }
  }
  CHECK(rows >= 2 + 2 + 3);
}

TEST_CASE("an organization's list that fails is on the page with its reason, though no space is known") {
  view::Snapshot snapshot;
  snapshot.organization = {false, task::kNoTime,
                           view::PollError{view::PollReason::auth, "401 <Invalid> token", support::at(1000)}};
  const auto text = text_of(page_of(snapshot));
  CHECK(text.find("The organization's list of spaces cannot be read: auth 401 &lt;Invalid&gt; token") !=
        std::string::npos);
  CHECK(page_of(*support::sample_snapshot()).find("organization") == std::string::npos);
}

TEST_CASE("a run that the platform does not know is called so, and shows no zeros") {
  auto snapshot = support::sample_snapshot();
  auto space = support::sample_space();
  space->runs = {support::unknown_run()};
  snapshot->spaces = {space};
  const auto html = page_of(*snapshot);
  const auto at = html.find("data-run=\"R0000000000000000000000000000dead");
  REQUIRE(at != html.npos);
  const auto row = html.substr(at, html.find("</tr>", at) - at);
  CHECK(row.find("unknown to the platform") != std::string::npos);
  CHECK(row.find(">0<") == std::string::npos);
}

TEST_CASE("failed tasks and failed attempts stand side by side, under words that tell them apart") {
  auto snapshot = support::sample_snapshot();
  auto space = support::sample_space();
  space->tasks[task::index(task::Status::failed)] = 1;
  snapshot->spaces = {space};
  const auto html = page_of(*snapshot);
  CHECK(html.find("title=\"tasks whose status is failed now\">failed</th>") != std::string::npos);
  CHECK(html.find(">failed attempts</th>") != std::string::npos);
  CHECK(html.find("data-label=\"failed\">1</td><td class=\"n\" data-label=\"failed attempts\">2</td></tr>") !=
        std::string::npos);
}

TEST_CASE("without spaces the page says so") {
  const auto html = page_of(view::Snapshot{});
  CHECK(html.find("No space is known yet") != std::string::npos);
  CHECK(html.find("No run is watched") != std::string::npos);
}
