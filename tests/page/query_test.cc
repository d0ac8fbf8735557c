#include "page/query.h"

#include <doctest/doctest.h>

using namespace runwatch;

TEST_CASE("a query is read as browsers write it, whatever is in it") {
  const struct {
    const char *query, *name, *value;
  } cases[] = {{"", "a", ""},
               {"a=1", "a", "1"},
               {"a=1&b=2", "b", "2"},
               {"a=1&a=2", "a", "2"},
               {"a", "a", ""},
               {"a=", "a", ""},
               {"=x", "a", ""},
               {"&&a=1&", "a", "1"},
               {"a=b=c", "a", "b=c"},
               {"a=x+y%20z%2B", "a", "x y z+"},
               {"a=%3Cscript%3E%C3%BC", "a", "<script>\xc3\xbc"},
               {"%61=1", "a", "1"},
               {"a=%", "a", "%"},
               {"a=%4", "a", "%4"},
               {"a=%zz%", "a", "%zz%"},
               {"A=1", "a", ""}};
  for (const auto& c : cases) {
    CAPTURE(std::string(c.query));
    CHECK(page::Query(c.query).text(c.name) == c.value);
  }
}

TEST_CASE("a number that is none, or too small, is the least one") {
  for (const char* query : {"", "n=", "n=x", "n=-5", "n=0", "n=1.5", "n=99999999999999999999999", "n=1"}) {
    CAPTURE(std::string(query));
    CHECK(page::Query(query).number("n", 1) == 1);
  }
  CHECK(page::Query("n=17").number("n", 1) == 17);
}
