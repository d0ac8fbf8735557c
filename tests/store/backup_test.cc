#include <sys/stat.h>

#include "store/directory.h"
#include "store/model.h"
#include "support/seed.h"

using namespace store_test;

TEST_CASE("a copy holds what was committed until it was whole, and the original goes on") {
  const std::uint64_t seed = runwatch::test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  const Directory directory;
  Model model;
  const auto store = open_good(directory.database());
  const auto commit = [&] {
    const auto batch = random_batch(random);
    commit_good(*store, batch);
    model.apply(batch);
  };
  for (int i = 0; i < 30; ++i) commit();
  const auto copy = directory.path() / "copy.db";
  REQUIRE(store->begin_backup(copy).has_value());
  for (;;) {
    const auto done = store->continue_backup(copy);
    REQUIRE(done.has_value());
    if (*done) break;
    commit();
  }
  CHECK(same(*open_good(copy), model));
  struct stat status{};
  REQUIRE(::stat(copy.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  commit();
  CHECK(same(*store, model));
}

TEST_CASE("one copy is in the making at a time, and one that is given up leaves no file") {
  const Directory directory;
  const auto copy = directory.path() / "copy.db";
  {
    const auto store = open_good(directory.database());
    REQUIRE(store->begin_backup(copy).has_value());
    const auto second = store->begin_backup(directory.path() / "other.db");
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().text == "another copy is in the making: ask again");
    CHECK(std::filesystem::exists(copy));
  }
  CHECK_FALSE(std::filesystem::exists(copy));
}

TEST_CASE("after one that was given up, another one can be made") {
  const Directory directory;
  const auto store = open_good(directory.database());
  const auto given_up = directory.path() / "given-up.db", copy = directory.path() / "copy.db";
  REQUIRE(store->begin_backup(given_up).has_value());
  store->end_backup(copy);
  CHECK(std::filesystem::exists(given_up));  // it was not that one
  store->end_backup(given_up);
  CHECK_FALSE(std::filesystem::exists(given_up));
  CHECK_FALSE(store->continue_backup(given_up).has_value());
  CHECK(store->begin_backup(copy).has_value());
  CHECK_FALSE(store->continue_backup(given_up).has_value());
  store->end_backup(copy);
}

TEST_CASE("a place where no copy can be made is named") {
  const Directory directory;
  const auto store = open_good(directory.database());
  const auto begun = store->begin_backup(directory.path() / "none" / "copy.db");
  REQUIRE_FALSE(begun.has_value());
  CHECK(begun.error().text.find("none/copy.db") != std::string::npos);
  const auto continued = store->continue_backup(directory.path() / "none" / "copy.db");
  REQUIRE_FALSE(continued.has_value());
}
