#include <unistd.h>

#include "store/child.h"
#include "store/directory.h"
#include "store/model.h"

using namespace store_test;

namespace {

core::ErrorKind kind_at(const std::filesystem::path& path) { return store::examine(path).error().kind; }

}  // namespace

TEST_CASE("a look at a database finds what opening it would, and makes nothing") {
  const Directory directory;
  const auto path = directory.database();
  CHECK(store::examine(path).has_value());
  CHECK(std::filesystem::is_empty(directory.path()));
  open_good(path).reset();
  CHECK(store::examine(path).has_value());
  const std::string good = bytes_of(path);
  struct Case {
    const char* name;
    std::string content;
    const char* text;
  };
  const Case cases[] = {
      {"nothing", "", "is empty"},
      {"half a header", good.substr(0, 50), "another program"},
      {"words", std::string(9000, 'a'), "another program"},
      {"another id", std::string(good).replace(68, 4, "abcd"), "another program"},
      {"never finished", std::string(good).replace(60, 4, 4, '\0'), "another program"},
      {"of a newer version", std::string(good).replace(63, 1, 1, '\x63'), "newer runwatch (format 99"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    write_bytes(path, c.content);
    const auto seen = store::examine(path);
    REQUIRE_FALSE(seen.has_value());
    CHECK(seen.error().kind == core::ErrorKind::corrupt);
    CHECK(seen.error().text.find(c.text) != std::string::npos);
    CHECK(store::Store::open(path).error().kind == core::ErrorKind::corrupt);
    CHECK(bytes_of(path) == c.content);
  }
}

TEST_CASE("a look finds what keeps a database from being made or written") {
  const Directory directory;
  const auto path = directory.database();
  CHECK(kind_at(directory.path() / "missing" / "state.db") == core::ErrorKind::unavailable);
  CHECK(kind_at(directory.path()) == core::ErrorKind::invalid);
  write_bytes(path.string() + "-wal", "what was written last");
  CHECK(kind_at(path) == core::ErrorKind::corrupt);
  std::filesystem::remove(path.string() + "-wal");
  if (::geteuid() == 0) return;  // root may write anywhere
  open_good(path).reset();
  for (const auto& unwritable : {path, directory.path()}) {
    std::filesystem::permissions(unwritable, std::filesystem::perms(0500));
    CHECK(kind_at(path) == core::ErrorKind::unavailable);
    std::filesystem::permissions(unwritable, std::filesystem::perms(0700));
  }
}

TEST_CASE("a look names the process that has the database open, and costs it nothing") {
  const Directory directory;
  Child first{[&](Child& self) {
    auto store = store::Store::open(directory.database());
    if (!store) return 1;
    self.tell(static_cast<std::uint64_t>(::getpid()));
    self.hear();
    return 0;
  }};
  const auto process = first.hear();
  REQUIRE(process);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto seen = store::examine(directory.database());
    REQUIRE_FALSE(seen.has_value());
    CHECK(seen.error().kind == core::ErrorKind::busy);
    CHECK(seen.error().text.find("process " + std::to_string(*process) + " ") != std::string::npos);
  }
  CHECK(store::Store::open(directory.database()).error().kind == core::ErrorKind::busy);
  first.kill();
  first.wait();
  CHECK(store::examine(directory.database()).has_value());
}
