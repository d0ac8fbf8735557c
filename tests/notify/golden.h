// Bodies held against files. RUNWATCH_GOLDEN=write writes them anew: read the difference.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace runwatch::test {

// The file has the body indented; what counts are its bytes without white space that JSON does not need.
inline void check_golden(const std::string& file, const std::string& body) {
  const std::string path = std::string(TEST_DATA) + "/notify/" + file;
  const auto made = nlohmann::ordered_json::parse(body);
  if (std::getenv("RUNWATCH_GOLDEN") != nullptr) std::ofstream(path) << made.dump(2) << '\n';
  std::ifstream stored(path);
  REQUIRE_MESSAGE(stored.good(), path);
  const std::string text{std::istreambuf_iterator<char>(stored), {}};
  CHECK(made.dump(2) + "\n" == text);
  CHECK(nlohmann::ordered_json::parse(text).dump() == body);
}

}  // namespace runwatch::test
