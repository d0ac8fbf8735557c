#include "page/html.h"

#include <doctest/doctest.h>

#include <string>

#include "core/text.h"
#include "support/snapshots.h"

using namespace runwatch;
using namespace std::chrono_literals;
using support::at;

TEST_CASE("foreign bytes are text in a page, whatever they are") {
  const struct {
    std::string foreign, shown;
  } cases[] = {
      {"", ""},
      {"plain ümlaut 漢字", "plain ümlaut 漢字"},
      {"<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"},
      {"\"><img src=x onerror=alert(2)>", "&quot;&gt;&lt;img src=x onerror=alert(2)&gt;"},
      {"&amp; &#60;", "&amp;amp; &amp;#60;"},
      {"a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd"},  // no UTF-8
      {std::string("a\0b\x1b[31m\x7f", 9),
       "a\xef\xbf\xbd"
       "b\xef\xbf\xbd[31m\xef\xbf\xbd"},  // controls
      {"a\nb\tc", "a\nb\tc"},
      {"invoice\xe2\x80\xaegpj.exe", "invoice\xef\xbf\xbdgpj.exe"},    // U+202E turns what follows around
      {"a\xe2\x81\xa6z\xe2\x80\x8bq", "a\xef\xbf\xbdz\xef\xbf\xbdq"},  // isolate, zero width
      {"שלום", "שלום"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.foreign);
    CHECK(page::escape_html(c.foreign) == c.shown);
    CHECK(page::name_html(c.foreign) == "<bdi>" + c.shown + "</bdi>");
    CHECK(core::is_valid_utf8(page::escape_html(c.foreign)));
  }
}

TEST_CASE("a value in a link is letters and percent signs alone") {
  CHECK(page::escape_query("R40fe-5_e.~") == "R40fe-5_e.~");
  CHECK(page::escape_query("a b&c=d?#/\"<\xc3\xbc+%") == "a%20b%26c%3Dd%3F%23%2F%22%3C%C3%BC%2B%25");
}

TEST_CASE("times are said as people say them") {
  const struct {
    core::Duration span;
    const char* text;
  } spans[] = {{-1s, "0 s"},   {59s, "59 s"},         {60s, "1 min"},  {89min, "89 min"},
               {90min, "1 h"}, {47h + 59min, "47 h"}, {48h, "2 days"}, {1000h, "41 days"}};
  for (const auto& c : spans) CHECK(page::span_text(c.span) == c.text);
  CHECK(page::age_text(at(0), at(125)) == "2 min ago");
  CHECK(page::age_text(at(1), at(0)) == "0 s ago");
  CHECK(page::age_text(at(125), at(0)) == "in 2 min");
  CHECK(page::clock_seconds(at(0)) == "2026-02-02 02:40:00");
  CHECK(page::clock_text(at(0), at(3600)) == "02:40");
  CHECK(page::clock_text(at(0), at(86400)) == "Feb 2, 02:40");
  CHECK(page::both_html(at(0), at(125)) ==
        R"(<time datetime="2026-02-02T02:40:00Z" title="2026-02-02T02:40:00Z">02:40 (2 min ago)</time>)");
  CHECK(page::age_text(task::kNoTime, at(0)) == "never");
  CHECK(page::clock_text(task::kNoTime, at(0)) == "never");
  for (const auto& html : {page::ago_html(task::kNoTime, at(0)), page::clock_html(task::kNoTime, at(0)),
                           page::both_html(task::kNoTime, at(0))}) {
    CHECK(html == page::kUnknown);
  }
}

TEST_CASE("a share is never rounded to nothing nor to all") {
  const struct {
    std::uint64_t part, whole;
    const char* text;
  } cases[] = {{0, 0, "–"},         {0, 10, "0 %"},          {1, 10'000, "&lt; 1 %"}, {38, 100, "38 %"},
               {385, 1000, "39 %"}, {9'999, 10'000, "99 %"}, {10, 10, "100 %"}};
  for (const auto& c : cases) CHECK(page::share_text(c.part, c.whole) == c.text);
}

TEST_CASE("numbers have their thousands apart, and nouns their plural") {
  CHECK(page::number_text(0) == "0");
  CHECK(page::number_text(999) == "999");
  CHECK(page::number_text(1000) == "1,000");
  CHECK(page::number_text(12'345'678) == "12,345,678");
  CHECK(page::count_text(1, "run") == "1 run");
  CHECK(page::count_text(1200, "run") == "1,200 runs");
  CHECK(page::words("partially_completed") == "partially completed");
}
