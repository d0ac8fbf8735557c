// Bodies for tests: a page of tasks around the elements given, and the decoding of one.
#pragma once

#include <doctest/doctest.h>

#include <expected>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "task/observed.h"
#include "unpod/decode.h"

namespace runwatch::test {

inline const std::string kTaskId = "T8ff2ccdffe9a11f0878d43cd8a99e069";

// `"status_code":200` and a data array of these elements, comma-separated.
inline std::string page_of(std::string_view elements, std::string_view count = "1") {
  return R"({"count":)" + std::string(count) + R"(,"status_code":200,"message":"ok","data":[)" + std::string(elements) +
         "]}";
}

// A file of tests/data.
inline std::string file(const std::string& name) {
  std::ifstream in(std::string(TEST_DATA) + "/" + name);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// A task with these further fields, as in `"status":"failed"`.
inline std::string task_with(std::string_view fields) {
  return R"({"task_id":")" + kTaskId + "\"" + (fields.empty() ? "" : ",") + std::string(fields) + "}";
}

inline std::string task_with_output(std::string_view fields) {
  return task_with(R"("status":"completed","output":{)" + std::string(fields) + "}");
}

inline std::expected<unpod::TaskPage, unpod::Failure> decode_page(std::string body) {
  unpod::Decoder decoder;
  unpod::TaskPage page;
  if (auto done = decoder.tasks(body, page); !done) return std::unexpected(done.error());
  return page;
}

inline task::ObservedTask decode_one(const std::string& element) {
  const auto page = decode_page(page_of(element));
  REQUIRE_MESSAGE(page.has_value(), page.error().text);
  REQUIRE(page->tasks.size() == 1);
  return page->tasks[0];
}

}  // namespace runwatch::test
