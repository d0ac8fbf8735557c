// Both ends of the control socket, and peers that behave as none of ours does.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/client.h"
#include "control/server.h"
#include "core/fd.h"
#include "support/directory.h"

namespace runwatch::control {
namespace {

namespace fs = std::filesystem;
using core::ErrorKind;
using test::Directory;

// Answers with what it was asked.
Handler echo() {
  const auto told = [](std::string name) {
    return [name](const Request& request) -> Handler::Answer { return name + " " + to_json(request); };
  };
  return {.list = [] { return Handler::Answer("the list"); },
          .silences = [] { return Handler::Answer("the silences"); },
          .health = [] { return Handler::Answer("the health"); },
          .show = [](const std::string& id) { return Handler::Answer("about " + id); },
          .test = told("test"),
          .replay = told("replay"),
          .drop = told("drop"),
          .add_silence = told("add"),
          .expire = told("expire"),
          .reload = told("reload"),
          .backup = told("backup")};
}

const fs::path kDatabasePath = "/nowhere/state.db";

std::unique_ptr<Server> serve(const fs::path& path, Handler handler = echo()) {
  auto server = Server::listen(path, kDatabasePath, std::move(handler));
  REQUIRE_MESSAGE(server, (server ? "" : server.error().text));
  return *std::move(server);
}

sockaddr_un address_of(const fs::path& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::ranges::copy(path.native(), address.sun_path);
  return address;
}

// As a process leaves it that was killed.
void leave_socket(const fs::path& path) {
  const core::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = address_of(path);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

class Peer {
 public:
  explicit Peer(const fs::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = address_of(path);
    REQUIRE(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  void say(std::string_view bytes) const { (void)!::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  std::string hear_all() const {
    std::string all;
    char bytes[4096];
    for (ssize_t n; (n = ::recv(fd_.get(), bytes, sizeof bytes, 0)) > 0;)
      all.append(bytes, static_cast<std::size_t>(n));
    return all;
  }

 private:
  core::Fd fd_;
};

TEST_CASE("who means the daemon of another database is refused, with the one that is kept there") {
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  const auto server = serve(path);
  CHECK(ask({path, "/nowhere/../nowhere/state.db"}, "GET", "/alerts"));
  for (const char* method : {"GET", "POST"}) {
    const auto other = ask({path, "/elsewhere/state.db"}, method, "/silences", "{}");
    REQUIRE_FALSE(other);
    CHECK(other.error().kind == ErrorKind::invalid);
    CHECK(other.error().text.find("/nowhere/state.db") != std::string::npos);
  }
}

}  // namespace

TEST_CASE("each path reaches its handler with what was asked, and the answer comes back as it is") {
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  const auto server = serve(path);
  const Request request{.ids = {"a", "b"},
                        .receiver = "ops",
                        .dead = true,
                        .number = 7,
                        .space = "s",
                        .run_id = "R1",
                        .rule = "r\"\n",
                        .reason = "ü",
                        .seconds = 7200};
  const struct {
    std::string method, path, answer;
  } table[] = {
      {"GET", "/health", "the health"},      {"GET", "/alerts", "the list"},    {"GET", "/silences", "the silences"},
      {"GET", "/alerts/ab12", "about ab12"}, {"POST", "/alerts/test", "test "}, {"POST", "/alerts/replay", "replay "},
      {"POST", "/alerts/drop", "drop "},     {"POST", "/silences", "add "},     {"POST", "/silences/expire", "expire "},
      {"POST", "/reload", "reload "},        {"POST", "/backup", "backup "},
  };
  for (const auto& row : table) {
    CAPTURE(row.path);
    const bool post = row.method == "POST";
    const auto answer = ask({path}, row.method, row.path, post ? to_json(request) : "");
    REQUIRE(answer);
    CHECK(*answer == (post ? row.answer + to_json(request) : row.answer));
  }
  CHECK(parse_request(to_json(request)) == request);
}

TEST_CASE("what a handler refuses comes back with its words, and its kind says who can mend it") {
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  auto handler = echo();
  handler.show = [](const std::string&) { return core::fail(ErrorKind::invalid, "no such id \"x\"\n"); };
  handler.test = [](const Request&) { return core::fail(ErrorKind::invalid, "no such receiver"); };
  handler.drop = [](const Request&) { return core::fail(ErrorKind::unavailable, "not stored"); };
  handler.replay = [](const Request&) -> Handler::Answer { throw std::runtime_error("secret"); };
  handler.list = nullptr;
  const auto server = serve(path, std::move(handler));
  CHECK(ask({path}, "GET", "/alerts/x").error() == core::Error{ErrorKind::invalid, "no such id \"x\" "});
  CHECK(ask({path}, "POST", "/alerts/test", "{}").error() == core::Error{ErrorKind::invalid, "no such receiver"});
  CHECK(ask({path}, "POST", "/alerts/drop", "{}").error() == core::Error{ErrorKind::busy, "not stored"});
  CHECK(ask({path}, "POST", "/alerts/replay", "{}").error().kind == ErrorKind::busy);
  CHECK(ask({path}, "POST", "/alerts/replay", "{}").error().text.find("secret") == std::string::npos);
  CHECK(ask({path}, "GET", "/alerts").error().kind == ErrorKind::busy);
  CHECK(ask({path}, "GET", "/nothing").error().kind == ErrorKind::invalid);
}

TEST_CASE("a body that is no object, or has a member of another type, is refused without repeating it") {
  for (const char* body : {"", "[]", "7", "{", "{\"ids\": \"4711\"}", "{\"ids\": [1]}", "{\"number\": \"4711\"}",
                           "{\"seconds\": null}", "{\"seconds\": 1.5}", "{\"seconds\": 1e300}", "\xff{}"}) {
    CAPTURE(body);
    const auto request = parse_request(body);
    REQUIRE_FALSE(request);
    CHECK(request.error().kind == ErrorKind::invalid);
    CHECK(request.error().text.find("4711") == std::string::npos);
  }
  CHECK(parse_request("{\"more\": 1}") == Request{});
}

TEST_CASE("the socket is its owner's alone from its first moment, and its file goes with the server") {
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  const auto mask = ::umask(0);
  auto server = serve(path);
  ::umask(mask);
  struct stat found{};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(S_ISSOCK(found.st_mode));
  server.reset();
  CHECK_FALSE(fs::exists(fs::symlink_status(path)));
}

TEST_CASE("a socket that a dead process left is replaced") {
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  leave_socket(path);
  CHECK(ask({path}, "GET", "/alerts").error().kind == ErrorKind::unavailable);
  const auto server = serve(path);
  CHECK(ask({path}, "GET", "/alerts"));
}

TEST_CASE("a second server is refused, and the first one goes on and keeps its file") {
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  const auto first = serve(path);
  for (int i = 0; i < 3; ++i) {
    const auto second = Server::listen(path, kDatabasePath, echo());
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::busy);
    CHECK(second.error().text.find(path.string()) != std::string::npos);
  }
  CHECK(ask({path}, "GET", "/alerts"));
}

TEST_CASE("what is no socket, or cannot be one, is left as it is") {
  const Directory folder;
  const auto file = folder.write("file", "precious");
  const auto link = folder.path() / "link";
  fs::create_symlink(file, link);
  for (const auto& path : {file, link, folder.path(), fs::path(folder.path() / std::string(120, 'x'))}) {
    CAPTURE(path);
    const auto refused = Server::listen(path, kDatabasePath, echo());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid);
  }
  CHECK(fs::file_size(file) == 8);
  CHECK(Server::listen(folder.path() / "missing/control.sock", kDatabasePath, echo()).error().kind ==
        ErrorKind::unavailable);
}

TEST_CASE("a socket of another user is left as it is") {
  if (::geteuid() != 0) return;  // nobody else could make one
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  leave_socket(path);
  REQUIRE(::lchown(path.c_str(), 65534, 65534) == 0);
  const auto refused = Server::listen(path, kDatabasePath, echo());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::invalid);
  CHECK(refused.error().text.find("another user") != std::string::npos);
  CHECK(fs::exists(fs::symlink_status(path)));
}

TEST_CASE("a server that ends leaves a socket that took its place") {
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  auto first = serve(path);
  fs::remove(path);
  const auto second = serve(path);
  first.reset();
  CHECK(ask({path}, "GET", "/alerts"));
}

TEST_CASE("without a daemon the text says what to do") {
  const Directory folder;
  for (const auto& path :
       {folder.path() / "none.sock", folder.write("file", ""), folder.path() / std::string(120, 'x')}) {
    CAPTURE(path);
    const auto answer = ask({path}, "GET", "/alerts");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::unavailable);
    CHECK(answer.error().text.find("no runwatch answers at " + folder.path().string()) != std::string::npos);
    CHECK(answer.error().text.find("--control") != std::string::npos);
  }
}

TEST_CASE("a body beyond a mebibyte, or of no told length, is never read to its end") {
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  std::atomic<int> called = 0;
  auto handler = echo();
  handler.drop = [&](const Request&) -> Handler::Answer { return std::to_string(++called); };
  const auto server = serve(path, std::move(handler));
  CHECK_FALSE(ask({path}, "POST", "/alerts/drop", std::string(2 << 20, ' ') + "{}"));
  for (const char* head :
       {"Content-Length: 99999999999\r\n", "Transfer-Encoding: chunked\r\n", "",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 2\r\nContent-Encoding: gzip\r\n"}) {
    CAPTURE(head);
    for (const char* method : {"POST", "PUT"}) {
      const Peer peer(path);
      peer.say(fmt::format("{} /alerts/drop HTTP/1.1\r\nHost: a\r\n{}\r\n", method, head));
      const auto answer = peer.hear_all();
      CHECK(answer.substr(0, 10) == "HTTP/1.1 4");
    }
  }
  CHECK(called == 0);
  CHECK(ask({path}, "POST", "/alerts/drop", std::string(1000, ' ') + "{}"));
}

TEST_CASE("peers that say nothing, or never end what they say, are gone soon and hold up nobody for long") {
  const Directory folder;
  const auto path = folder.path() / "control.sock";
  auto server = serve(path);
  std::vector<Peer> silent;
  for (int i = 0; i < 8; ++i) {
    silent.emplace_back(path);
    if (i % 2 != 0) silent.back().say("POST /alerts/drop HTTP/1.1\r\nContent-Length: 20\r\n\r\n{");
  }
  CHECK(ask({path}, "GET", "/alerts"));
  for (const auto& peer : silent) (void)peer.hear_all();
  const Peer late(path);
  const auto began = std::chrono::steady_clock::now();
  server.reset();
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(8));
}

}  // namespace runwatch::control
