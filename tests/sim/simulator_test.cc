// The whole simulator over real sockets.
#include "sim/simulator.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "asking.h"
#include "http/client.h"

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
    auto started = simulate(options, {.host = "127.0.0.1", .port = 0, .workers = 4, .journal = journal}, kClock);
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
  const auto address = peer.simulator->address();
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  const auto kind = [](const Options& options, const ListenOptions& listen) {
    const auto started = simulate(options, listen, kClock);
    REQUIRE(!started.has_value());
    CHECK(!started.error().text.empty());
    return started.error().kind;
  };
  ListenOptions taken;
  taken.port = port;
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
