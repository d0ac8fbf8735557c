#include "core/log_sink.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/log.h"

using namespace runwatch::core;
using log::Sink;

namespace {

constexpr int kInfo = 6;
constexpr int kPatience = 100;  // ms: a terminal hands on what it was given a moment later

// All that is there.
std::string read_all(int fd, int patience = 0) {
  std::string out;
  for (pollfd polled{.fd = fd, .events = POLLIN, .revents = 0}; ::poll(&polled, 1, patience) > 0;) {
    char bytes[4096];
    const auto got = ::read(fd, bytes, sizeof bytes);
    if (got <= 0) break;
    out.append(bytes, static_cast<std::size_t>(got));
  }
  return out;
}

// A reader and a writer that are connected: a pipe, or a pair of sockets as journald has one.
struct Ends {
  Ends() { REQUIRE(::pipe2(fds, O_CLOEXEC) == 0); }
  explicit Ends(int family) { REQUIRE(::socketpair(family, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0); }
  ~Ends() {
    for (const int fd : fds) close(fd);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;

  int reader() const { return fds[0]; }
  int writer() const { return fds[1]; }

  std::string read_all() const { return ::read_all(reader()); }

  int fds[2]{};
};

// Until a line is dropped; how many were written.
int fill(Sink& sink, std::string_view line) {
  for (int lines = 0; lines < 100'000; ++lines)
    if (!sink.write(kInfo, line)) return lines;
  FAIL("never full");
  return 0;
}

void check_whole_lines(const std::string& text, int lines, std::string_view line) {
  std::string expected;
  for (int i = 0; i < lines; ++i) expected += std::string(line) + '\n';
  CHECK(text == expected);
}

}  // namespace

TEST_CASE("a line that finds no room is dropped whole, and what finds room again is a line of its own") {
  const std::string line(300, 'x');
  const auto check = [&](const Ends& ends) {
    Sink sink(ends.writer());
    const int lines = fill(sink, line);
    CHECK(lines > 10);
    CHECK_FALSE(sink.write(kInfo, line));
    check_whole_lines(ends.read_all(), lines, line);
    CHECK(sink.write(kInfo, "room again"));
    CHECK(ends.read_all() == "room again\n");
  };
  SUBCASE("in a pipe") { check(Ends()); }
  SUBCASE("in a pipe that may not be opened anew") {
    const Ends ends;
    REQUIRE(::fchmod(ends.writer(), 0) == 0);
    const bool root = ::geteuid() == 0;
    if (root) REQUIRE(::seteuid(65534) == 0);
    check(ends);
    if (root) REQUIRE(::seteuid(0) == 0);
  }
  SUBCASE("in a socket") { check(Ends(AF_UNIX)); }
}

TEST_CASE("a descriptor that is shared with others stays blocking for them") {
  const Ends ends;
  Sink sink(ends.writer());
  fill(sink, "x");
  CHECK((::fcntl(ends.writer(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a terminal that takes half a line is not waited for, and the next line does not stick to it") {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(master >= 0);
  REQUIRE(::grantpt(master) == 0);
  REQUIRE(::unlockpt(master) == 0);
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(terminal >= 0);
  Sink sink(terminal);
  const std::string line(1000, 'x');
  const int lines = fill(sink, line);
  std::string seen = read_all(master, kPatience);
  CHECK(sink.write(kInfo, "room again"));
  seen += read_all(master, kPatience);
  CHECK(seen.ends_with("\nroom again\r\n"));
  int whole = 0;
  for (auto at = seen.find(line + "\r\n"); at != seen.npos; at = seen.find(line + "\r\n", at + 1)) ++whole;
  CHECK(whole == lines);
  close(terminal);
  close(master);
}

TEST_CASE("half a line on a full disk is no line, and the next one does not stick to it") {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  Sink sink(::fileno(file));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit little{.rlim_cur = 100, .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &little) == 0);
  const bool first = sink.write(kInfo, std::string(60, 'a'));
  const bool second = sink.write(kInfo, std::string(60, 'b'));
  const bool third = sink.write(kInfo, "c");
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(first);
  CHECK_FALSE(second);
  CHECK_FALSE(third);
  CHECK(sink.write(kInfo, "room again"));
  std::string text(1000, '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  CHECK(text == std::string(60, 'a') + '\n' + std::string(39, 'b') + "\nroom again\n");
}

TEST_CASE("a reader that went away and a full disk drop lines and do no harm") {
  Ends ends(AF_UNIX);
  close(std::exchange(ends.fds[0], -1));
  Sink deaf(ends.writer());
  CHECK_FALSE(deaf.write(kInfo, "line"));
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  Sink disk(full);
  CHECK_FALSE(disk.write(kInfo, "line"));
  close(full);
  Sink closed(-1);
  CHECK_FALSE(closed.write(kInfo, "line"));
}

TEST_CASE("a line that a pipe could not take as one is cut") {
  const Ends ends;
  Sink sink(ends.writer());
  CHECK(sink.write(kInfo, std::string(10'000, 'x')));
  CHECK(sink.write(kInfo, "next"));
  CHECK(ends.read_all() == std::string(PIPE_BUF - 1, 'x') + "\nnext\n");
}

TEST_CASE("lines say their severity to the journal and to nothing else") {
  const Ends journal(AF_UNIX);
  const Ends other(AF_UNIX);
  struct stat file{};
  REQUIRE(::fstat(journal.writer(), &file) == 0);
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", file.st_dev, file.st_ino).c_str(), 1);
  Sink to_journal(journal.writer());
  Sink to_other(other.writer());
  CHECK(to_journal.write(3, "error"));
  CHECK(to_journal.write(7, "debug"));
  CHECK(to_other.write(3, "error"));
  ::unsetenv("JOURNAL_STREAM");
  CHECK(journal.read_all() == "<3>error\n<7>debug\n");
  CHECK(other.read_all() == "error\n");
}

TEST_CASE("threads that log to a pipe which nobody reads go on, and are told how many lines were dropped") {
  const Ends ends;
  const int saved = ::dup(2);
  REQUIRE(::dup2(ends.writer(), 2) == 2);
  const auto before = log::counts();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([] {
        for (int i = 0; i < 1000; ++i) log::info("a line", {{"number", i}});
      });
  }
  const auto dropped = log::counts().dropped - before.dropped;
  const std::string first = ends.read_all();
  log::error("room again");
  const std::string second = ends.read_all();
  REQUIRE(::dup2(saved, 2) == 2);
  ::close(saved);
  CHECK(dropped > 0);
  CHECK(static_cast<std::uint64_t>(std::ranges::count(first, '\n')) == 4000 - dropped);
  CHECK(second.find(fmt::format("level=warning msg=\"log lines found no room and were dropped\" dropped={}\n",
                                dropped)) != second.npos);
  CHECK(second.ends_with(" level=error msg=\"room again\"\n"));
  CHECK(log::counts().lines[static_cast<std::size_t>(log::Level::info)] ==
        before.lines[static_cast<std::size_t>(log::Level::info)] + 4000);
}
