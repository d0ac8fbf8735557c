#include <doctest/doctest.h>

#include "page/site.h"

using namespace runwatch;
using namespace std::chrono_literals;
using metrics::TextFormat;

TEST_CASE("those who ask at nearly the same time share the bytes, unless the snapshot is another one") {
  page::Recent recent;
  const auto now = core::SteadyTime(10s);
  const auto one = std::make_shared<const view::Snapshot>();
  const auto two = std::make_shared<const view::Snapshot>();
  int made = 0;
  const auto make = [&] { return std::to_string(++made); };
  const auto text = [&](const auto& snapshot, core::SteadyTime at, TextFormat format = TextFormat::prometheus,
                        bool packed = false) { return *recent.get(format, packed, snapshot, at, make); };
  CHECK(text(one, now) == "1");
  CHECK(text(one, now + 49ms) == "1");
  CHECK(text(one, now + 49ms, TextFormat::open_metrics) == "2");
  CHECK(text(one, now + 49ms, TextFormat::prometheus, true) == "3");
  CHECK(text(one, now + 50ms) == "4");
  CHECK(text(two, now + 51ms) == "5");
  CHECK(text(two, now + 52ms, TextFormat::open_metrics) == "6");
  CHECK(recent.get(TextFormat::prometheus, false, two, now + 53ms, make) ==
        recent.get(TextFormat::prometheus, false, two, now + 54ms, make));
  CHECK(made == 6);
}
