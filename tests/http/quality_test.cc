#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

using runwatch::http::quality;

TEST_CASE("the quality of a name is that of the most specific range that covers it") {
  struct Row {
    std::string_view list, name;
    double expected;
  };
  const std::vector<Row> rows{
      {"", "gzip", -1},
      {"gzip", "gzip", 1},
      {"GZip", "gzip", 1},
      {"deflate, gzip;q=0.5, br", "gzip", 0.5},
      {"deflate,gzip ; q=0.25", "gzip", 0.25},
      {"gzip;q=0", "gzip", 0},
      {"*", "gzip", 1},
      {"*;q=0.1, gzip;q=0.9", "gzip", 0.9},
      {"gzip;q=0, *", "gzip", 0},
      {"*;q=0", "gzip", 0},
      {"x-gzip", "gzip", -1},
      {"gzipped", "gzip", -1},
      {"text/*;q=0.3, */*;q=0.1", "text/html", 0.3},
      {"text/*;q=0.3, text/html;q=0.2, */*;q=0.1", "text/html", 0.2},
      {"*/*;q=0.1", "text/html", 0.1},
      {"text/html", "text/plain", -1},
      {"TEXT/*", "text/plain", 1},
      {"textual/*", "text/plain", -1},
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       "application/openmetrics-text", 1},
      {"application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "text/plain", 0.5},
      {"text/html;title=\"a,gzip;q=0.2\";q=0.4, gzip;q=0.6", "gzip", 0.6},
      {"text/html;title=\"a,gzip;q=0.2\\\",\";q=0.4, gzip;q=0.6", "text/html", 0.4},
  };
  for (const auto& [list, name, expected] : rows) {
    CAPTURE(list);
    CAPTURE(name);
    CHECK(quality(list, name) == doctest::Approx(expected));
  }
}

TEST_CASE("an element with an unreadable weight counts as not there, and one above 1 as 1") {
  for (const std::string weight : {"", "x", "-1", "nan", "inf", "1e0", "0.5.5", ".5", "0,5"}) {
    CAPTURE(weight);
    const double found = quality("gzip;q=" + weight, "gzip");
    CHECK((found == -1 || (weight == "0,5" && found == 0)));
  }
  CHECK(quality("gzip;q=5", "gzip") == 1);
  CHECK(quality("gzip;q=1.000", "gzip") == 1);
  CHECK(quality("gzip;q=0.", "gzip") == 0);
  CHECK(quality("gzip;q=0.0000000000000000000000000000000000000001", "gzip") == doctest::Approx(0));
}

TEST_CASE("lists of nothing but punctuation name nothing") {
  for (const std::string_view list : {",", ",,;;,", ";q=1", "\"", "\"\\", "   ", "\t;\t,"}) {
    CAPTURE(list);
    CHECK(quality(list, "gzip") == -1);
  }
}
