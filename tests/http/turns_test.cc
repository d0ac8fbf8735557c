#include "http/turns.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace runwatch::http {
namespace {

using Line = Turns<char, std::string>;

std::string all(Line& turns) {
  std::string out;
  while (auto item = turns.next()) out += (out.empty() ? "" : " ") + *item;
  return out;
}

}  // namespace

TEST_CASE("peers take turns, each in its own order") {
  Line turns(9, 9);
  for (const char* item : {"a1", "a2", "a3", "b1", "c1", "c2"}) CHECK_FALSE(turns.add(item[0], item));
  CHECK(turns.next() == "a1");
  CHECK_FALSE(turns.add('a', "a4"));
  CHECK(all(turns) == "b1 c1 a2 c2 a3 a4");
  CHECK_FALSE(turns.next());
  CHECK_FALSE(turns.add('b', "b2"));
  CHECK(all(turns) == "b2");
}

TEST_CASE(
    "beyond its share a peer's own newest finds no room, and in a full queue the newest of whoever has the most") {
  Line turns(5, 3);
  for (const char* item : {"a1", "a2", "a3"}) CHECK_FALSE(turns.add('a', item));
  CHECK(turns.add('a', "a4") == "a4");
  for (const char* item : {"b1", "b2"}) CHECK_FALSE(turns.add('b', item));
  CHECK(turns.add('c', "c1") == "a3");
  CHECK(turns.add('b', "b3") == "b3");
  CHECK(turns.add('d', "d1") == "a2");
  CHECK(turns.add('e', "e1") == "b2");
  CHECK(turns.add('f', "f1") == "f1");
  CHECK(all(turns) == "a1 b1 c1 d1 e1");
}

TEST_CASE("nothing is lost, told twice or beyond the bounds, whatever comes") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Turns<int, int> turns(8, 3);
  int given = 0, back = 0, waiting = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (random() % 2 == 0) {
      ++given;
      if (turns.add(static_cast<int>(random() % 6), i))
        ++back;
      else
        ++waiting;
    } else if (turns.next()) {
      ++back;
      --waiting;
    } else {
      CHECK(waiting == 0);
    }
    REQUIRE(waiting >= 0);
    REQUIRE(waiting <= 8);
  }
  while (turns.next()) ++back;
  CHECK(given == back);
}

}  // namespace runwatch::http
