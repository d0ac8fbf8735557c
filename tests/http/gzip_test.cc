#include "http/gzip.h"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace runwatch;

namespace {

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string unpacked(const std::string& packed) {
  auto plain = http::Inflater().gunzip(packed, std::size_t{4} << 20, 0);
  REQUIRE(plain.has_value());
  return *plain;
}

}  // namespace

TEST_CASE("what was packed inflates to the same bytes, whatever its size and content") {
  const std::vector<std::string> bodies{"", "x", std::string(1, '\0'), std::string(1 << 20, 'a'),
                                        random_bytes(70'000, 7)};
  for (const auto& body : bodies) {
    CAPTURE(body.size());
    CHECK(unpacked(http::gzip(body)) == body);
  }
}

TEST_CASE("text that repeats itself becomes much smaller") {
  std::string body;
  for (int i = 0; i < 10'000; ++i) body += "unpod_run_tasks{run_id=\"R" + std::to_string(i) + "\"} 1\n";
  CHECK(http::gzip(body).size() < body.size() / 4);
}

TEST_CASE("threads pack at the same time without touching each other's work") {
  std::array<std::string, 4> packed;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < packed.size(); ++i) {
      threads.emplace_back([i, &packed] {
        for (int round = 0; round < 20; ++round) packed[i] = http::gzip(random_bytes(20'000, i));
      });
    }
  }
  for (unsigned i = 0; i < packed.size(); ++i) CHECK(unpacked(packed[i]) == random_bytes(20'000, i));
}
