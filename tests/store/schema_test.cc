#include "store/schema.h"

#include "store/directory.h"
#include "store/model.h"

using namespace store_test;

namespace {

std::string ask(const store::Connection& connection, std::string_view pragma) {
  const auto answer = connection.ask(pragma);
  return answer ? *answer : answer.error().text;
}

}  // namespace

TEST_CASE("a database of an older version is brought to the newest, step by step") {
  const Directory directory;
  write_bytes(directory.database(), "");
  const auto connection = store::Connection::open(directory.database());
  REQUIRE(connection.has_value());
  const char* const kOne[] = {"CREATE TABLE a(x)"};
  const char* const kThree[] = {"this step is done", "CREATE TABLE b(x)", "ALTER TABLE a ADD COLUMN y"};
  REQUIRE(store::migrate(*connection, kOne).has_value());
  CHECK(ask(*connection, "user_version") == "1");
  REQUIRE(store::migrate(*connection, kThree).has_value());
  CHECK(ask(*connection, "user_version") == "3");
  CHECK(connection->exec("SELECT y FROM a, b") == SQLITE_OK);
  CHECK(store::check_ours(*connection, 3).has_value());
}

TEST_CASE("a step that fails leaves the file as it was, with nothing of the steps before it either") {
  const Directory directory;
  write_bytes(directory.database(), "");
  const auto connection = store::Connection::open(directory.database());
  REQUIRE(connection.has_value());
  const char* const kSteps[] = {"CREATE TABLE a(x)", "CREATE TABLE b(x)", "CREATE TABLE c(x); CREATE TABLE a(x)"};
  REQUIRE(store::migrate(*connection, std::span(kSteps).first(1)).has_value());
  const auto done = store::migrate(*connection, kSteps);
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().text.find("format 3") != std::string::npos);
  CHECK(ask(*connection, "user_version") == "1");
  CHECK(connection->exec("SELECT * FROM b") != SQLITE_OK);
  CHECK_FALSE(connection->in_transaction());
}
