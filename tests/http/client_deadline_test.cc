#include <dlfcn.h>
#include <netdb.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/client_fixture.h"

namespace {

// A resolver that hangs for names under hang.test until the gate opens, then answers 127.0.0.1.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  int asked = 0;
  int answered = 0;

  void pass() {
    std::unique_lock lock(mutex);
    ++asked;
    changed.notify_all();
    changed.wait(lock, [this] { return open; });
    ++answered;
    changed.notify_all();
  }
  void set_open(bool value) {
    const std::lock_guard lock(mutex);
    open = value;
    changed.notify_all();
  }
  int times_asked() {
    const std::lock_guard lock(mutex);
    return asked;
  }
  void wait_until_idle() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return asked == answered; });
  }
};

Gate& gate() {
  static auto* const one = new Gate;  // outlives libcurl's threads
  return *one;
}

// Where moving.test is; null: nobody knows.
std::atomic<const char*>& moving_to() {
  static std::atomic<const char*> address = "127.0.0.1";
  return address;
}

}  // namespace

// Stands before libc's for this binary, libcurl included.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const std::string_view name = host == nullptr ? "" : host;
  if (name == "nowhere.test") return EAI_NONAME;
  if (name == "moving.test" && moving_to() == nullptr) return EAI_AGAIN;
  if (name == "moving.test") return real(moving_to().load(), service, hints, found);
  if (!name.ends_with("hang.test")) return real(host, service, hints, found);
  gate().pass();
  return real("127.0.0.1", service, hints, found);
}

namespace runwatch::http {
namespace {

using namespace runwatch::test;
using namespace std::chrono_literals;

constexpr auto kDeadline = 200ms;
constexpr auto kLatest = kDeadline + kSlack;

// A port where connecting hangs: the backlog is full and nobody accepts.
class BlackHole {
 public:
  BlackHole() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_, any, size) == 0);
    REQUIRE(::listen(listener_, 0) == 0);
    REQUIRE(::getsockname(listener_, any, &size) == 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 8; ++i) {
      fillers_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(fillers_.back(), any, size);
    }
  }
  ~BlackHole() {
    for (const int filler : fillers_) ::close(filler);
    ::close(listener_);
  }
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::vector<int> fillers_;
};

struct Phase {
  std::string name;
  PeerScript script;
};

std::vector<Phase> slow_phases() {
  return {
      {"accepts and never reads", {hang()}},
      {"reads and never answers", {read_request(), hang()}},
      {"drips its status line", {read_request(), dribble("HTTP/1.1 200 " + std::string(10'000, 'O'), 5ms)}},
      {"drips its headers", {read_request(), send("HTTP/1.1 200 OK\r\n"), dribble(std::string(10'000, 'a'), 5ms)}},
      {"hangs after an interim answer", {read_request(), send("HTTP/1.1 100 Continue\r\n\r\n"), hang()}},
      {"hangs within its body", {read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), hang()}},
      {"drips its body",
       {read_request(), send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"),
        dribble(std::string(9000, 'a'), 5ms)}},
      {"drips its chunks",
       {read_request(), send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n"),
        dribble(std::string(9000, 'a'), 5ms)}},
  };
}

// Sends while another thread stops it as soon as `ready` says so; gives the time from the stop to the return.
Answer send_and_stop(Client& client, const Request& request, const std::function<void()>& ready,
                     std::chrono::milliseconds& took) {
  std::stop_source source;
  Stopwatch since_stop;
  std::jthread stopper([&] {
    ready();
    since_stop = {};
    source.request_stop();
  });
  Answer answer = client.send(request, source.get_token());
  const auto end = std::chrono::steady_clock::now();
  stopper.join();
  took = since_stop.elapsed() -
         std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - end);
  return answer;
}

TEST_CASE("the deadline ends the exchange in whatever phase it is") {
  for (const auto& [name, script] : slow_phases()) {
    CAPTURE(name);
    const ScriptedPeer peer({script});
    const Stopwatch watch;
    CHECK(reason_of(ask(peer.url(), kDeadline)) == TransportError::timeout);
    CHECK(watch.elapsed() >= kDeadline);
    CHECK(watch.elapsed() < kLatest);
  }
}

TEST_CASE("an endless fast body does not outrun the deadline") {
  const ScriptedPeer peer(
      {{read_request(), send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"), flood("x")}});
  const Stopwatch watch;
  CHECK(reason_of(ask(peer.url(), kDeadline)) == TransportError::timeout);
  CHECK(watch.elapsed() < kLatest);
}

TEST_CASE("a stop ends the exchange at once in whatever phase it is") {
  for (const auto& [name, script] : slow_phases()) {
    CAPTURE(name);
    const ScriptedPeer peer({script});
    const auto client = make_client();
    std::chrono::milliseconds took{};
    const bool reads = script.size() > 1;
    const auto asked = [&] { CHECK((!reads || peer.wait_received("GET /"))); };
    const auto answer = send_and_stop(*client, request_for(peer.url()), asked, took);
    CHECK(reason_of(answer) == TransportError::cancelled);
    CHECK(took < kSlack);
  }
}

TEST_CASE("a stop wakes a client that waits for nothing but the deadline") {
  std::promise<void> stalled;
  const PeerStep tell = [&](PeerConnection&) { return stalled.set_value(), true; };
  // The pause outlasts libcurl's own timers of the connection's first moments, which would wake it too.
  const ScriptedPeer peer({{read_request(), pause(400ms), tell, hang()}});
  std::chrono::milliseconds took{};
  const auto client = make_client();
  const auto ready = [&] { stalled.get_future().wait(); };
  CHECK(reason_of(send_and_stop(*client, request_for(peer.url()), ready, took)) == TransportError::cancelled);
  CHECK(took < kSlack);
}

TEST_CASE("a black-holed connect ends at the deadline or at a stop") {
  const BlackHole hole;
  const Stopwatch watch;
  const auto late = ask(hole.url(), kDeadline);
  CHECK(reason_of(late) == TransportError::timeout);
  CHECK(late.error().text.find("no connection yet") != std::string::npos);
  CHECK(watch.elapsed() < kLatest);

  std::chrono::milliseconds took{};
  CHECK(reason_of(send_and_stop(*make_client(), request_for(hole.url()), [] {}, took)) == TransportError::cancelled);
  CHECK(took < kSlack);
}

TEST_CASE("a stop before the request asks nobody") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", "{}"))});
  std::stop_source source;
  source.request_stop();
  CHECK(reason_of(make_client()->send(request_for(peer.url()), source.get_token())) == TransportError::cancelled);
  CHECK(peer.connections() == 0);
}

TEST_CASE("a client goes on after a timeout and after a stop") {
  const ScriptedPeer peer(
      {{read_request(), hang()}, {read_request(), hang()}, answer_each(http_answer("200 OK", "{}"))});
  const auto client = make_client();
  CHECK(reason_of(client->send(request_for(peer.url(), 50ms), {})) == TransportError::timeout);
  std::chrono::milliseconds took{};
  const auto ready = [&] { REQUIRE(peer.wait_received("GET /", 1)); };
  CHECK(reason_of(send_and_stop(*client, request_for(peer.url()), ready, took)) == TransportError::cancelled);
  CHECK(client->send(request_for(peer.url()), {}).has_value());
}

TEST_CASE("no time at all is a timeout, not a hang") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", "{}"))});
  for (const core::Duration timeout : {0ms, -5ms}) {
    CHECK(reason_of(ask(peer.url(), timeout)) == TransportError::timeout);
  }
}

TEST_CASE("a refused connection is connect, a name without address is dns") {
  std::string closed;
  {
    const ScriptedPeer peer({});
    closed = peer.url();
  }
  const auto refused = ask(closed);
  CHECK(reason_of(refused) == TransportError::connect);
  CHECK(refused.error().text.ends_with(": Connection refused; check the host, the port and the network"));
  const auto nowhere = ask("http://nowhere.test/");
  CHECK(reason_of(nowhere) == TransportError::dns);
  CHECK(nowhere.error().text ==
        "cannot connect to nowhere.test:80: the name has no address; check it, and this machine's DNS");
}

TEST_CASE("a hanging resolver holds up neither deadline nor stop, and is not asked again while it hangs") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", "{}"))});
  const std::string url = "http://a.hang.test:" + std::to_string(peer.port()) + "/";
  gate().set_open(false);
  const int before = gate().times_asked();
  const auto client = make_client();
  const Stopwatch watch;
  const auto late = client->send(request_for(url, kDeadline), {});
  CHECK(reason_of(late) == TransportError::timeout);
  CHECK(late.error().text.find("looked up") != std::string::npos);
  CHECK(watch.elapsed() < kLatest);

  for (int i = 0; i < 3; ++i) CHECK(reason_of(client->send(request_for(url), {})) == TransportError::dns);
  CHECK(watch.elapsed() < kLatest + kSlack);
  CHECK(gate().times_asked() == before + 1);
  CHECK(client->send(request_for(peer.url()), {}).has_value());  // other hosts are served meanwhile

  std::chrono::milliseconds took{};
  const auto asked = [&] {
    std::unique_lock lock(gate().mutex);
    gate().changed.wait(lock, [&] { return gate().asked == before + 2; });
  };
  const auto other = request_for("http://b.hang.test:1/");
  CHECK(reason_of(send_and_stop(*client, other, asked, took)) == TransportError::cancelled);
  CHECK(took < kSlack);

  gate().set_open(true);
  const Stopwatch opened;
  Answer answer = client->send(request_for(url), {});
  while (!answer && opened.elapsed() < 10s) answer = client->send(request_for(url), {});
  CHECK(answer.has_value());
  gate().wait_until_idle();
}

TEST_CASE("a name that moved is followed once the connection is old, though the old peer still answers") {
  const ScriptedPeer before({answer_each(http_answer("200 OK", "before"))});
  const ScriptedPeer after({answer_each(http_answer("200 OK", "after"))}, "127.0.0.2", before.port());
  const auto request = request_for("http://moving.test:" + std::to_string(before.port()) + "/");
  const auto client = make_client({.max_connection_age = 0ms});
  CHECK(client->send(request, {}).value().body == "before");
  CHECK(client->send(request, {}).value().body == "before");
  moving_to() = "127.0.0.2";
  CHECK(client->send(request, {}).value().body == "after");
  moving_to() = "127.0.0.1";
}

TEST_CASE("a name that had no address is looked up again at the next request") {
  const ScriptedPeer peer({answer_each(http_answer("200 OK", "here"))});
  const auto request = request_for("http://moving.test:" + std::to_string(peer.port()) + "/");
  const auto client = make_client({.max_connection_age = 0ms});
  for (int i = 0; i < 3; ++i) {
    moving_to() = nullptr;
    const auto lost = client->send(request, {});
    CHECK(reason_of(lost) == TransportError::dns);
    CHECK(lost.error().text.find("hangs") == std::string::npos);
    moving_to() = "127.0.0.1";
    const auto found = client->send(request, {});
    REQUIRE(found.has_value());
    CHECK(found->body == "here");
  }
}

TEST_CASE("a client can be destroyed while its resolver hangs") {
  gate().set_open(false);
  const Stopwatch watch;
  CHECK(reason_of(ask("http://c.hang.test/", 50ms)) == TransportError::timeout);
  CHECK(watch.elapsed() < 50ms + kSlack);
  gate().set_open(true);
  gate().wait_until_idle();
}

}  // namespace
}  // namespace runwatch::http
