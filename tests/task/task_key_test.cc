#include "task/task_key.h"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>

#include "core/timestamp.h"
#include "support/seed.h"
#include "task/observed.h"

using namespace runwatch;
using namespace runwatch::task;

namespace {

const std::string kUsual = "T8ff2ccdffe9a11f0878d43cd8a99e069";

}  // namespace

TEST_CASE("an id of the usual form is its own key and reads back") {
  const TaskKey key = make_task_key(kUsual);
  CHECK(is_usual(key));
  CHECK(usual_task_id(key) == kUsual);
  CHECK(key.bytes[0] == 0x8f);
  CHECK(key.bytes[15] == 0x69);
}

TEST_CASE("any other id has a key that no usual id can have") {
  for (const std::string_view id :
       {"R8ff2ccdffe9a11f0878d43cd8a99e069", "T8FF2CCDFFE9A11F0878D43CD8A99E069", "T8ff2ccdffe9a11f0878d43cd8a99e06",
        "T8ff2ccdffe9a11f0878d43cd8a99e0699", "T8ff2ccdffe9a11f0878d43cd8a99e06g", "T8ff2ccdffe9a01f0878d43cd8a99e069",
        "T8ff2ccdffe9a11f0478d43cd8a99e069", "T8ff2ccdffe9a11f0c78d43cd8a99e069", "RUN_SPACE_987655", "x", "T"}) {
    CAPTURE(id);
    CHECK_FALSE(is_usual(make_task_key(id)));
  }
}

TEST_CASE("keys of different ids differ and none of the odd ones looks usual") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  std::set<TaskKey> keys;
  for (int i = 0; i < 20'000; ++i) {
    const TaskKey key = make_task_key("task-" + std::to_string(i) + "-" + std::to_string(random()));
    CHECK_FALSE(is_usual(key));
    keys.insert(key);
  }
  CHECK(keys.size() == 20'000);
}

TEST_CASE("ids are 1 to 128 bytes of UTF-8 without control characters and slashes") {
  for (const std::string& id : {kUsual, std::string("RUN_SPACE_987655"), std::string("x"), std::string(128, 'x'),
                                std::string("with blank"), std::string("ü–漢😀"), std::string("..")}) {
    CAPTURE(id);
    CHECK(is_acceptable_id(id));
  }
  for (const std::string& id : {std::string(), std::string(129, 'x'), std::string(200'000, 'x'), std::string("a/b"),
                                std::string("a\nb"), std::string("a\0b", 3), std::string("\x7f"), std::string("\x1b"),
                                std::string("\xc2\x85"), std::string("\xff"), std::string("\xed\xa0\x80")}) {
    CAPTURE(id);
    CHECK_FALSE(is_acceptable_id(id));
  }
}

TEST_CASE("a version-1 id carries the time it was made at") {
  const auto time = time_of_id("R40fe5eface1511f082ac156368e7acc4");
  REQUIRE(time != kNoTime);
  CHECK(core::format_timestamp(time).starts_with("2025-11-30T17:51:52"));
  CHECK(time_of_id("T40FE5EFACE1511F082AC156368E7ACC4") == time);
}

TEST_CASE("other ids carry no time") {
  for (const char* id :
       {"", "RUN_SPACE_987655", "X40fe5eface1511f082ac156368e7acc4", "R40fe5eface1541f082ac156368e7acc4",
        "R40fe5eface1511f002ac156368e7acc4", "R40fe5eface1511f082ac156368e7acc", "R-0fe5eface1511f082ac156368e7acc4",
        "R40fe5eface1511f082ac156368e7accz", "R00000000000010008000000000000000",
        "Rffffffffffff1fff8000000000000000"}) {
    CAPTURE(id);
    CHECK(time_of_id(id) == kNoTime);
  }
}
