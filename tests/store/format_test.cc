// Databases of older formats, made by the steps that led to them.
#include <fmt/format.h>

#include <algorithm>

#include "store/directory.h"
#include "store/model.h"
#include "store/schema.h"

using namespace store_test;

namespace {

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const unsigned byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

void make_format(std::size_t format, const std::filesystem::path& path, const std::string& rows) {
  write_bytes(path, "");
  const auto connection = store::Connection::open(path);
  REQUIRE(connection.has_value());
  REQUIRE(store::migrate(*connection, store::schema_steps().first(format)).has_value());
  REQUIRE(connection->exec(rows) == SQLITE_OK);
}

void make_format_1(const std::filesystem::path& path, const std::string& rows) { make_format(1, path, rows); }

// What format 1 kept of a key: 16 bytes.
std::string former(const core::SpaceKeys& keys) { return hex(keys.former).substr(0, 32); }

}  // namespace

TEST_CASE("a database of format 1 keeps its spaces, runs, tasks and counters, and goes on counting commits") {
  const Directory directory;
  const core::SpaceKeys keys(core::Secret("token"));
  const std::string cell{task::cell_key(3)};
  make_format_1(directory.database(),
                "UPDATE meta SET commits = 41;"
                "INSERT INTO spaces VALUES(7, x'" +
                    former(keys) +
                    "', 'sales', 1000, 'all');"
                    "INSERT INTO runs VALUES(9, 7, 'R1', 7, 1, 1, 500, 1000, NULL, 1, 0, 1, 1, 1, 1, 2000, 3000, 4000,"
                    " 1, 0, 0, 0, 0, 5, 0, 2, 0);"
                    "INSERT INTO tasks VALUES(9, x'" +
                    hex(key_of(1).bytes) +
                    "', zeroblob(19));"
                    "INSERT INTO counters VALUES(7, '" +
                    cell + "', 2.5)");
  Model model;
  auto& space = model.spaces[7];
  space = {.number = 7, .key = keys.former, .slug = "sales", .first_discovery = {}, .selection = "all"};
  space.first_discovery += std::chrono::seconds{1};
  auto& run = model.runs[9];
  run.number = 9;
  run.space = 7;
  run.row = {.run_id = "R1", .status = task::Status::failed, .status_given = true, .mode = task::RunMode::prod};
  run.row.batch_count = 500;
  run.row.created = core::WallTime{} + std::chrono::seconds{1};
  run.listed = run.polled = run.retired = true;
  run.execution = task::ExecutionType::call;
  run.mode = task::RunMode::prod;
  run.last_change = core::WallTime{} + std::chrono::seconds{2};
  run.finished = core::WallTime{} + std::chrono::seconds{3};
  run.retired_at = core::WallTime{} + std::chrono::seconds{4};
  run.tasks[task::index(task::Status::pending)] = 1;
  run.tasks[task::index(task::Status::completed)] = 5;
  run.tasks[task::index(task::Status::failed)] = 2;
  model.counters[7].restore(3, 2.5);
  for (int opening = 0; opening < 2; ++opening) {
    const auto store = open_good(directory.database());
    CHECK(same(*store, model));
    CHECK(store->load_tasks(9)->size() == 1);
    std::mt19937_64 random{7};
    const auto batch = random_batch(random);
    commit_good(*store, batch);
    model.apply(batch);
    CHECK(same(*store, model));
  }
}

TEST_CASE("changes that format 1 wrote are read as far as it kept them, and new ones follow") {
  const Directory directory;
  const std::string id = hex(key_of(5).bytes);
  make_format_1(directory.database(), "INSERT INTO changes VALUES(1, 1, 1000, x'" + id +
                                          "', 0, NULL, 7, 0, 0, 2);"
                                          "INSERT INTO changes VALUES(1, 2, 2000, x'" +
                                          id +
                                          "', 1, 7, 7, 1, 0, 7);"
                                          "INSERT INTO changes VALUES(1, 3, 3000, x'" +
                                          id + "', 0, 7, 5, 0, 1, 7)");
  const auto store = open_good(directory.database());
  OwnedBatch batch;
  batch.run = 1;
  std::mt19937_64 random{1};
  batch.changes = {random_change(random, key_of(6))};
  batch.changes[0].baseline = false;
  commit_good(*store, batch);
  const auto history = store->changes(1, task::kNoTime);
  REQUIRE(history.has_value());
  REQUIRE(history->size() == 4);
  std::vector<task::TaskChange> old(3);
  for (auto& change : old) change.key = key_of(5);
  old[0].to = task::Status::failed;
  old[0].facts.reason = static_cast<decltype(old[0].facts.reason)>(2);
  old[1].kind = task::ChangeKind::inferred;
  old[1].from = old[1].to = task::Status::failed;
  old[1].returned = task::Status::unknown;
  old[2].from = task::Status::failed;
  old[2].to = task::Status::completed;
  old[2].recovered = true;
  for (std::size_t i = 0; i < old.size(); ++i) {
    const core::WallTime at{std::chrono::seconds{i + 1}};
    CHECK((*history)[i] == store::RecordedChange{static_cast<std::int64_t>(i + 1), at, old[i]});
  }
  CHECK((*history)[3] == store::RecordedChange{4, batch.at, batch.changes[0]});
}

TEST_CASE("a database of format 2 keeps what it has, knows of no alerts, and takes them from then on") {
  const Directory directory;
  const std::string id = hex(key_of(5).bytes);
  make_format(2, directory.database(),
              "UPDATE meta SET commits = 3, at = 5000;"
              "INSERT INTO runs VALUES(9, 7, 'R1', 7, 1, 1, 500, NULL, NULL, 1, 0, 1, 0, 1, 1, 2000, NULL, NULL,"
              " 0, 0, 0, 0, 0, 0, 0, 2, 0, 3000, 4);"
              "INSERT INTO odd_ids VALUES(9, x'" +
                  id +
                  "', 'odd');"
                  "INSERT INTO changes VALUES(9, 1, 1000, x'" +
                  id + "', 0, NULL, 7, 1, 0, 2, NULL, 77, 2000, 3000, 1.5, 0.25, 3)");
  Model model;
  model.newest_commit += std::chrono::seconds{5};
  auto& run = model.runs[9];
  run.number = 9;
  run.space = 7;
  run.row = {.run_id = "R1", .status = task::Status::failed, .status_given = true, .mode = task::RunMode::prod};
  run.row.batch_count = 500;
  run.listed = run.polled = true;
  run.execution = task::ExecutionType::call;
  run.mode = task::RunMode::prod;
  run.last_change = core::WallTime{} + std::chrono::seconds{2};
  run.taken_up = core::WallTime{} + std::chrono::seconds{3};
  run.gone = 4;
  run.tasks[task::index(task::Status::failed)] = 2;
  task::TaskChange change;
  change.key = key_of(5);
  change.to = task::Status::failed;
  change.new_attempt = true;
  change.facts = {.call = 77,
                  .started = core::WallTime{} + std::chrono::seconds{2},
                  .ended = core::WallTime{} + std::chrono::seconds{3},
                  .duration = 1.5F,
                  .cost = 0.25,
                  .outcome = static_cast<task::CallStatus>(3),
                  .reason = static_cast<task::FailureReason>(2)};
  std::mt19937_64 random{7};
  for (int opening = 0; opening < 2; ++opening) {
    const auto store = open_good(directory.database());
    CHECK(same(*store, model));
    CHECK(store->changes(9, task::kNoTime) ==
          std::vector{store::RecordedChange{1, core::WallTime{} + std::chrono::seconds{1}, change}});
    CHECK(store->next_seq(9) == 2);
    CHECK(store->odd_id(key_of(5)) == "odd");
    CHECK(store->odd_id(key_of(6)) == "");
    const auto batch = random_batch(random);
    commit_good(*store, batch);
    model.apply(batch);
    CHECK(same(*store, model));
  }
}

TEST_CASE("a key of format 1 that was written over is nowhere in the file any more") {
  const Directory directory;
  constexpr int kSpaces = 12;
  std::vector<core::SpaceKeys> keys;
  std::string rows;
  for (int i = 1; i <= kSpaces; ++i) {
    keys.emplace_back(core::Secret("token " + std::to_string(i)));
    rows += fmt::format("INSERT INTO spaces VALUES({}, x'{}', 'slug', NULL, 'all');", i, former(keys.back()));
  }
  make_format_1(directory.database(), rows);
  const auto left = [&] {
    const std::string bytes = bytes_of(directory.database());
    return std::ranges::count_if(
        keys, [&](const auto& k) { return bytes.contains(std::string(k.former.begin(), k.former.begin() + 16)); });
  };
  CHECK(left() == kSpaces);
  {
    const auto store = open_good(directory.database());
    const auto contents = store->load().value();
    for (auto space : contents.spaces) {
      const auto& own = keys.at(static_cast<std::size_t>(space.number - 1));
      CHECK(space.key == own.former);
      space.key = own.current;
      OwnedBatch batch;
      batch.spaces = {space};
      commit_good(*store, batch);
    }
  }
  CHECK(left() == 0);
  CHECK_FALSE(std::filesystem::exists(directory.log()));
  CHECK(open_good(directory.database())->load()->spaces.at(kSpaces - 1).key == keys.back().current);
}
