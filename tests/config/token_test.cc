#include "config/token.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

using namespace runwatch;
using config::read_token;

TEST_CASE("a token file holds one token and at most one newline") {
  const test::Directory dir;
  CHECK(read_token(dir.write("plain", "abc123"))->reveal() == "abc123");
  CHECK(read_token(dir.write("newline", "abc123\n"))->reveal() == "abc123");
  CHECK(read_token(dir.write("long", std::string(8192, 'a') + "\n"))->reveal().size() == 8192);
}

TEST_CASE("a bad token file is named with its fault and never with its content") {
  struct Case {
    const char* name;
    std::string content;
    const char* fault;
  };
  const Case cases[] = {
      {"empty", "", "is empty"},
      {"only-newline", "\n", "is empty"},
      {"crlf", "SECRET\r\n", "has Windows line ends (CRLF): save it with a plain newline"},
      {"bom", "\xEF\xBB\xBFSECRET\n", "starts with a byte order mark: save it without one"},
      {"space", "SEC RET\n", "holds a space, control or non-ASCII character, which no token has"},
      {"leading", " SECRET", "holds a space, control or non-ASCII character, which no token has"},
      {"tab", "SECRET\t", "holds a space, control or non-ASCII character, which no token has"},
      {"nul", std::string("SEC\0RET", 7), "holds a space, control or non-ASCII character, which no token has"},
      {"utf8", "SÉCRET", "holds a space, control or non-ASCII character, which no token has"},
      {"two-lines", "SECRET\nSECRET\n", "has more than one line: it must hold the token alone"},
      {"two-newlines", "SECRET\n\n", "has more than one line: it must hold the token alone"},
      {"large", std::string(8193, 'S'), "is longer than 8KiB"},
      {"huge", std::string(100'000, 'S'), "is larger than 8KiB"},
  };
  const test::Directory dir;
  for (const auto& c : cases) {
    const auto path = dir.write(c.name, c.content);
    const auto token = read_token(path);
    REQUIRE_FALSE(token.has_value());
    CHECK(token.error() ==
          core::Error{core::ErrorKind::invalid, fmt::format("token file {} {}", path.string(), c.fault)});
  }
}

TEST_CASE("what is no regular file is refused without being opened") {
  const test::Directory dir;
  const auto text = [&](const std::filesystem::path& path) { return read_token(path).error().text; };
  CHECK(text(dir.path()) == fmt::format("token file {} is a directory, not a file", dir.path().string()));
  const auto fifo = dir.path() / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(text(fifo) == fmt::format("token file {} is a FIFO, not a regular file", fifo.string()));
  CHECK(text("/dev/zero") == "token file /dev/zero is not a regular file");
  CHECK(text("/nowhere/token") == "token file /nowhere/token cannot be read: No such file or directory");
}

TEST_CASE("a token file that may not be read says who must be able to") {
  if (::geteuid() == 0) return;  // root may
  const test::Directory dir;
  const auto path = dir.write("token", "abc");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  CHECK(read_token(path).error().text ==
        fmt::format("token file {} cannot be opened: Permission denied: let runwatch's group read it, as mode 640 does",
                    path.string()));
}

TEST_CASE("a file that others may read is told from one that they may not") {
  const test::Directory dir;
  const auto path = dir.write("token", "abc");
  CHECK_FALSE(config::readable_by_others(path));
  std::filesystem::permissions(path, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  CHECK(config::readable_by_others(path));
  CHECK_FALSE(config::readable_by_others("/nowhere/token"));
}
