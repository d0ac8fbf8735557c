#include "metrics/text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support/snapshots.h"

using namespace runwatch;
using namespace runwatch::metrics;

namespace {

template <class F>
std::string written(F&& write) {
  std::string out;
  write(out);
  return out;
}

}  // namespace

TEST_CASE("numbers are the shortest text that reads back to them, integers without exponent") {
  const struct {
    double value;
    const char* text;
  } cases[] = {{0, "0"},
               {-0.0, "0"},
               {1700000000, "1700000000"},
               {1769858258.067, "1769858258.067"},
               {0.005, "0.005"},
               {0.0005, "0.0005"},
               {0.00005, "5e-05"},
               {1e16, "10000000000000000"},
               {-2.5, "-2.5"},
               {9007199254740991, "9007199254740991"},
               {1e300, "1e+300"},
               {std::numeric_limits<double>::infinity(), "+Inf"},
               {-std::numeric_limits<double>::infinity(), "-Inf"},
               {std::nan(""), "NaN"}};
  for (const auto& c : cases) CHECK(written([&](auto& out) { append_number(out, c.value); }) == c.text);
}

TEST_CASE("label values are escaped and valid UTF-8") {
  const struct {
    std::string_view value, text;
  } cases[] = {{"plain", "x=\"plain\""},       {"a\"b", "x=\"a\\\"b\""},
               {"a\\nb", "x=\"a\\\\nb\""},     {"two\nlines", "x=\"two\\nlines\""},
               {"\xff", "x=\"\xef\xbf\xbd\""}, {"é", "x=\"é\""}};
  for (const auto& c : cases) CHECK(written([&](auto& out) { append_label(out, "x", c.value); }) == c.text);
}

TEST_CASE("help is escaped, and in OpenMetrics its quotes too") {
  const Heading heading{"some_bytes_total", MetricType::counter, "a \"quoted\"\nback\\slash \xff"};
  CHECK(written([&](auto& out) { append_heading(out, heading, TextFormat::prometheus); }) ==
        "# HELP some_bytes_total a \"quoted\"\\nback\\\\slash \xef\xbf\xbd\n# TYPE some_bytes_total counter\n");
  CHECK(written([&](auto& out) { append_heading(out, heading, TextFormat::open_metrics); }) ==
        "# HELP some_bytes a \\\"quoted\\\"\\nback\\\\slash \xef\xbf\xbd\n# TYPE some_bytes counter\n# UNIT some_bytes "
        "bytes\n");
}

TEST_CASE("an info is a gauge in text and an info in OpenMetrics") {
  const Heading heading{"a_info", MetricType::info, "h"};
  CHECK(written([&](auto& out) { append_heading(out, heading, TextFormat::prometheus); }) ==
        "# HELP a_info h\n# TYPE a_info gauge\n");
  CHECK(written([&](auto& out) { append_heading(out, heading, TextFormat::open_metrics); }) ==
        "# HELP a h\n# TYPE a info\n");
}

TEST_CASE("bounds of buckets are spelt as each format has it") {
  const struct {
    double bound;
    const char *text, *open;
  } cases[] = {{5, "5", "5.0"},
               {0.005, "0.005", "0.005"},
               {86400, "86400", "86400.0"},
               {std::numeric_limits<double>::infinity(), "+Inf", "+Inf"}};
  for (const auto& c : cases) {
    const auto line = [&](TextFormat format) {
      return written([&](auto& out) { append_bucket(out, "h", "a=\"b\"", c.bound, 1, format); });
    };
    CHECK(line(TextFormat::prometheus) == "h_bucket{a=\"b\",le=\"" + std::string(c.text) + "\"} 1\n");
    CHECK(line(TextFormat::open_metrics) == "h_bucket{a=\"b\",le=\"" + std::string(c.open) + "\"} 1\n");
  }
}

TEST_CASE("an exemplar follows its sample only when its task has an id of the usual form") {
  const task::Exemplar usual{task::make_task_key("T8ff2ccdffe9a11f0878d43cd8a99e069"), 2.5, support::at(0)};
  const task::Exemplar odd{task::make_task_key("task 7"), 2.5, support::at(0)};
  CHECK(written([&](auto& out) { append_sample(out, "a", "_total", "", 3, &usual); }) ==
        "a_total 3 # {task_id=\"T8ff2ccdffe9a11f0878d43cd8a99e069\"} 2.5 1770000000\n");
  CHECK(written([&](auto& out) { append_sample(out, "a", "_total", "", 3, &odd); }) == "a_total 3\n");
}

TEST_CASE("samples are counted without comments") {
  CHECK(count_samples("") == 0);
  CHECK(count_samples("# HELP a b\na 1\na 2\n# EOF\n") == 2);
}

TEST_CASE("a unit is a last word of the name that is one") {
  CHECK(unit_of("seconds").empty());
  CHECK(unit_of("unpod_tasks").empty());
  CHECK(unit_of("a_bytes") == "bytes");
  CHECK(unit_of("a_ratio") == "ratio");
}
