#include "watch/labels.h"

#include <doctest/doctest.h>

using runwatch::watch::label_spaces;
using Labels = std::vector<std::string>;

TEST_CASE("a space is called by its configured name, else its slug, else its position") {
  CHECK(label_spaces({{"sales", "slug-1"}, {{}, "slug-2"}, {{}, ""}}) == Labels{"sales", "slug-2", "unnamed-3"});
}

TEST_CASE("equal names get a number, and a slug never takes a configured name") {
  CHECK(label_spaces({{{}, "sales"}, {"sales", ""}, {{}, "sales"}}) == Labels{"sales-2", "sales", "sales-3"});
}

TEST_CASE("a free label is the wanted one, or that with the first number that nobody has") {
  using runwatch::watch::free_label;
  CHECK(free_label("sales", {}) == "sales");
  CHECK(free_label("sales", {"sales"}) == "sales-2");
  CHECK(free_label("sales", {"sales", "sales-2", "sales-4"}) == "sales-3");
}
