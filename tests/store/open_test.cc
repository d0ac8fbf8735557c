#include <sqlite3.h>
#include <sys/stat.h>

#include <chrono>
#include <functional>

#include "store/child.h"
#include "store/directory.h"
#include "store/model.h"
#include "support/seed.h"

using namespace store_test;

namespace {

void execute(const std::filesystem::path& path, const std::string& sql) {
  sqlite3* connection = nullptr;
  sqlite3_open(path.c_str(), &connection);
  const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
  sqlite3_close(connection);
  REQUIRE(code == SQLITE_OK);
}

OwnedBatch some_tasks(std::uint64_t n) {
  OwnedBatch batch;
  batch.run = 1;
  task::RunRecord run;
  run.number = 1;
  run.space = 1;
  batch.runs = {run};
  for (std::uint64_t i = 0; i < n; ++i) batch.tasks.push_back({key_of(i), {}});
  return batch;
}

struct Damage {
  const char* name;
  std::function<void(const std::filesystem::path&)> apply;
  core::ErrorKind kind;
  const char* text;
};

void shorten(const std::filesystem::path& path, std::uintmax_t size) { std::filesystem::resize_file(path, size); }

void set_byte(const std::filesystem::path& path, std::size_t at, char value) {
  write_bytes(path, bytes_of(path).replace(at, 1, 1, value));
}

const Damage kDamages[] = {
    {"an empty file", [](const auto& path) { shorten(path, 0); }, core::ErrorKind::corrupt, "empty"},
    {"one byte", [](const auto& path) { shorten(path, 1); }, core::ErrorKind::corrupt, "backup"},
    {"half a header", [](const auto& path) { shorten(path, 50); }, core::ErrorKind::corrupt, "backup"},
    {"a header alone", [](const auto& path) { shorten(path, 100); }, core::ErrorKind::corrupt, "backup"},
    {"one page", [](const auto& path) { shorten(path, 4096); }, core::ErrorKind::corrupt, "backup"},
    {"half the file", [](const auto& path) { shorten(path, std::filesystem::file_size(path) / 2); },
     core::ErrorKind::corrupt, "backup"},
    {"zeros", [](const auto& path) { write_bytes(path, std::string(20000, '\0')); }, core::ErrorKind::corrupt,
     "backup"},
    {"another kind of file", [](const auto& path) { write_bytes(path, std::string(9000, 'a') + "\n"); },
     core::ErrorKind::corrupt, "backup"},
    {"a scribbled first page",
     [](const auto& path) { write_bytes(path, bytes_of(path).replace(100, 3000, 3000, '\x5a')); },
     core::ErrorKind::corrupt, "backup"},
    {"a header with an unknown file format", [](const auto& path) { set_byte(path, 18, 9); }, core::ErrorKind::corrupt,
     "backup"},
    {"a header with an unknown schema format", [](const auto& path) { set_byte(path, 47, 9); },
     core::ErrorKind::corrupt, "backup"},
    {"a header with an unknown encoding", [](const auto& path) { set_byte(path, 59, 2); }, core::ErrorKind::corrupt,
     "backup"},
    {"a database of another program", [](const auto& path) { execute(path, "PRAGMA application_id=7"); },
     core::ErrorKind::corrupt, "another program"},
    {"a database that was never finished", [](const auto& path) { execute(path, "PRAGMA user_version=0"); },
     core::ErrorKind::corrupt, "another program"},
    {"a database of a newer version", [](const auto& path) { execute(path, "PRAGMA user_version=4"); },
     core::ErrorKind::corrupt, "newer runwatch (format 4, this one reads up to 3)"},
    {"a missing table", [](const auto& path) { execute(path, "DROP TABLE counters"); }, core::ErrorKind::corrupt,
     "tables"},
    {"a missing column", [](const auto& path) { execute(path, "ALTER TABLE runs RENAME retired TO x"); },
     core::ErrorKind::corrupt, "tables"},
    {"no number of commits", [](const auto& path) { execute(path, "DELETE FROM meta"); }, core::ErrorKind::corrupt,
     "commits"},
    {"a log without its database", [](const auto& path) { std::filesystem::rename(path, path.string() + "-wal"); },
     core::ErrorKind::corrupt, "state.db-wal"},
    {"a directory in its place",
     [](const auto& path) {
       std::filesystem::remove(path);
       std::filesystem::create_directory(path);
     },
     core::ErrorKind::invalid, "not a regular file"},
    {"a pipe in its place",
     [](const auto& path) {
       std::filesystem::remove(path);
       ::mkfifo(path.c_str(), 0600);
     },
     core::ErrorKind::invalid, "not a regular file"},
};

}  // namespace

TEST_CASE("a damaged or foreign database is refused with a clear text and left as it is") {
  for (const Damage& damage : kDamages) {
    INFO(std::string{damage.name});
    const Directory directory;
    {
      const auto store = open_good(directory.database());
      commit_good(*store, some_tasks(2000));
    }
    damage.apply(directory.database());
    const bool file = std::filesystem::is_regular_file(directory.database());
    const std::string before = file ? bytes_of(directory.database()) : "";
    for (int attempt = 0; attempt < 2; ++attempt) {
      const auto store = store::Store::open(directory.database());
      REQUIRE_FALSE(store.has_value());
      INFO(store.error().text);
      CHECK(store.error().kind == damage.kind);
      CHECK(store.error().text.find(damage.text) != std::string::npos);
      CHECK(store.error().text.find(directory.database().string()) != std::string::npos);
    }
    if (file) CHECK(bytes_of(directory.database()) == before);
  }
}

TEST_CASE("a directory that is not there is told, and not made") {
  const Directory directory;
  const auto store = store::Store::open(directory.path() / "missing" / "state.db");
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().kind == core::ErrorKind::unavailable);
  CHECK(store.error().text.find((directory.path() / "missing").string()) != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(directory.path() / "missing"));
}

TEST_CASE("values that no version writes are corrupt, not data") {
  const char* const kLies[] = {
      "UPDATE tasks SET id = x'00'",
      "UPDATE tasks SET state = x'00'",
      "UPDATE tasks SET state = CAST(zeroblob(18) || x'0f' AS BLOB)",
      "UPDATE runs SET status = 9",
      "UPDATE runs SET retired = 2",
      "UPDATE runs SET pending = -1",
      "UPDATE runs SET pending = 9223372036854775807, failed = -1",
      "INSERT INTO spaces VALUES(1, x'00', '', NULL, '')",
      "INSERT INTO spaces VALUES(1, zeroblob(32), '', NULL, ''); INSERT INTO counters VALUES(1, 'x', -1)",
      "INSERT INTO spaces VALUES(1, zeroblob(32), '', NULL, ''); INSERT INTO counters VALUES(1, 'x', 9e999)",
  };
  for (const char* lie : kLies) {
    INFO(std::string{lie});
    const Directory directory;
    commit_good(*open_good(directory.database()), some_tasks(1));
    execute(directory.database(), lie);
    const auto store = open_good(directory.database());
    const auto contents = store->load();
    const auto tasks = store->load_tasks(1);
    REQUIRE_FALSE((contents.has_value() && tasks.has_value()));
    CHECK((contents.has_value() ? tasks.error() : contents.error()).kind == store::FailureKind::corrupt);
  }
}

TEST_CASE("pages scribbled anywhere never crash a store, and what it cannot read it calls corrupt") {
  const std::uint64_t seed = runwatch::test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  const Directory directory;
  commit_good(*open_good(directory.database()), some_tasks(3000));
  const std::string whole = bytes_of(directory.database());
  int refused = 0;
  for (int round = 0; round < 60; ++round) {
    std::string bytes = whole;
    for (auto n = 1 + random() % 200; n != 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto path = directory.path() / ("scribbled" + std::to_string(round));
    write_bytes(path, bytes);
    const auto store = store::Store::open(path);
    if (!store) {
      INFO(store.error().text);
      CHECK(store.error().kind == core::ErrorKind::corrupt);
      ++refused;
      continue;
    }
    const auto contents = (*store)->load();
    const auto tasks = (*store)->load_tasks(1);
    const auto done = (*store)->commit(some_tasks(50).view());
    if (!contents) CHECK(contents.error().kind == store::FailureKind::corrupt);
    if (!tasks) CHECK(tasks.error().kind == store::FailureKind::corrupt);
    if (!done) CHECK(done.error().kind == store::FailureKind::corrupt);
    refused += contents && tasks && done ? 0 : 1;
  }
  CHECK(refused > 0);
}

TEST_CASE("a second process is refused without waiting, and the first goes on") {
  const Directory directory;
  Child first{[&](Child& self) {
    auto store = store::Store::open(directory.database());
    if (!store) return 1;
    self.tell(1);
    self.hear();
    return (*store)->commit(some_tasks(5).view()).has_value() ? 0 : 2;
  }};
  REQUIRE(first.hear() == 1U);
  const auto began = std::chrono::steady_clock::now();
  const auto second = store::Store::open(directory.database());
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{10});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().kind == core::ErrorKind::busy);
  CHECK(second.error().text.find("another process") != std::string::npos);
  first.tell(2);
  CHECK(first.wait() == 0);
  CHECK(open_good(directory.database())->load_tasks(1)->size() == 5);
}

TEST_CASE("a second store of the same process is refused, too") {
  const Directory directory;
  const auto first = open_good(directory.database());
  const auto second = store::Store::open(directory.database());
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().kind == core::ErrorKind::busy);
  commit_good(*first, some_tasks(5));
}

TEST_CASE("nothing is written into a deleted or replaced database, and it goes on when the file is back") {
  const Directory directory;
  const auto aside = directory.path() / "aside";
  const auto store = open_good(directory.database());
  commit_good(*store, some_tasks(5));
  std::filesystem::rename(directory.database(), aside);
  const auto refused = [&] {
    const auto done = store->commit(some_tasks(7).view());
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == store::FailureKind::other);
    CHECK(done.error().text.find("deleted or replaced") != std::string::npos);
  };
  refused();
  CHECK_FALSE(std::filesystem::exists(directory.database()));
  open_good(directory.path() / "another.db").reset();
  std::filesystem::rename(directory.path() / "another.db", directory.database());
  const std::string before = bytes_of(directory.database());
  refused();
  CHECK(bytes_of(directory.database()) == before);
  std::filesystem::rename(aside, directory.database());
  commit_good(*store, some_tasks(7));
  CHECK(store->load_tasks(1)->size() == 7);
}

TEST_CASE("a deleted log costs nothing while the process lives") {
  const Directory directory;
  auto store = open_good(directory.database());
  commit_good(*store, some_tasks(5));
  commit_good(*store, some_tasks(6));
  REQUIRE(std::filesystem::remove(directory.log()));
  commit_good(*store, some_tasks(7));
  REQUIRE(std::filesystem::exists(directory.log()));
  store.reset();
  CHECK(open_good(directory.database())->load_tasks(1)->size() == 7);
}

TEST_CASE("what a killed process left half made under the other name is finished or made anew") {
  for (const std::string left : {"", "no database at all, but what a power cut left of one"}) {
    const Directory directory;
    write_bytes(directory.path() / "state.db.creating", left);
    CHECK(same(*open_good(directory.database()), Model{}));
    CHECK_FALSE(std::filesystem::exists(directory.path() / "state.db.creating"));
  }
}
