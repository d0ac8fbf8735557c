#include <numeric>

#include "core/ascii.h"
#include "store/child.h"
#include "store/directory.h"
#include "store/fault_vfs.h"
#include "store/model.h"
#include "support/seed.h"

using namespace store_test;

namespace {

constexpr core::WallTime at(int seconds) { return core::WallTime{std::chrono::seconds{seconds}}; }

store::OutboxRow row_of(std::int64_t incident, std::string body = "{}") {
  store::OutboxRow row;
  row.receiver = "ops";
  row.id = "id";
  row.incident = incident;
  row.created = row.due = at(1);
  row.body = std::move(body);
  return row;
}

void put(store::Store& store, std::vector<store::OutboxRow> rows) {
  OwnedBatch batch;
  batch.alerts.outbox = std::move(rows);
  commit_good(store, batch);
}

std::int64_t next(store::Store& store, int lived) {
  const auto row = store.next("ops", at(lived)).value();
  return row ? row->seq : 0;
}

// A name that is nowhere else in a file.
constexpr std::string_view kPlanted = "<Anna Planted ";
std::string planted(int n) { return std::string(kPlanted) + std::to_string(n) + ">"; }

// Whose names are there, in one pass.
std::set<int> found_in(const std::string& bytes) {
  std::set<int> found;
  for (auto at = bytes.find(kPlanted); at != std::string::npos; at = bytes.find(kPlanted, at + 1)) {
    const auto from = at + kPlanted.size();
    const auto size = std::min(bytes.find('>', from), from + 9) - from;
    if (const auto n = core::parse_number<int>(std::string_view(bytes).substr(from, size))) found.insert(*n);
  }
  return found;
}

bool holds(const Directory& directory, const std::string& text) {
  return bytes_of(directory.database()).contains(text) || bytes_of(directory.log()).contains(text);
}

}  // namespace

TEST_CASE("a receiver is sent the oldest first, an incident's in order, and what was tried when it is due again") {
  const Directory directory;
  const auto store = open_good(directory.database());
  put(*store, {row_of(1), row_of(1), row_of(0), row_of(2)});
  CHECK(next(*store, 0) == 0);
  CHECK(store->next_due("ops") == at(1));
  CHECK(next(*store, 1) == 1);
  auto tried = store->row(1).value().value();
  tried.tries = 1;
  tried.due = at(10);
  put(*store, {tried});
  CHECK(next(*store, 9) == 3);
  CHECK(next(*store, 10) == 1);
  tried.state = State::dead;
  put(*store, {tried});
  CHECK(next(*store, 10) == 2);
  CHECK(store->next("mail", at(10)).value() == std::nullopt);
  tried.state = State::pending;
  put(*store, {tried});
  CHECK(next(*store, 10) == 1);
}

TEST_CASE("numbers of rows are never given again, also when the newest are gone") {
  const Directory directory;
  auto store = open_good(directory.database());
  auto row = row_of(0);
  row.state = State::dropped;
  put(*store, {row, row});
  OwnedBatch old;
  old.alerts.outbox_before = at(2);
  commit_good(*store, old);
  CHECK(store->rows({})->empty());
  store.reset();
  store = open_good(directory.database());
  put(*store, {row_of(0)});
  CHECK(next(*store, 1) == 3);
}

TEST_CASE("what is asked at each delivery reads a handful of pages, however many rows wait") {
  FaultVfs vfs;
  const Directory directory;
  auto store = open_good(directory.database());
  // Every third was tried and is due later, every third waits behind another of its incident.
  for (int part = 0; part < 20; ++part) {
    std::vector<store::OutboxRow> rows;
    for (int i = 0; i < 1000; ++i) {
      rows.push_back(row_of(i % 3 == 0 ? 0 : 1 + part * 1000 + i / 3, std::string(1500, 'b')));
      rows.back().id = std::to_string(part * 1000 + i);
      rows.back().tries = i % 3 == 0 ? 1 : 0;
      if (i % 3 == 0) rows.back().due = at(1000 + i);
      if (i % 7 == 0) rows.back().state = State::delivered;
    }
    put(*store, std::move(rows));
  }
  REQUIRE(store->scrub().has_value());
  const auto reads = [&](auto ask) {
    const auto before = vfs.reads();
    ask();
    return vfs.reads() - before;
  };
  CHECK(reads([&] { CHECK(next(*store, 5) == 2); }) < 30);
  CHECK(reads([&] { CHECK(next(*store, 1003) != 0); }) < 30);
  CHECK(reads([&] { CHECK(store->queue("ops")->pending > 16'000); }) < 30);
  CHECK(reads([&] { CHECK(store->waiting("ops", 19'001)->size() == 2); }) < 30);
  CHECK(reads([&] { CHECK(store->rows({.id = "9999"})->size() == 1); }) < 30);
  CHECK(reads([&] { CHECK(store->rows({.incident = 19'001})->size() == 2); }) < 30);
  CHECK(reads([&] { CHECK(store->rows({.receiver = "ops", .state = State::dead})->empty()); }) < 30);
  OwnedBatch old;
  old.alerts.outbox_before = at(1);
  CHECK(reads([&] { commit_good(*store, old); }) < 30);
}

TEST_CASE("what a notice included is nowhere in the database nor in its log once it was delivered or dropped") {
  const std::uint64_t seed = runwatch::test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  const Directory directory;
  const auto store = open_good(directory.database());
  constexpr int kRows = 600;
  std::vector<int> order(kRows);
  std::iota(order.begin(), order.end(), 1);
  std::ranges::shuffle(order, random);  // pages are split where they stand, which leaves copies of cells
  for (const int n : order) {
    std::string body;
    for (auto times = 30 + random() % (n % 20 == 0 ? 500 : 80); times != 0; --times) body += planted(n);
    auto row = row_of(0, body);
    row.seq = n;
    row.personal = true;
    put(*store, {row});
    if (random() % 20 == 0) REQUIRE(store->scrub().has_value());
  }
  // Tried again, with other numbers, in any order.
  std::set<std::int64_t> left;
  for (int i = 0; i < 3 * kRows; ++i) {
    auto row = store->row(static_cast<std::int64_t>(1 + random() % kRows)).value().value();
    if (row.state != State::pending) continue;
    row.tries += static_cast<std::uint32_t>(random());
    row.state =
        std::array{State::pending, State::pending, State::delivered, State::dropped, State::dead}.at(random() % 5);
    row.state = row.state == State::dead && i % 2 == 0 ? State::dropped : row.state;
    put(*store, {row});
    if (random() % 40 == 0) REQUIRE(store->scrub().has_value());
  }
  REQUIRE(store->scrub().has_value());
  CHECK(store->wal_size().count == 0);
  const auto found = found_in(bytes_of(directory.database()) + bytes_of(directory.log()));
  int erased = 0;
  for (int n = 1; n <= kRows; ++n) {
    const bool ended = holds_nothing(store->row(n).value()->state);
    INFO("row " << n);
    CHECK(found.contains(n) != ended);
    erased += ended ? 1 : 0;
  }
  CHECK(erased > 100);
  CHECK(erased < kRows);
}

TEST_CASE("what was delivered just before a kill is gone when the store is opened again") {
  const Directory directory;
  Child child{[&](Child& self) {
    const auto store = store::Store::open(directory.database());
    auto row = row_of(0, planted(1));
    row.personal = true;
    OwnedBatch batch;
    batch.alerts.outbox = {row};
    if (!store || !(*store)->commit(batch.view())) return 1;
    row.seq = 1;
    row.state = State::delivered;
    batch.alerts.outbox = {row};
    if (!(*store)->commit(batch.view())) return 1;
    self.tell(1);
    return self.hear() ? 0 : 2;
  }};
  REQUIRE(child.hear() == 1U);
  child.kill();
  child.wait();
  REQUIRE(holds(directory, planted(1)));
  const auto store = open_good(directory.database());
  CHECK_FALSE(holds(directory, planted(1)));
  CHECK(store->row(1).value()->state == State::delivered);
}
