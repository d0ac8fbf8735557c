#include <arpa/inet.h>
#include <crypt.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/pem.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/client_fixture.h"
#include "http/listen.h"
#include "http/server.h"
#include "http/tls_peer.h"
#include "support/directory.h"
#include "support/raw_client.h"

namespace runwatch::http {
namespace {

using namespace runwatch::test;
using namespace std::chrono_literals;

const std::string kEnd = " HTTP/1.1\r\nHost: a\r\n";
// base64 of ada:lovelace, ada:wrong and bob:lovelace
const std::string kAda = "Authorization: Basic YWRhOmxvdmVsYWNl\r\n";
const std::string kWrong = "Authorization: Basic YWRhOndyb25n\r\n";
const std::string kBob = "authorization: basic Ym9iOmxvdmVsYWNl\r\n";

core::Secret hash_of(const char* password, const char* cost = "04") {
  crypt_data data{};
  return core::Secret(::crypt_r(password, (std::string("$2y$") + cost + "$abcdefghijklmnopqrstuu").c_str(), &data));
}

std::unique_ptr<Server> start(ServerOptions options = {}, Handler handler = {}) {
  if (!handler) handler = [](const ServerRequest& request) { return text_response(200, std::string(request.path)); };
  auto server = serve(std::move(options), std::move(handler));
  REQUIRE_MESSAGE(server, (server ? "" : server.error().text));
  return std::move(*server);
}

int status_of(const Server& server, const std::string& request) {
  RawClient client(server.port());
  const auto answer = client.ask(request);
  return answer ? answer->status : 0;
}

// A certificate with its key, in a folder that is the test's.
TlsSettings install(const TlsIdentity& identity, const Directory& folder) {
  const auto write = [&](const char* name, auto&& print) {
    const auto path = folder.path() / name;
    std::FILE* const file = std::fopen((path.string() + ".new").c_str(), "w");
    print(file);
    std::fclose(file);
    std::filesystem::rename(path.string() + ".new", path);
    return path;
  };
  TlsSettings tls;
  tls.cert_file = write("cert.pem", [&](std::FILE* file) { PEM_write_X509(file, identity.certificate()); });
  tls.key_file = write("key.pem", [&](std::FILE* file) {
    PEM_write_PrivateKey(file, identity.key(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return tls;
}

Answer ask_trusting(const TlsIdentity& identity, const Server& server, const std::string& path = "/metrics") {
  const auto url = "https://127.0.0.1:" + std::to_string(server.port()) + path;
  return make_client({.ca_file = identity.path()})->send(request_for(url), {});
}

// A client at 127.0.0.`last`.
RawClient from(std::uint32_t last, const Server& server) {
  auto client = RawClient::unconnected();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(0x7f000000 + last);
  REQUIRE(::bind(client.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  client.connect(server.port());
  return client;
}

// A TLS connection for what no client would send. False: it is over.
class TlsFlood {
 public:
  explicit TlsFlood(std::uint16_t port) : raw_(port), context_(SSL_CTX_new(TLS_client_method())) {
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), raw_.fd());
    good_ = SSL_connect(ssl_.get()) == 1;
  }
  bool say(const std::string& bytes) {
    return good_ && SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  bool update_keys() {
    return good_ && SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl_.get()) == 1;
  }

 private:
  RawClient raw_;
  std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, OpenSslFree<SSL_free>> ssl_;
  bool good_ = false;
};

// Where a handler waits until the test lets it go on.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

TEST_CASE("what a lenient parser would mend is refused") {
  const auto server = start();
  struct Row {
    const char* request;
    int status;
  };
  for (const auto& [request, status] : std::vector<Row>{
           {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
           {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
           {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 501},
           {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400},
           {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
           {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
           {"GET /%2e%2e/etc HTTP/1.1\r\nHost: a\r\n\r\n", 400},
           {"GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
           {"GET etc HTTP/1.1\r\nHost: a\r\n\r\n", 400},
           {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
           {"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", 200},
           {"GET HTTP://b?x HTTP/1.1\r\nHost: a\r\n\r\n", 200},
           {"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400},
           {"GET / HTTP/1.1\nHost: a\n\n", 400},
       }) {
    CAPTURE(request);
    CHECK(status_of(*server, request) == status);
  }
  CHECK(status_of(*server, {"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 35}) == 400);
}

TEST_CASE("only a user with the right password is answered, and it is remembered") {
  std::atomic<int> asked = 0;
  const auto server = start({.access = {.users = {{"ada", hash_of("lovelace")}}}}, [&](const ServerRequest&) {
    ++asked;
    return text_response(200, "fine");
  });
  const std::string get = "GET /metrics" + kEnd;
  RawClient client(server->port());
  for (const auto& wrong : {std::string(), kWrong, kBob, std::string("Authorization: Bearer x\r\n"),
                            std::string("Authorization: Basic ====\r\n"), std::string("Authorization: Basic YWRh\r\n"),
                            std::string("Authorization: Basic YWRhOmxvdmVsYWNlAGE=\r\n"), kAda + kAda}) {
    CAPTURE(wrong);
    const auto answer = client.ask(get + wrong + "\r\n");
    REQUIRE(answer);
    CHECK(answer->status == 401);
    CHECK(answer->header("WWW-Authenticate").starts_with("Basic realm="));
  }
  CHECK(asked == 0);
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.ask(get + kAda + "\r\n");
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(status_of(*server, get + kWrong + "\r\n") == 401);
  }
  CHECK(asked == 3);
}

TEST_CASE("users come and go with new access, and what was remembered goes with them") {
  const auto server = start();
  const std::string request = "GET /" + kEnd + kAda + "\r\n";
  RawClient kept(server->port());
  REQUIRE(kept.ask("GET /" + kEnd + "\r\n"));
  REQUIRE(server->replace_access({.users = {{"ada", hash_of("lovelace")}}}));
  const auto last = kept.ask("GET /" + kEnd + "\r\n");
  REQUIRE(last);
  CHECK(last->status == 401);
  CHECK(last->header("Connection") == "close");
  CHECK(status_of(*server, request) == 200);
  REQUIRE(server->replace_access({.users = {{"ada", hash_of("hopper")}}}));
  CHECK(status_of(*server, request) == 401);
  TlsSettings none;
  none.cert_file = none.key_file = "/nowhere";
  const auto refused = server->replace_access({.tls = none});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("/nowhere") != std::string::npos);
  CHECK(status_of(*server, request) == 401);
  REQUIRE(server->replace_access({}));
  CHECK(status_of(*server, request) == 200);
}

TEST_CASE("a prompt request waits neither for slow ones nor for passwords") {
  Gate gate;
  ServerOptions options;
  options.access.users = {{"ada", hash_of("lovelace")}, {"costly", hash_of("x", "13")}};
  options.prompt = [](std::string_view path) { return path == "/metrics"; };
  const auto server = start(std::move(options), [&](const ServerRequest& request) {
    if (request.path == "/slow") gate.pass();
    return text_response(200, "fine");
  });
  const std::string scrape = "GET /metrics" + kEnd + kAda + "\r\n";
  RawClient scraper(server->port());
  REQUIRE(scraper.ask(scrape));  // from now on the password is known
  std::vector<RawClient> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.emplace_back(server->port()).say("GET /slow" + kEnd + kAda + "\r\n");
    crowd.emplace_back(server->port()).say("GET /metrics" + kEnd + kBob + "\r\n");
  }
  gate.wait_for(2);
  for (int i = 0; i < 50; ++i) {
    const auto answer = scraper.ask(scrape);
    REQUIRE(answer);
    CHECK(answer->body == "fine");
  }
  gate.open();
  for (std::size_t i = 0; i < 6; i += 2) CHECK(crowd[i].hear());
}

TEST_CASE("of more guesses than can be checked soon the rest are told to come later, and a known user is answered") {
  const auto server = start({.access = {.users = {{"ada", hash_of("lovelace")}, {"costly", hash_of("x", "12")}}}});
  const std::string get = "GET /" + kEnd;
  RawClient known(server->port());
  REQUIRE(known.ask(get + kAda + "\r\n"));
  std::vector<RawClient> guessers;
  for (int i = 0; i < 200; ++i) guessers.emplace_back(server->port()).say(get + kBob + "\r\n");
  const auto last = guessers.back().hear();
  REQUIRE(last);
  CHECK(last->status == 503);
  CHECK(last->header("Retry-After") == "5");
  const auto answer = known.ask(get + kAda + "\r\n");
  REQUIRE(answer);
  CHECK(answer->status == 200);
}

TEST_CASE(
    "a password that is not known yet is checked in turn, however many guess from one or several other addresses") {
  for (const std::uint32_t addresses : {1U, 12U}) {
    const auto server = start({.access = {.users = {{"ada", hash_of("lovelace")}, {"costly", hash_of("x", "09")}}}});
    const std::string get = "GET /" + kEnd;
    std::vector<RawClient> guessers;
    for (std::uint32_t i = 0; i < 200; ++i) {
      guessers.push_back(from(1 + i % addresses, *server));
      guessers.back().say(get + kBob + "\r\n");
    }
    const auto last = guessers.back().hear();
    REQUIRE(last);
    CHECK(last->status == 503);
    const auto answer = from(99, *server).ask(get + kAda + "\r\n");
    REQUIRE(answer);
    CHECK(answer->status == 200);
  }
}

TEST_CASE("a peer that sends nothing but blank lines is refused, and one or two before a request are not") {
  const auto server = start();
  RawClient careless(server->port());
  const auto answer = careless.ask("\r\n\r\nGET /" + kEnd + "\r\n");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(status_of(*server, "\r\n\r\n\r\n\r\n\r\nGET /" + kEnd + "\r\n") == 400);
}

TEST_CASE("a flood of blank lines or of key updates keeps nobody else waiting") {
  const TlsIdentity identity("IP:127.0.0.1");
  const Directory folder;
  const auto server = start({.access = {.tls = install(identity, folder)}});
  std::string blank_lines;
  for (int i = 0; i < 8192; ++i) blank_lines += "\r\n";
  std::atomic<bool> over = false;
  std::vector<std::jthread> floods;
  for (const bool updates : {false, true}) {
    floods.emplace_back([&, updates] {
      while (!over) {
        TlsFlood flood(server->port());
        while (!over && (updates ? flood.update_keys() : flood.say(blank_lines))) {
        }
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const auto answer = ask_trusting(identity, *server);
    CHECK_MESSAGE(answer, (answer ? "" : answer.error().text));
  }
  over = true;
}

TEST_CASE("peers are told apart by their address of IPv4 or their network of IPv6") {
  const auto of = [](const std::string& text) {
    sockaddr_storage storage{};
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    const bool is_v6 = text.contains(':');
    storage.ss_family = is_v6 ? AF_INET6 : AF_INET;
    REQUIRE(::inet_pton(storage.ss_family, text.c_str(), is_v6 ? static_cast<void*>(&v6.sin6_addr) : &v4.sin_addr) ==
            1);
    return network_of(storage);
  };
  CHECK(of("10.0.0.1") != of("10.0.0.2"));
  CHECK(of("10.0.0.1") == of("::ffff:10.0.0.1"));
  CHECK(of("::ffff:10.0.0.1") != of("::ffff:10.0.0.2"));
  CHECK(of("2001:db8:0:1::1") == of("2001:db8:0:1:ffff::2"));
  CHECK(of("2001:db8:0:1::1") != of("2001:db8:0:2::1"));
}

TEST_CASE("a password stays known over new access that leaves its hash, while others guess") {
  const auto users = [](const char* password) {
    return AccessSettings{.users = {{"ada", hash_of(password)}, {"costly", hash_of("x", "12")}}};
  };
  const auto same = users("lovelace"), other = users("hopper");
  const auto server = start({.access = same});
  const std::string get = "GET /" + kEnd;
  CHECK(status_of(*server, get + kAda + "\r\n") == 200);
  std::vector<RawClient> guessers;
  for (int i = 0; i < 50; ++i) guessers.emplace_back(server->port()).say(get + kBob + "\r\n");
  REQUIRE(guessers.back().hear());
  REQUIRE(server->replace_access(same));
  CHECK(status_of(*server, get + kAda + "\r\n") == 200);
  REQUIRE(server->replace_access(other));
  CHECK(status_of(*server, get + kAda + "\r\n") != 200);
}

TEST_CASE("headers of the configuration stand in every answer, in place of the handler's") {
  const auto server = start({.access = {.headers = {{"X-Frame-Options", "SAMEORIGIN"}}}}, [](const ServerRequest&) {
    auto response = text_response(200, "");
    response.headers = {{"x-frame-options", "DENY"}, {"X-Other", "1"}};
    return response;
  });
  RawClient client(server->port());
  const auto answer = client.ask("GET /" + kEnd + "\r\n");
  REQUIRE(answer);
  CHECK(answer->header("X-Frame-Options") == "SAMEORIGIN");
  CHECK(answer->header("x-frame-options").empty());
  CHECK(answer->header("X-Other") == "1");
  const auto refused = client.ask("POST /" + kEnd + "\r\n");
  REQUIRE(refused);
  CHECK(refused->header("X-Frame-Options") == "SAMEORIGIN");
}

TEST_CASE("below a prefix paths are as without it, and its place is shown to who comes near") {
  const auto server = start({.route_prefix = "/run/watch"});
  struct Row {
    const char* path;
    int status;
    const char* says;
  };
  RawClient client(server->port());
  for (const auto& [path, status, says] : std::vector<Row>{{"/run/watch/metrics", 200, "/metrics"},
                                                           {"/run/watch/", 200, "/"},
                                                           {"/run/watch", 302, "/run/watch/"},
                                                           {"/", 302, "/run/watch/"},
                                                           {"/metrics", 404, ""},
                                                           {"/run/watches", 404, ""},
                                                           {"/-/healthy", 404, ""}}) {
    CAPTURE(path);
    const auto answer = client.ask(std::string("GET ") + path + kEnd + "\r\n");
    REQUIRE(answer);
    CHECK(answer->status == status);
    if (status == 200) CHECK(answer->body == says);
    if (status == 302) CHECK(answer->header("Location") == says);
  }
}

TEST_CASE("several addresses are one server, and every address is both families") {
  const auto server = start({.host = "127.0.0.1", .also = {{"127.0.0.2", 0}, {"*", 0}}});
  const auto addresses = server->addresses();
  REQUIRE(addresses.size() == 3);
  CHECK(addresses[0] == server->address());
  const auto every = static_cast<std::uint16_t>(std::stoi(addresses[2].substr(addresses[2].rfind(':') + 1)));
  RawClient over_v4(every);
  CHECK(over_v4.ask("GET /" + kEnd + "\r\n"));
  if (addresses[2].starts_with("[::]")) {
    CHECK(ask("http://[::1]:" + std::to_string(every) + "/").has_value());
  }
  CHECK(ask("http://" + addresses[1] + "/").has_value());
  CHECK(serve({.also = {{"127.0.0.1", server->port()}}}, {}).error().kind == core::ErrorKind::busy);
}

TEST_CASE("a reader that says how long it waits is served that long") {
  const auto server = start({.write_timeout = 100ms},
                            [](const ServerRequest&) { return text_response(200, std::string(3'000'000, 'x')); });
  RawClient patient(server->port(), 4096);
  patient.say("GET /" + kEnd + "X-Prometheus-Scrape-Timeout-Seconds: 30.5\r\n\r\n");
  RawClient impatient(server->port(), 4096);
  impatient.say("GET /" + kEnd + "X-Prometheus-Scrape-Timeout-Seconds: -1\r\n\r\n");
  pollfd reset{.fd = impatient.fd(), .events = 0, .revents = 0};
  REQUIRE(::poll(&reset, 1, 20'000) == 1);  // the other one has waited as long by now
  const auto answer = patient.hear();
  REQUIRE(answer);
  CHECK(answer->body.size() == 3'000'000);
}

TEST_CASE("TLS serves many requests on one connection, and large bodies") {
  const TlsIdentity identity("IP:127.0.0.1");
  const Directory folder;
  const auto server = start({.access = {.tls = install(identity, folder)}}, [](const ServerRequest& request) {
    return text_response(200, request.path == "/big" ? std::string(3'000'000, 'x') : "fine");
  });
  const auto client = make_client({.ca_file = identity.path()});
  const auto url = "https://127.0.0.1:" + std::to_string(server->port());
  for (int i = 0; i < 20; ++i) {
    const auto big = client->send(request_for(url + "/big"), {});
    REQUIRE(big.has_value());
    CHECK(big->body.size() == 3'000'000);
    const auto small = client->send(request_for(url + "/"), {});
    REQUIRE(small.has_value());
    CHECK(small->body == "fine");
  }
}

TEST_CASE("peers that are silent, speak no TLS or stop in the handshake keep nobody waiting and end") {
  const TlsIdentity identity("IP:127.0.0.1");
  const Directory folder;
  const auto server = start({.access = {.tls = install(identity, folder)}, .header_timeout = 300ms});
  std::vector<RawClient> crowd;
  for (int i = 0; i < 50; ++i) {
    crowd.emplace_back(server->port());
    crowd.emplace_back(server->port()).say("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    crowd.emplace_back(server->port()).say("\x16\x03\x01\x02");
  }
  CHECK(ask_trusting(identity, *server).has_value());
  for (auto& peer : crowd) CHECK(peer.hear_all().find("HTTP") == std::string::npos);
  CHECK(ask_trusting(identity, *server).has_value());
}

TEST_CASE("a changed certificate is served soon, and one without its key leaves the old one in force") {
  const TlsIdentity first("IP:127.0.0.1");
  const TlsIdentity second("IP:127.0.0.1");
  const Directory folder;
  const Directory aside;
  const auto server = start({.access = {.tls = install(first, folder)}});
  REQUIRE(ask_trusting(first, *server).has_value());
  CHECK_FALSE(ask_trusting(second, *server).has_value());
  const auto next = install(second, aside);
  const auto replace = [&](const std::filesystem::path& from, const char* name) {
    std::filesystem::rename(from, folder.path() / name);
  };
  const auto looks = [&] {  // twice round: what was changed before the first of them has been seen
    const auto until = std::chrono::steady_clock::now() + 2500ms;
    while (std::chrono::steady_clock::now() < until) REQUIRE(ask_trusting(first, *server).has_value());
  };
  replace(next.cert_file, "cert.pem");
  looks();
  replace(next.key_file, "key.pem");
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!ask_trusting(second, *server).has_value() && std::chrono::steady_clock::now() < end) {
  }
  CHECK(ask_trusting(second, *server).has_value());
  CHECK_FALSE(ask_trusting(first, *server).has_value());
}

TEST_CASE("certificates that cannot be used are told by file and reason") {
  const TlsIdentity one("IP:127.0.0.1");
  const TlsIdentity other("IP:127.0.0.1");
  const Directory folder;
  const Directory elsewhere;
  auto mixed = install(one, folder);
  mixed.key_file = install(other, elsewhere).key_file;
  const auto mismatch = check_access({.tls = mixed});
  REQUIRE_FALSE(mismatch);
  CHECK(mismatch.error().text.find("key values mismatch") != std::string::npos);
  auto junk = install(one, folder);
  junk.cert_file = folder.write("junk", "not a certificate");
  REQUIRE_FALSE(check_access({.tls = junk}));
  CHECK(check_access({.tls = junk}).error().text.find("junk") != std::string::npos);
  CHECK(check_access({.tls = junk}).error().text.ends_with("it holds none as PEM"));
  auto locked = install(one, folder);
  locked.key_file = folder.path() / "locked";
  std::FILE* const file = std::fopen(locked.key_file.c_str(), "w");
  REQUIRE(PEM_write_PrivateKey(file, one.key(), EVP_aes_256_cbc(), nullptr, 0, nullptr, const_cast<char*>("secret")));
  std::fclose(file);
  CHECK(check_access({.tls = locked}).error().text.find("it is under a passphrase") != std::string::npos);
  auto client = install(one, folder);
  client.client = ClientCertificate::checked;
  client.client_ca_file = folder.path() / "junk";
  CHECK_FALSE(check_access({.tls = client}));
  CHECK(check_access({.tls = install(one, folder)}));
}

TEST_CASE("a client without the certificate that is needed is refused") {
  const TlsIdentity identity("IP:127.0.0.1");
  const Directory folder;
  auto tls = install(identity, folder);
  tls.client_ca_file = identity.path();
  for (const auto client : {ClientCertificate::needed, ClientCertificate::checked}) {
    tls.client = client;
    CHECK_FALSE(ask_trusting(identity, *start({.access = {.tls = tls}})).has_value());
  }
  for (const auto client : {ClientCertificate::asked, ClientCertificate::checked_if_given}) {
    tls.client = client;
    CHECK(ask_trusting(identity, *start({.access = {.tls = tls}})).has_value());
  }
}

}  // namespace
}  // namespace runwatch::http
