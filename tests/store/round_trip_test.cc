#include <sqlite3.h>
#include <sys/stat.h>

#include "store/directory.h"
#include "store/model.h"
#include "support/seed.h"

using namespace store_test;

namespace {

// Asks a closed database; -1: the question failed.
std::int64_t ask(const std::filesystem::path& path, const std::string& sql) {
  sqlite3* connection = nullptr;
  sqlite3_open(path.c_str(), &connection);
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement, nullptr);
  const std::int64_t answer = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  sqlite3_close(connection);
  return answer;
}

}  // namespace

TEST_CASE("random batches come back to the last bit, from the same store and from one opened again") {
  const std::uint64_t seed = runwatch::test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 4; ++round) {
    const Directory directory;
    Model model;
    auto store = open_good(directory.database());
    for (int step = 0; step < 40; ++step) {
      const auto batch = random_batch(random);
      commit_good(*store, batch);
      model.apply(batch);
      if (random() % 5 == 0) {
        store.reset();
        store = open_good(directory.database());
      }
      if (random() % 4 == 0) CHECK(same(*store, model));
    }
    CHECK(same(*store, model));
  }
}

TEST_CASE("a new store is empty, private to its user and one database file after it is closed") {
  const Directory directory;
  {
    const auto store = open_good(directory.database());
    CHECK(same(*store, Model{}));
    CHECK(store->database_size().count > 0);
  }
  struct stat status{};
  REQUIRE(::stat(directory.database().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator{directory.path()}, {}) == 1);
}

TEST_CASE("the file says whose it is, and of which format") {
  const Directory directory;
  open_good(directory.database()).reset();
  CHECK(ask(directory.database(), "PRAGMA application_id") == 0x72776368);
  CHECK(ask(directory.database(), "PRAGMA user_version") == 3);
}

TEST_CASE("an empty batch writes nothing and is good") {
  const Directory directory;
  const auto store = open_good(directory.database());
  CHECK(store->commit({}).has_value());
  CHECK(store->wal_size().count == 0);
}

TEST_CASE("changes are kept but for baseline ones, odd ids where their task is, and both go with their run") {
  const Directory directory;
  OwnedBatch batch;
  batch.run = 1;
  batch.histories = {{1, std::make_shared<const task::History>()}};
  batch.tasks = {{key_of(1), {}}, {key_of(2), {}, false}};
  batch.changes.resize(3);
  batch.changes[1].baseline = true;
  batch.odd_ids = {{key_of(1), "kept"}, {key_of(2), "task not stored"}, {key_of(3), "no such task"}};
  auto store = open_good(directory.database());
  commit_good(*store, batch);
  commit_good(*store, batch);
  store.reset();
  CHECK(ask(directory.database(), "SELECT count(*) FROM changes") == 4);
  CHECK(ask(directory.database(), "SELECT max(seq) FROM changes") == 4);
  CHECK(ask(directory.database(), "SELECT count(*) FROM odd_ids WHERE text = 'kept'") == 1);
  CHECK(ask(directory.database(), "SELECT count(*) FROM odd_ids") == 1);
  store = open_good(directory.database());
  OwnedBatch forget;
  forget.forgotten_runs = {1};
  commit_good(*store, forget);
  store.reset();
  for (const std::string table : {"changes", "odd_ids", "tasks", "runs", "histories"}) {
    CHECK(ask(directory.database(), "SELECT count(*) FROM " + table) == 0);
  }
}

TEST_CASE("the history of a run is read from a time on, in the order in which it was committed") {
  const Directory directory;
  const auto store = open_good(directory.database());
  std::mt19937_64 random{3};
  std::vector<store::RecordedChange> all;
  // The clock is set back once: that is told, not put in order.
  for (const int second : {10, 30, 20, 30}) {
    OwnedBatch batch;
    batch.run = 1;
    batch.at = core::WallTime{std::chrono::seconds{second}};
    batch.changes = {random_change(random, key_of(1)), random_change(random, key_of(2))};
    batch.changes[0].baseline = false;
    batch.changes[1].baseline = true;
    commit_good(*store, batch);
    batch.run = 2;
    commit_good(*store, batch);
    all.push_back({std::ssize(all) + 1, batch.at, batch.changes[0]});
  }
  const auto since = [&](int second) {
    return store->changes(1, core::WallTime{std::chrono::seconds{second}}).value();
  };
  CHECK(store->changes(1, task::kNoTime).value() == all);
  CHECK(since(10) == all);
  CHECK(since(11) == std::vector(all.begin() + 1, all.end()));
  CHECK(since(21) == std::vector{all[1], all[3]});
  CHECK(since(31).empty());
  CHECK(store->changes(3, task::kNoTime).value().empty());
}

TEST_CASE("a change takes 65 bytes on disk without facts, and 107 with all of them") {
  for (const bool told : {false, true}) {
    const Directory directory;
    OwnedBatch batch;
    batch.run = 1;
    for (std::uint64_t n = 0; n < 20'000; ++n) {
      task::TaskChange change;
      change.key = key_of(n * 7919);
      change.from = task::Status::in_progress;
      change.to = task::Status::failed;
      if (told) {
        change.facts = {.call = n * 0x9e3779b97f4a7c15U,
                        .started = batch.at,
                        .ended = batch.at,
                        .duration = 0.3F,
                        .cost = 0.1,
                        .outcome = task::CallStatus::busy};
      }
      batch.changes.push_back(change);
    }
    auto store = open_good(directory.database());
    commit_good(*store, batch);
    store.reset();
    CHECK(std::filesystem::file_size(directory.database()) < 20'000 * (told ? 107 : 65));
  }
}

TEST_CASE("the points of a run take less than 6 kB on disk, at 128 of them and a thousand tasks moving between two") {
  const Directory directory;
  std::mt19937_64 random{5};
  task::History history;
  for (std::size_t n = 0; n < task::kMostPoints; ++n) {
    auto point = n == 0 ? task::HistoryPoint{} : history.points.back();
    point.at = core::WallTime(std::chrono::seconds(1'770'000'000 + n * 5120));
    for (auto& count : point.tasks) count += random() % 1000;
    history.points.push_back(point);
  }
  constexpr std::int64_t kRuns = 1000;
  OwnedBatch batch;
  for (std::int64_t run = 1; run <= kRuns; ++run) {
    batch.histories.emplace_back(run, std::make_shared<const task::History>(history));
  }
  auto store = open_good(directory.database());
  const auto before = store->database_size().count;
  commit_good(*store, batch);
  store.reset();
  const auto bytes = (std::filesystem::file_size(directory.database()) - before) / kRuns;
  MESSAGE("bytes a run on disk: " << bytes << ", packed: " << task::pack(history).size());
  CHECK(bytes < 6000);
}

TEST_CASE("a counter's cell that this version does not know stays for the version that does") {
  const Directory directory;
  OwnedBatch batch;
  batch.spaces = {{.number = 1, .key = {}, .slug = "", .selection = ""}};
  batch.space = 1;
  batch.increments = {{0, 1, {}}};
  auto store = open_good(directory.database());
  commit_good(*store, batch);
  store.reset();
  ask(directory.database(), "INSERT INTO counters VALUES(1, 'of_the_future', 7)");
  store = open_good(directory.database());
  const auto contents = store->load();
  REQUIRE(contents.has_value());
  CHECK(contents->counters.at(0).second[0] == 1);
  commit_good(*store, batch);
  store.reset();
  CHECK(ask(directory.database(), "SELECT value FROM counters WHERE cell = 'of_the_future'") == 7);
}

TEST_CASE("the log does not grow without bound, and a huge one gives its space back") {
  const Directory directory;
  auto store = open_good(directory.database());
  OwnedBatch batch;
  batch.spaces = {{.number = 1, .key = {}, .slug = "", .selection = std::string(40 << 20, 'x')}};
  commit_good(*store, batch);
  CHECK(store->wal_size() <= core::mib(16));
  for (int i = 0; i < 100; ++i) {
    batch.spaces[0].selection.assign(500'000, static_cast<char>('a' + i % 26));
    commit_good(*store, batch);
  }
  CHECK(store->wal_size() <= core::mib(16));
}

TEST_CASE("a million tasks pass through a few megabytes of SQLite's memory") {
  const Directory directory;
  constexpr std::size_t kRuns = 10;
  OwnedBatch batch;
  for (std::uint64_t n = 0; n < 1'000'000 / kRuns; ++n) batch.tasks.push_back({key_of(n * 7919), {}});
  auto store = open_good(directory.database());
  sqlite3_memory_highwater(1);
  for (std::size_t run = 1; run <= kRuns; ++run) {
    batch.run = static_cast<std::int64_t>(run);
    commit_good(*store, batch);
  }
  std::size_t bytes = 0;
  for (std::size_t run = 1; run <= kRuns; ++run) bytes += store->load_tasks(static_cast<std::int64_t>(run))->memory();
  CHECK(sqlite3_memory_highwater(0) < 6 << 20);
  CHECK(bytes <= 40'000'000);
}
