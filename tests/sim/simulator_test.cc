// The whole simulator over real sockets.
#include "sim/simulator.h"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "asking.h"
#include "http/client.h"
#include "support/raw_client.h"

using namespace runwatch;
using namespace runwatch::sim;
using namespace std::chrono_literals;

namespace {

const core::SystemClock kClock;

// A file of this test alone, removed in the end.
struct JournalFile {
  JournalFile() {
    char name[] = "/tmp/sim-journal-XXXXXX";
    const int fd = ::mkstemp(name);
    REQUIRE(fd >= 0);
    ::close(fd);
    path = name;
  }
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;
  ~JournalFile() { std::filesystem::remove(path); }

  // Waits until there are so many lines: the last one may be written just after its answer was read.
  std::vector<Json> lines(std::size_t count) const {
    std::vector<Json> found;
    for (const auto end = kClock.steady_now() + 10s; found.size() < count && kClock.steady_now() < end;) {
      found.clear();
      std::ifstream in(path);
      for (std::string line; std::getline(in, line) && !in.eof();) found.push_back(Json::parse(line));
      if (found.size() < count) std::this_thread::yield();
    }
    return found;
  }
  std::string path;
};

struct Peer {
  explicit Peer(const Options& options, const std::string& journal = "") {
    auto started = simulate(options, {.host = "127.0.0.1", .port = 0, .journal = journal}, kClock);
    REQUIRE(started.has_value());
    simulator = *std::move(started);
  }

  std::expected<http::Response, http::Failure> get(const std::string& path, const std::string& handle = "") {
    http::Request request{.url = simulator->base_url() + path,
                          .headers = {},
                          .authorization = core::Secret("Token simulated-token"),
                          .timeout = 20s};
    if (!handle.empty()) request.headers.push_back({"Org-Handle", handle});
    return client->send(request, {});
  }
  Json json(const std::string& path, const std::string& handle = "") {
    const auto answer = get(path, handle);
    REQUIRE(answer.has_value());
    return Json::parse(answer->body);
  }
  std::uint16_t port() const {
    const auto address = simulator->address();
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  std::string tasks_path() {
    const auto runs = kBase + "spaces/" + simulator->spaces()[0].token + "/runs/";
    const std::string run = json(runs)["data"][0]["run_id"];
    return runs + run + "/tasks/";
  }

  std::unique_ptr<Simulator> simulator;
  std::unique_ptr<http::Client> client = http::make_client();
};

}  // namespace

TEST_CASE("the API answers over HTTP, the organization taken from its header") {
  Peer peer(small_options());
  CHECK(peer.json(kBase + "spaces/", "sim.example")["count"] == 1);
  CHECK(peer.json(kBase + "spaces/", "other.example")["status_code"] == 206);
  CHECK(peer.get(kBase + "spaces/")->status == 400);
  const auto path = peer.tasks_path();
  CHECK(peer.json(path + "?page=3&page_size=10")["data"].size() == 3);
  CHECK(peer.json("/_sim/state")["served"] == 5);
}

TEST_CASE("the journal holds every answer of the API, byte for byte, in the order in which they were sent") {
  const JournalFile file;
  Peer peer(small_options(), file.path);
  const auto path = peer.tasks_path();
  std::vector<std::string> bodies;
  for (int page = 1; page <= 4; ++page) {
    bodies.push_back(peer.get(path + "?page=" + std::to_string(page) + "&page_size=7")->body);
  }
  peer.get("/_sim/state");
  const auto lines = file.lines(5);
  REQUIRE(lines.size() == 5);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i]["seq"] == i + 1);
    CHECK(lines[i]["complete"] == true);
    CHECK(lines[i]["status"] == 200);
    CHECK(lines[i]["at"] <= lines[i]["sent"]);
    if (i == 0) continue;
    CHECK(lines[i]["path"] == path);
    CHECK(lines[i]["query"] == "page=" + std::to_string(i) + "&page_size=7");
    CHECK(lines[i]["body"] == bodies[i - 1]);
  }
}

TEST_CASE("an answer that is cut short is told to the client and to the journal") {
  const JournalFile file;
  auto options = small_options();
  options.faults = *parse_faults("truncate");
  Peer peer(options, file.path);
  const auto answer = peer.get(kBase + "organizations/");
  REQUIRE(!answer.has_value());
  CHECK(answer.error().reason == http::TransportError::truncated);
  const auto lines = file.lines(1);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0]["complete"] == false);
  const std::string sent = lines[0]["body"];
  const auto whole = Asking().get(kBase + "organizations/").body;
  CHECK(sent.size() < whole.size());
  CHECK(whole.starts_with(sent));
}

TEST_CASE("a peer that does not read holds nobody up, and the journal says that its answer was not taken") {
  const JournalFile file;
  auto options = small_options();
  options.tasks = 2000;
  Peer peer(options, file.path);
  const auto path = peer.tasks_path();
  {
    test::RawClient idler(peer.port(), 4096);
    idler.say("GET " + path + "?page_size=2000 HTTP/1.1\r\nHost: a\r\nAuthorization: Token simulated-token\r\n\r\n");
    char first = 0;
    REQUIRE(::recv(idler.fd(), &first, 1, 0) == 1);
    const auto start = kClock.steady_now();
    CHECK(peer.json(kBase + "organizations/")["count"] == 1);
    CHECK(kClock.steady_now() - start < 4s);  // no socket's own timeout is waited for
    const auto before = file.lines(2);
    CHECK(before.size() == 2);
    CHECK(before[1]["seq"] == 3);
  }
  const auto lines = file.lines(3);
  REQUIRE(lines.size() == 3);
  CHECK(lines[2]["seq"] == 2);
  CHECK(lines[2]["complete"] == false);
}

TEST_CASE("the lines of answers to several peers are whole, and follow the order in which each was asked") {
  const JournalFile file;
  Peer peer(small_options(), file.path);
  const auto path = peer.tasks_path();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {  // each on a connection of its own
        test::RawClient client(peer.port());
        client.ask("GET " + path + "?page=" + std::to_string(i + 1) + "&of=" + std::to_string(t) +
                   " HTTP/1.1\r\nHost: a\r\nAuthorization: Token simulated-token\r\n\r\n");
      }
    });
  }
  threads.clear();
  const auto lines = file.lines(101);
  REQUIRE(lines.size() == 101);
  std::map<std::string, std::vector<std::string>> asked;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::string query = lines[i]["query"];
    asked[query.substr(query.find('&'))].push_back(query.substr(0, query.find('&')));
  }
  REQUIRE(asked.size() == 4);
  for (const auto& [peers, pages] : asked) {
    REQUIRE(pages.size() == 25);
    for (std::size_t i = 0; i < pages.size(); ++i) CHECK(pages[i] == "page=" + std::to_string(i + 1));
  }
}

TEST_CASE("what nobody asked for comes once the connection is idle, a 408 with its end") {
  const JournalFile file;
  auto options = small_options();
  options.runs = 2;
  options.faults = *parse_faults("unasked/tasks,idle-408/organizations");
  Peer peer(options, file.path);
  const auto path = peer.tasks_path();
  const std::string rest = " HTTP/1.1\r\nHost: a\r\nAuthorization: Token simulated-token\r\n\r\n";
  test::RawClient client(peer.port());
  const auto first = client.ask("GET " + path + rest);
  const auto unasked = client.hear();
  REQUIRE(first);
  REQUIRE(unasked);
  CHECK(unasked->status == 200);
  CHECK(Json::parse(unasked->body)["data"][0]["run_id"] != Json::parse(first->body)["data"][0]["run_id"]);
  CHECK(client.ask("GET " + kBase + "organizations/" + rest)->status == 200);
  CHECK(client.hear()->status == 408);
  CHECK(client.ends());
  CHECK(file.lines(3).size() == 3);  // of answers, and of nothing else
}

TEST_CASE("every answer has the date of the platform's own clock") {
  Peer peer(small_options());
  test::RawClient client(peer.port());
  const auto date = [&client] {
    const auto answer = client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    std::tm civil{};
    REQUIRE(::strptime(answer->header("Date").c_str(), "%a, %d %b %Y %H:%M:%S GMT", &civil) != nullptr);
    return std::chrono::seconds(::timegm(&civil));
  };
  const auto now = std::chrono::floor<std::chrono::seconds>(kClock.wall_now().time_since_epoch());
  CHECK(date() >= now);
  peer.json("/_sim/advance?seconds=7200");
  CHECK(date() >= now + 2h);
}

TEST_CASE("what is no request is refused and its connection ended, other methods too") {
  Peer peer(small_options());
  for (const auto& [request, status] : std::vector<std::pair<std::string, int>>{
           {"nonsense\r\n\r\n", 400}, {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", 405}}) {
    CAPTURE(request);
    test::RawClient client(peer.port());
    const auto answer = client.ask(request);
    REQUIRE(answer);
    CHECK(answer->status == status);
    CHECK(client.ends());
  }
}

TEST_CASE("a latency is waited out, but not by the end of the simulator") {
  auto options = small_options();
  options.faults = *parse_faults("latency=60s/spaces,latency=150ms/organizations");
  auto peer = std::make_unique<Peer>(options);
  const auto start = kClock.steady_now();
  CHECK(peer->get(kBase + "organizations/").has_value());
  CHECK(kClock.steady_now() - start >= 150ms);
  std::jthread waiting([&client = *peer, url = peer->simulator->base_url()] {
    const auto own = http::make_client();
    (void)own->send({.url = url + kBase + "spaces/", .headers = {}, .authorization = {}, .timeout = 20s}, {});
  });
  // `served` counts a request before it is held back.
  while (peer->json("/_sim/state")["served"] < 2) std::this_thread::yield();
  const auto stop = kClock.steady_now();
  peer->simulator.reset();
  CHECK(kClock.steady_now() - stop < 10s);
}

TEST_CASE("what cannot be started says why") {
  Peer peer(small_options());
  const auto kind = [](const Options& options, const ListenOptions& listen) {
    const auto started = simulate(options, listen, kClock);
    REQUIRE(!started.has_value());
    CHECK(!started.error().text.empty());
    return started.error().kind;
  };
  ListenOptions taken;
  taken.port = peer.port();
  CHECK(kind(small_options(), taken) == core::ErrorKind::busy);
  ListenOptions unwritable;
  unwritable.journal = "/nonexistent/journal";
  CHECK(kind(small_options(), unwritable) == core::ErrorKind::invalid);
  auto slow = small_options();
  slow.speed = 0;
  CHECK(kind(slow, {}) == core::ErrorKind::invalid);
}

TEST_CASE("the control words can be switched off") {
  const auto started = simulate(small_options(), {.control = false}, kClock);
  REQUIRE(started.has_value());
  const auto client = http::make_client();
  const auto answer = client->send({.url = (*started)->base_url() + "/_sim/state", .headers = {}}, {});
  REQUIRE(answer.has_value());
  CHECK(answer->status == 404);
}
