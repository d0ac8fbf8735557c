#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/server.h"
#include "support/raw_client.h"

using namespace runwatch;
using namespace runwatch::http;
using namespace std::chrono_literals;
using test::RawClient;

namespace {

using Clock = std::chrono::steady_clock;

const std::string kHealthy = "GET /healthy HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kBig = "GET /big HTTP/1.1\r\nHost: a\r\n\r\n";

ServerResponse answer(const ServerRequest& request) {
  static const auto kBody = std::make_shared<const std::string>(1'000'000, 'x');
  auto response = text_response(200, "fine");
  if (request.path == "/big") response.body = kBody;
  return response;
}

std::unique_ptr<Server> start(ServerOptions options = {}, Handler handler = answer) {
  auto server = serve(std::move(options), std::move(handler));
  REQUIRE(server);
  return std::move(*server);
}

bool is_healthy(const Server& server) {
  RawClient client(server.port());
  const auto heard = client.ask(kHealthy);
  return heard && heard->body == "fine";
}

std::ptrdiff_t open_files() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

std::size_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * 4;
}

// A limit of open files for as long as it lives.
class FileLimit {
 public:
  explicit FileLimit(rlim_t files) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit changed{.rlim_cur = std::min(files, before_.rlim_max), .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &changed);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

std::chrono::microseconds used_cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// Says `piece` over and over, up to `total` bytes; false when the server had enough of it before.
bool flood(RawClient& client, const std::string& piece, std::size_t total) {
  for (std::size_t said = 0; said < total; said += piece.size()) {
    if (!client.say(piece)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("crowds that drip, keep silent or never read do not keep a healthy request waiting") {
  const FileLimit enough(4096);
  // Nobody's time is over during the test: what is asked for is answered beside them, not after them.
  const auto server = start({.header_timeout = 600s, .idle_timeout = 600s, .write_timeout = 600s});
  std::vector<RawClient> crowd;
  for (int i = 0; i < 200; ++i) {
    crowd.emplace_back(server->port());
    crowd.emplace_back(server->port()).say("GET /drip HTTP/1.1\r\nHo");
    crowd.emplace_back(server->port(), 4096).say(kBig);
  }
  const auto before = Clock::now();
  for (int i = 0; i < 50; ++i) {
    for (std::size_t j = 1; j < crowd.size(); j += 3) REQUIRE(crowd[j].say("x"));
    REQUIRE(is_healthy(*server));
  }
  CHECK(Clock::now() - before < 10s);
  RawClient scraper(server->port());
  const auto body = scraper.ask(kBig);
  REQUIRE(body);
  CHECK(body->body.size() == 1'000'000);
}

TEST_CASE("endless requests of every kind end closed, with memory flat") {
  const auto server = start();
  REQUIRE(is_healthy(*server));
  const auto before = resident_kib();
  const std::string junk(100'000, 'x');
  const std::string chunk = "186a0\r\n" + junk + "\r\n";
  std::string headers;
  for (int i = 0; i < 10'000; ++i) headers += "A: b\r\n";
  struct Row {
    std::string start, piece;
    std::size_t total;
    int status;
  };
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  for (const auto& [start, piece, total, status] : std::vector<Row>{
           {"GET /", junk, 50'000'000, 431},
           {junk, junk, 50'000'000, 431},
           {head + "A: ", junk, 50'000'000, 431},
           {head, headers, 1000 * headers.size(), 431},
           {post + "Transfer-Encoding: chunked\r\n\r\n", chunk, 200'000'000, 405},
           {head + "Transfer-Encoding: chunked\r\n\r\n", chunk, 200'000'000, 200},
           {head + "Content-Length: 18446744073709551615\r\n\r\n", junk, 50'000'000, 200},
       }) {
    CAPTURE(start.substr(0, 60));
    RawClient client(server->port());
    REQUIRE(client.say(start));
    CHECK_FALSE(flood(client, piece, total));
    // A reset may have overtaken the answer; but what is heard is this answer, and then the end.
    const auto heard = client.hear_all();
    if (!heard.empty()) CHECK(heard.substr(9, 3) == std::to_string(status));
    REQUIRE(is_healthy(*server));
  }
  CHECK(resident_kib() < before + 20'000);
}

TEST_CASE("Range headers are as if not there") {
  const auto server = start();
  const auto before = resident_kib();
  RawClient client(server->port());
  std::string ranges = "bytes=";
  while (ranges.size() < 5000) ranges += "0-1,";
  const std::string bomb = "Range: " + ranges + "0-1\r\n";
  const auto heard = client.ask("GET /big HTTP/1.1\r\nHost: a\r\n" + bomb + "rAnge:" + ranges + "\r\n" + bomb + "\r\n");
  REQUIRE(heard);
  CHECK(heard->status == 200);
  CHECK(heard->body.size() == 1'000'000);
  const auto junk = client.ask("GET / HTTP/1.1\r\nHost: a\r\nRange: junk\r\n\r\n");
  REQUIRE(junk);
  CHECK(junk->status == 200);
  CHECK(resident_kib() < before + 20'000);
}

TEST_CASE("a peer that does not read ends by the write deadline, and is told so by a reset") {
  const auto server = start({.write_timeout = 200ms});
  RawClient client(server->port(), 4096);
  client.say(kBig);
  pollfd reset{.fd = client.fd(), .events = 0, .revents = 0};  // whatever is asked for, POLLERR is told
  REQUIRE(::poll(&reset, 1, 20'000) == 1);
  CHECK((reset.revents & POLLERR) != 0);
  std::size_t heard = 0;
  char buffer[65536];
  ssize_t count = 0;
  while ((count = ::recv(client.fd(), buffer, sizeof buffer, 0)) > 0) heard += static_cast<std::size_t>(count);
  CHECK(count == -1);
  CHECK(errno == ECONNRESET);
  CHECK(heard < 1'000'000);
}

TEST_CASE("a peer that reads too slowly ends by the write deadline, for all its progress") {
  const auto server = start({.write_timeout = 300ms},
                            [](const ServerRequest&) { return text_response(200, std::string(50'000'000, 'x')); });
  RawClient client(server->port(), 4096);
  client.say(kBig);
  const auto end = Clock::now() + 20s;
  std::array<char, 2048> buffer;
  ssize_t count = 0;
  while (Clock::now() < end && (count = ::recv(client.fd(), buffer.data(), buffer.size(), 0)) > 0) ::usleep(2'000);
  CHECK(count == -1);
  CHECK(errno == ECONNRESET);
  CHECK(Clock::now() < end);
}

TEST_CASE("an answer that hides in the kernel unread is dropped after the write timeout too") {
  const auto server = start({.write_timeout = 300ms},
                            [](const ServerRequest&) { return text_response(200, std::string(100'000, 'x')); });
  RawClient client(server->port(), 4096);
  client.say(kBig);
  char first = 0;
  REQUIRE(::recv(client.fd(), &first, 1, MSG_PEEK) == 1);  // all of it fits into the server's buffer
  // The kernel drops such a connection without a word to the peer; the server then closes its descriptor.
  const auto before = open_files();
  const auto end = Clock::now() + 20s;
  while (open_files() >= before && Clock::now() < end) ::usleep(10'000);
  CHECK(open_files() == before - 1);
}

TEST_CASE("silent and dripping peers are closed when their time is over") {
  const auto server = start({.header_timeout = 100ms, .idle_timeout = 150ms});
  RawClient silent(server->port());
  RawClient served(server->port());
  REQUIRE(served.ask(kHealthy));
  RawClient half(server->port());
  half.say("GET / HT");
  RawClient dripping(server->port());
  const auto start_of_drip = Clock::now();
  while (dripping.say("x") && Clock::now() - start_of_drip < 20s) {
  }
  CHECK(Clock::now() - start_of_drip < 20s);
  CHECK(silent.ends());
  CHECK(served.ends());
  CHECK(half.ends());
}

TEST_CASE("beyond the limit the connection idle longest goes, and never one that is being answered") {
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false;
  bool go = false;
  const auto server = start({.max_connections = 4}, [&](const ServerRequest& request) {
    if (request.path == "/slow") {
      std::unique_lock lock(mutex);
      asked = true;
      changed.notify_all();
      changed.wait(lock, [&] { return go; });
    }
    return text_response(200, "fine");
  });
  RawClient slow(server->port());
  slow.say("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked; });
  }
  RawClient first(server->port());
  RawClient second(server->port());
  RawClient third(server->port());
  REQUIRE(first.ask(kHealthy));
  REQUIRE(second.ask(kHealthy));
  REQUIRE(third.ask(kHealthy));
  REQUIRE(first.ask(kHealthy));  // now `second` is idle longest
  RawClient newcomer(server->port());
  CHECK(newcomer.ask(kHealthy));
  CHECK(second.ends());
  CHECK(first.ask(kHealthy));
  CHECK(third.ask(kHealthy));
  {
    std::lock_guard lock(mutex);
    go = true;
    changed.notify_all();
  }
  const auto heard = slow.hear();
  REQUIRE(heard);
  CHECK(heard->body == "fine");
}

TEST_CASE("a crowd beyond the limit leaves room for who asks") {
  const auto server = start({.max_connections = 64});
  std::vector<RawClient> crowd;
  for (int i = 0; i < 300; ++i) crowd.emplace_back(server->port()).say(i % 2 == 0 ? "" : "GET /");
  for (int i = 0; i < 20; ++i) CHECK(is_healthy(*server));
}

TEST_CASE("out of descriptors the server gives up idle connections, then waits without spinning, then goes on") {
  const auto server = start();
  std::vector<RawClient> idle;
  for (int i = 0; i < 20; ++i) {
    idle.emplace_back(server->port());
    REQUIRE(idle.back().ask(kHealthy));
  }
  RawClient newcomer = RawClient::unconnected();
  {
    // Lower than what is open already: giving up connections does not help.
    const FileLimit none(3);
    newcomer.connect(server->port());
    for (auto& client : idle) CHECK(client.ends());
    const auto before = used_cpu();
    const auto turned = server->last_progress();
    const auto end = Clock::now() + 20s;
    while (server->last_progress() < turned + 1s && Clock::now() < end) ::usleep(10'000);
    CHECK(server->last_progress() >= turned + 1s);
    CHECK(used_cpu() - before < 150ms);
  }
  CHECK(newcomer.ask(kHealthy));
}

TEST_CASE("the destructor returns at once whatever the peers do") {
  auto server = start();
  std::vector<RawClient> crowd;
  for (int i = 0; i < 50; ++i) {
    crowd.emplace_back(server->port());
    crowd.emplace_back(server->port()).say("GET /drip HTTP/1.1\r\nHo");
    crowd.emplace_back(server->port(), 4096).say(kBig + kBig + kBig);
  }
  std::atomic<bool> stopping = false;
  std::atomic<int> asked = 0;
  std::vector<std::jthread> load;
  for (int i = 0; i < 4; ++i) {
    load.emplace_back([&, port = server->port()] {
      try {
        RawClient client(port);
        while (!stopping && client.ask(kBig)) ++asked;
      } catch (const std::exception&) {  // refused: the server has gone
      }
    });
  }
  while (asked < 20) std::this_thread::yield();
  const auto before = Clock::now();
  server.reset();
  const auto taken = Clock::now() - before;
  stopping = true;
  CHECK(taken < 5s);
  MESSAGE("stopped in " << std::chrono::duration_cast<std::chrono::microseconds>(taken).count() << " us");
}

TEST_CASE("many peers at once are all answered, each with its own answer") {
  const auto server = start({.workers = 4}, [](const ServerRequest& request) {
    return text_response(200, std::string(request.path) + std::string(5000, 'x'));
  });
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> peers;
    for (int i = 0; i < 8; ++i) {
      peers.emplace_back([&, i] {
        RawClient client(server->port());
        for (int j = 0; j < 200; ++j) {
          const std::string path = "/" + std::to_string(i) + "-" + std::to_string(j);
          const auto heard = client.ask("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
          if (heard && heard->body == path + std::string(5000, 'x')) ++right;
        }
      });
    }
  }
  CHECK(right == 1600);
}
