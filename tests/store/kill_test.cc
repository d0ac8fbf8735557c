#include "store/child.h"
#include "store/directory.h"
#include "store/model.h"
#include "support/seed.h"

using namespace store_test;

namespace {

// The n-th batch of every child of one seed.
OwnedBatch nth(std::uint64_t seed, std::uint64_t n) {
  std::mt19937_64 random{seed ^ (n * 0x9e3779b97f4a7c15U)};
  auto batch = random_batch(random);
  task::RunRecord counter;
  counter.number = 1000;
  counter.space = 1;
  counter.row.batch_count = n;
  batch.runs.push_back(counter);
  return batch;
}

std::uint64_t batches_in(store::Store& store) {
  const auto contents = store.load();
  REQUIRE(contents.has_value());
  return contents->runs.empty() ? 0 : contents->runs.back().row.batch_count;
}

int commit_forever(Child& child, const std::filesystem::path& path, std::uint64_t seed, std::uint64_t from) {
  auto store = store::Store::open(path);
  if (!store) return 1;
  for (std::uint64_t n = from;; ++n) {
    if (!(*store)->commit(nth(seed, n).view())) return 2;
    child.tell(n);
  }
}

}  // namespace

TEST_CASE("after SIGKILL at any instant all batches are there whose commit returned, and no half of one") {
  const std::uint64_t seed = runwatch::test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  const Directory directory;
  Model model;
  std::uint64_t done = 0;
  for (int round = 0; round < 10; ++round) {
    Child child{[&](Child& self) { return commit_forever(self, directory.database(), seed, done + 1); }};
    std::uint64_t told = done;
    for (auto wait = random() % 40; wait != 0 && told < done + wait;) told = child.hear().value_or(done + wait);
    for (auto spin = random() % 300'000; spin != 0; --spin) __asm__ volatile("");
    child.kill();
    while (const auto last = child.hear()) told = *last;
    CHECK_FALSE(child.wait().has_value());
    const auto store = open_good(directory.database());
    const std::uint64_t found = batches_in(*store);
    CHECK(found >= told);
    CHECK(found <= told + 1);
    while (done < found) model.apply(nth(seed, ++done));
    CHECK(same(*store, model));
  }
}

TEST_CASE("a kill while the database is made leaves none or a whole one") {
  const std::uint64_t seed = runwatch::test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  for (int round = 0; round < 10; ++round) {
    const Directory directory;
    Child child{[&](Child& self) {
      self.tell(0);
      return store::Store::open(directory.database()).has_value() ? 0 : 1;
    }};
    child.hear();
    for (auto spin = random() % 10'000'000; spin != 0; --spin) __asm__ volatile("");
    child.kill();
    child.wait();
    CHECK(same(*open_good(directory.database()), Model{}));
  }
}
