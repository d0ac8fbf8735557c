#include "core/guarded.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using runwatch::core::Guarded;

TEST_CASE("updates from several threads are all kept") {
  Guarded<int> sum;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10'000; ++i) sum.with([](int& value) { ++value; });
      });
    }
  }
  CHECK(sum.with([](int value) { return value; }) == 40'000);
}

TEST_CASE("a guarded value starts with what it was given and can be read when const") {
  const Guarded<int> seven(7);
  CHECK(seven.with([](const int& value) { return value; }) == 7);
}
