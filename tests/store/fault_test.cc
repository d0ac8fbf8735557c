#include <sys/resource.h>
#include <sys/stat.h>

#include "store/child.h"
#include "store/directory.h"
#include "store/fault_vfs.h"
#include "store/model.h"
#include "support/seed.h"

using namespace store_test;

namespace {

// About 300 pages, so that a checkpoint comes with every fourth: SQLite does not write pages that stay the same.
OwnedBatch numbered(std::uint64_t n) {
  OwnedBatch batch;
  batch.spaces = {{.number = 1,
                   .key = {},
                   .slug = std::to_string(n),
                   .selection = std::string(1'200'000, static_cast<char>('a' + n % 26))}};
  batch.space = 1;
  batch.increments = {{0, 0.1, {}}, {1, 1, {}}};
  batch.run = 1;
  task::RunRecord run;
  run.number = 1;
  run.space = 1;
  run.row.batch_count = n;
  batch.runs = {run};
  // An incident that takes the place of the one before, and a notice that is sent before the next.
  const auto number = static_cast<std::int64_t>(n);
  rule::Incident incident;
  incident.number = number;
  batch.alerts.decision.incidents = {incident};
  if (number > 1) batch.alerts.decision.closed = {number - 1};
  for (std::uint64_t i = 0; i < 20; ++i)
    batch.alerts.decision.members.push_back({.incident = number, .task = key_of(i)});
  store::OutboxRow row;
  row.receiver = "ops";
  row.incident = number;
  row.body = std::string(5000, 'b');
  row.personal = n % 2 == 0;
  batch.alerts.outbox = {row};
  row.seq = number;
  row.state = State::delivered;
  batch.alerts.outbox.push_back(row);
  batch.alerts.attempts = {{number, {}, 200, "", {}}};
  for (std::uint64_t i = 0; i < 20; ++i) batch.tasks.push_back({key_of(n * 10 + i), {.call = n, .last_finished = {}}});
  return batch;
}

struct Disk {
  const char* name;
  Fault fault;
  int code;
  bool lasting;
};

constexpr Disk kDisks[] = {
    {"a write fails", Fault::write, SQLITE_IOERR_WRITE, false},
    {"writes fail", Fault::write, SQLITE_IOERR_WRITE, true},
    {"the disk is full once", Fault::write, SQLITE_FULL, false},
    {"the disk is full", Fault::write, SQLITE_FULL, true},
    {"a sync fails", Fault::sync, SQLITE_IOERR_FSYNC, false},
    {"syncs fail", Fault::sync, SQLITE_IOERR_FSYNC, true},
    {"a checkpoint fails", Fault::checkpoint, SQLITE_IOERR_FSYNC, false},
    {"checkpoints fail", Fault::checkpoint, SQLITE_IOERR_FSYNC, true},
    {"a truncation fails", Fault::truncate, SQLITE_IOERR_TRUNCATE, false},
    {"truncations fail", Fault::truncate, SQLITE_IOERR_TRUNCATE, true},
    {"everything fails", Fault::any, SQLITE_IOERR, true},
};

// Commits until the fault has been there and gone; returns how many commits failed.
int weather(FaultVfs& vfs, store::Store& store, Model& model, const Disk& disk, int after) {
  int failures = 0;
  std::uint64_t n = 0;
  const auto once = [&] {
    const auto batch = numbered(++n);
    Model with = model;
    with.apply(batch);
    const auto done = store.commit(batch.view());
    if (done) {
      model = with;
      return true;
    }
    ++failures;
    CHECK_FALSE(done.error().text.empty());
    if (!done.error().reload) return false;
    // What an earlier batch left in doubt is told now: it is there, all of it.
    vfs.mend();
    const auto contents = store.load();
    REQUIRE(contents.has_value());
    model.apply(numbered(contents->runs.at(0).row.batch_count));
    CHECK(same(store, model));
    return false;
  };
  for (int i = 0; i < 3; ++i) once();
  vfs.plan(disk.fault, after, disk.code, disk.lasting);
  for (int i = 0; i < 9; ++i) {
    const bool good = once();
    if (!good && disk.lasting && failures >= 2) break;
  }
  vfs.mend();
  once();
  CHECK(once());
  CHECK(once());
  return failures;
}

}  // namespace

TEST_CASE("each commit on a failing disk is durable or wholly absent, and later ones work") {
  const std::uint64_t seed = runwatch::test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  for (const Disk& disk : kDisks) {
    INFO(std::string{disk.name});
    const int operations = disk.fault == Fault::write ? 3000 : disk.fault == Fault::any ? 4000 : 15;
    for (int round = 0; round < 5; ++round) {
      const int after = round == 0 ? 0 : static_cast<int>(random() % static_cast<std::uint64_t>(operations));
      INFO("operation " << after);
      FaultVfs vfs;
      const Directory directory;
      Model model;
      auto store = open_good(directory.database());
      weather(vfs, *store, model, disk, after);
      CHECK(same(*store, model));
      store.reset();
      CHECK(same(*open_good(directory.database()), model));
    }
  }
}

TEST_CASE("a COMMIT whose sync fails is looked up again and told as what it is") {
  FaultVfs vfs;
  const Directory directory;
  auto store = open_good(directory.database());
  commit_good(*store, numbered(1));
  vfs.plan(Fault::sync, 0, SQLITE_IOERR_FSYNC, false);
  const auto done = store->commit(numbered(2).view());
  CHECK(vfs.struck());
  if (!done) CHECK(done.error().kind == store::FailureKind::io);
  Model model;
  model.apply(numbered(1));
  if (done) model.apply(numbered(2));
  CHECK(same(*store, model));
}

TEST_CASE("a batch in doubt that turns out durable makes commits fail until the store is loaded again") {
  FaultVfs vfs;
  const Directory directory;
  auto store = open_good(directory.database());
  OwnedBatch small = numbered(1);
  small.spaces[0].selection.clear();
  commit_good(*store, small);
  // From the sync of the COMMIT on nothing works any more: not even to look.
  vfs.plan(Fault::sync, 0, SQLITE_IOERR_FSYNC, true);
  const auto doubtful = store->commit(small.view());
  REQUIRE_FALSE(doubtful.has_value());
  vfs.mend();
  Model once;
  once.apply(small);
  Model twice = once;
  twice.apply(small);
  for (int i = 0; i < 2; ++i) {
    const auto next = store->commit(small.view());
    REQUIRE_FALSE(next.has_value());
    CHECK(next.error().reload);
  }
  CHECK(same(*store, twice));
  commit_good(*store, small);
  twice.apply(small);
  CHECK(same(*store, twice));
}

TEST_CASE("a disk that is full says so, and commits go on when there is space again") {
  FaultVfs vfs;
  const Directory directory;
  auto store = open_good(directory.database());
  commit_good(*store, numbered(1));
  vfs.plan(Fault::write, 5, SQLITE_FULL, true);
  for (int i = 0; i < 3; ++i) {
    const auto done = store->commit(numbered(2).view());
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().kind == store::FailureKind::full);
    CHECK(done.error().text.find("free space") != std::string::npos);
  }
  vfs.mend();
  commit_good(*store, numbered(2));
}

TEST_CASE("the system's own word for a file that may not grow is told as full") {
  const Directory directory;
  Child child{[&](Child& self) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto store = store::Store::open(directory.database());
    if (!store || !(*store)->commit(numbered(1).view())) return 1;
    const rlimit limit{1 << 20, 1 << 20};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    const auto done = (*store)->commit(numbered(2).view());
    self.tell(done ? 99 : static_cast<std::uint64_t>(done.error().kind));
    return 0;
  }};
  CHECK(child.hear().value_or(99) == static_cast<std::uint64_t>(store::FailureKind::full));
  CHECK(child.wait() == 0);
  Model model;
  model.apply(numbered(1));
  CHECK(same(*open_good(directory.database()), model));
}

TEST_CASE("a log that has filled the disk is moved into the database, and commits go on") {
  const Directory directory;
  Child child{[&](Child& self) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto store = store::Store::open(directory.database());
    OwnedBatch small = numbered(1);
    small.spaces[0].selection.clear();
    small.alerts = {};
    if (!store || !(*store)->commit(small.view())) return 1;
    const rlimit limit{400'000, 400'000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    std::uint64_t failed = 0;
    std::uint64_t in_a_row = 0;
    for (int i = 0; i < 300; ++i) {
      small.spaces[0].slug = std::to_string(i);
      const bool good = (*store)->commit(small.view()).has_value();
      in_a_row = good ? 0 : in_a_row + 1;
      if (!good) ++failed;
      if (in_a_row > 1) return 3;
    }
    self.tell(failed);
    return 0;
  }};
  CHECK(child.hear().value_or(0) > 1);
  CHECK(child.wait() == 0);
}

TEST_CASE("a checkpoint that fails costs no commit, until the log is long") {
  FaultVfs vfs;
  const Directory directory;
  auto store = open_good(directory.database());
  Model model;
  int failed = 0;
  for (std::uint64_t n = 1; n <= 80; ++n) {
    vfs.plan(Fault::checkpoint, 0, SQLITE_IOERR_FSYNC, true);
    const auto done = store->commit(numbered(n).view());
    if (done) model.apply(numbered(n));
    failed += done ? 0 : 1;
  }
  CHECK(failed > 0);
  CHECK(failed < 40);
  CHECK(store->wal_size() < core::mib(80));
  vfs.mend();
  commit_good(*store, numbered(81));
  model.apply(numbered(81));
  CHECK(store->wal_size() < core::mib(20));
  CHECK(same(*store, model));
}

TEST_CASE("a database that cannot be made says why, and can be made later") {
  for (const Fault fault : {Fault::write, Fault::sync, Fault::open}) {
    for (int after = 0; after < 4; ++after) {
      FaultVfs vfs;
      const Directory directory;
      vfs.plan(fault, after, fault == Fault::write ? SQLITE_FULL : SQLITE_IOERR_FSYNC, true);
      const auto store = store::Store::open(directory.database());
      if (vfs.struck() && !store) {
        CHECK(store.error().kind == core::ErrorKind::unavailable);
        CHECK_FALSE(store.error().text.empty());
      }
      vfs.mend();
      if (!store) CHECK(same(*open_good(directory.database()), Model{}));
    }
  }
}

TEST_CASE("a database or log for which no descriptor is free says so, and opens when one is") {
  const Directory directory;
  open_good(directory.database()).reset();
  Child child{[&](Child& self) {
    // 0: no database; 1: a database, and no log.
    for (const int room : {0, 1}) {
      const int next = ::dup(0);
      ::close(next);
      rlimit limit{};
      ::getrlimit(RLIMIT_NOFILE, &limit);
      const rlimit tight{static_cast<rlim_t>(next + room), limit.rlim_max};
      ::setrlimit(RLIMIT_NOFILE, &tight);
      for (const auto& path : {directory.database(), directory.path() / "new.db"}) {
        const auto store = store::Store::open(path);
        self.tell(!store && store.error().kind == core::ErrorKind::unavailable &&
                  store.error().text.find("Too many open files") != std::string::npos &&
                  store.error().text.find("LimitNOFILE") != std::string::npos);
      }
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    return store::Store::open(directory.database()).has_value() ? 0 : 1;
  }};
  for (int i = 0; i < 4; ++i) CHECK(child.hear() == 1U);
  CHECK(child.wait() == 0);
}

TEST_CASE("a database that may not be written is refused") {
  const Directory directory;
  open_good(directory.database()).reset();
  ::chmod(directory.database().c_str(), 0444);
  ::chmod(directory.path().c_str(), 0555);
  Child child{[&](Child& self) {
    if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 1;
    const auto store = store::Store::open(directory.database());
    self.tell(store ? 99 : static_cast<std::uint64_t>(store.error().kind));
    const auto fresh = store::Store::open(directory.path() / "new.db");
    self.tell(fresh ? 99 : static_cast<std::uint64_t>(fresh.error().kind));
    return 0;
  }};
  CHECK(child.hear() == static_cast<std::uint64_t>(core::ErrorKind::unavailable));
  CHECK(child.hear() == static_cast<std::uint64_t>(core::ErrorKind::unavailable));
  CHECK(child.wait() == 0);
  ::chmod(directory.path().c_str(), 0755);
}
