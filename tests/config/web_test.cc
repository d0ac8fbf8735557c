#include <doctest/doctest.h>

#include <string>

#include "files.h"

using namespace runwatch;

namespace {

const std::string kHash = "$2y$12$abcdefghijklmnopqrstuuKq6Z1eAoEzGzKjVdjDLhXs9jTjzBuL2";

const std::string kFull = R"(tls_server_config:
  cert_file: server.pem
  key_file: /etc/passwd
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  client_allowed_sans: [prometheus.example.org, "10.0.0.7"]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [X25519, CurveP256]
  prefer_server_cipher_suites: false
http_server_config:
  http2: true
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Frame-Options: deny
basic_auth_users:
  ada: )" + kHash + "\n  \"bob\": '" +
                          kHash + "'\n";

std::expected<config::Loaded, config::Problems> load(const test::Directory& dir, const std::string& yaml,
                                                     const std::string& listen = "127.0.0.1:0") {
  for (const char* file : {"a", "b", "c", "server.pem", "ca.pem"}) dir.write(file, "");
  dir.write("web.yml", yaml);
  return config::parse(
      "api.token = 't'\napi.org_handle = 'o'\n[server]\nlisten = '" + listen + "'\nweb_config_file = 'web.yml'\n",
      dir.path(), test::environment());
}

// The problems without where the file is.
std::string problems_of(const std::string& yaml) {
  const test::Directory dir;
  const auto loaded = load(dir, yaml);
  if (loaded) return "";
  std::string out;
  const std::string prefix = "server.web_config_file cannot be used: " + (dir.path() / "web.yml").string();
  for (const auto& [place, text] : loaded.error()) {
    CHECK(place == config::Place{5, 19});
    REQUIRE_MESSAGE(text.starts_with(prefix), text);
    out += text.substr(prefix.size() + 1) + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("a complete web configuration is taken over, its paths beginning at its own folder") {
  const test::Directory dir;
  const auto loaded = load(dir, kFull);
  REQUIRE_MESSAGE(loaded.has_value(), test::lines(loaded.error()));
  const config::Web& web = loaded->config.server.web;
  REQUIRE(web.tls.has_value());
  CHECK(web.tls->cert_file == dir.path() / "server.pem");
  CHECK(web.tls->key_file == "/etc/passwd");
  CHECK(web.tls->client_auth == config::ClientAuth::checked);
  CHECK(web.tls->client_ca_file == dir.path() / "ca.pem");
  CHECK(web.tls->client_allowed_sans == std::vector<std::string>{"prometheus.example.org", "10.0.0.7"});
  CHECK(web.tls->cipher_suites == std::vector<std::string>{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"});
  CHECK(web.tls->curve_preferences == std::vector<std::string>{"X25519", "P-256"});
  CHECK_FALSE(web.tls->prefer_server_cipher_suites);
  CHECK(web.headers.at("Strict-Transport-Security") == "max-age=31536000");
  CHECK(web.headers.size() == 2);
  CHECK(web.users.size() == 2);
  CHECK(web.users.at("bob").reveal() == kHash);
  for (const char* nothing : {"", "{}", "tls_server_config: {}\n", "basic_auth_users:\n", "# nothing\n"}) {
    const auto empty = load(dir, nothing);
    REQUIRE(empty.has_value());
    CHECK_FALSE(empty->config.server.web.tls.has_value());
    CHECK(empty->config.server.web.users.empty());
  }
  const auto newest =
      load(dir, "tls_server_config: {cert_file: a, key_file: b, cipher_suites: [TLS_AES_128_GCM_SHA256]}");
  REQUIRE(newest.has_value());
  CHECK(newest->config.server.web.tls->min_version == config::TlsVersion::tls13);
}

TEST_CASE("what is wrong in a web configuration is told with line and column, and never with a hash") {
  struct Case {
    std::string yaml, expected;
  };
  const std::string pair = "tls_server_config: {cert_file: a, key_file: b, ";
  for (const auto& [yaml, expected] : std::initializer_list<Case>{
           {"tls_server_confg: {}", "1:1: tls_server_confg is not a key; did you mean tls_server_config?\n"},
           {"tls_server_config:\n  cert_fil: a\n  cert_file: a\n  key_file: b",
            "2:3: tls_server_config.cert_fil is not a key; did you mean cert_file?\n"},
           {"tls_server_config:\n  cert_file: a",
            "2:3: tls_server_config.key_file is missing: TLS needs cert_file and key_file\n"},
           {pair + "cert: x}",
            "1:54: tls_server_config.cert is not supported: write it into a file and name that as cert_file\n"},
           {"rate_limit: {}\n", "1:13: rate_limit is not supported\n"},
           {pair + "min_version: TLS10}", "1:61: tls_server_config.min_version may be TLS12, TLS13, not TLS10\n"},
           {pair + "min_version: TLS13, max_version: TLS12}",
            "1:81: tls_server_config.max_version is older than TLS 1.3, and nothing older is allowed\n"},
           {pair + "client_auth_type: RequireAndVerifyClientCert}",
            "1:20: tls_server_config.client_ca_file is missing: a client's certificate is checked against it\n"},
           {pair + "client_ca_file: c}",
            "1:64: tls_server_config.client_ca_file does nothing without client_auth_type: "
            "RequireAndVerifyClientCert\n"},
           {pair + "client_allowed_sans: [c]}",
            "1:69: tls_server_config.client_allowed_sans does nothing without "
            "client_auth_type: RequireAndVerifyClientCert\n"},
           {pair + "curve_preferences: [P-256]}",
            "1:67: tls_server_config.curve_preferences may be CurveP256, CurveP384, CurveP521, X25519, not P-256\n"},
           {pair + "prefer_server_cipher_suites: perhaps}",
            "1:77: tls_server_config.prefer_server_cipher_suites must be true or false\n"},
           {pair + "cert_file: c}", "1:48: tls_server_config.cert_file stands there twice\n"},
           {"tls_server_config: {cert_file: a, key_file: /no/such.key, min_version: TLS10}",
            "1:45: tls_server_config.key_file names /no/such.key, which cannot be read: No such file or directory\n"
            "1:72: tls_server_config.min_version may be TLS12, TLS13, not TLS10\n"},
           {"tls_server_config: [a]", "1:20: tls_server_config must be a map of keys and values\n"},
           {"http_server_config:\n  headers:\n    X-Other: a",
            "3:5: http_server_config.headers.X-Other is not a key; there are Content-Security-Policy, "
            "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection\n"},
           {"http_server_config: {headers: {X-Frame-Options: \"a\\nb\"}}",
            "1:49: http_server_config.headers.X-Frame-Options has a control or non-ASCII character, or a space around "
            "it\n"},
           {"basic_auth_users:\n  SECRET: SECRET",
            "2:11: basic_auth_users has a user whose password is no bcrypt hash: make one with: htpasswd -nBC 12 "
            "USER\n"},
           {"basic_auth_users:\n  SECRET: " + std::string(kHash).replace(4, 2, "17"),
            "2:11: basic_auth_users has a hash of cost 17: 4 to 16 are allowed, 12 takes a fifth of a second\n"},
           {"basic_auth_users: {a: " + kHash + ", a: " + kHash + "}", "1:85: basic_auth_users has a user twice\n"},
           {"basic_auth_users: {'SECRET:': " + kHash + "}",
            "1:20: basic_auth_users has a user without a name, or with a colon\n"},
           {"a: [", "1:1: is no YAML: end of sequence flow not found\n"},
           {"- a", "1:1:  must be a map of keys and values\n"},
       }) {
    CAPTURE(yaml);
    CHECK(problems_of(yaml) == expected);
  }
  const std::string deep = problems_of(std::string(50'000, '['));
  CHECK(deep.find("is no YAML") != std::string::npos);
}

TEST_CASE("a web configuration that is not there, or no file, is a problem") {
  const test::Directory dir;
  for (const std::string file : {"nowhere.yml", "."}) {
    const auto loaded =
        config::parse("api.token = 't'\nserver.web_config_file = '" + file + "'", dir.path(), test::environment());
    REQUIRE_FALSE(loaded.has_value());
    CHECK(test::lines(loaded.error()).starts_with("2:26 server.web_config_file cannot be used: "));
  }
}

TEST_CASE("the change of what a web configuration says is told by its key, and needs no restart") {
  const test::Directory dir;
  const auto before = load(dir, kFull);
  const auto same = load(dir, kFull);
  const auto after = load(dir, "basic_auth_users: {ada: " + kHash + "}");
  CHECK(config::changed_keys(before->config, same->config).empty());
  CHECK(config::changed_keys(before->config, after->config) == std::vector<std::string>{"server.web_config_file"});
  CHECK_FALSE(config::needs_restart("server.web_config_file"));
}

TEST_CASE("every address is warned of, unless users or client certificates guard it") {
  const test::Directory dir;
  const std::string users = "basic_auth_users: {ada: " + kHash + "}\n";
  const std::string tls = "tls_server_config: {cert_file: a, key_file: b}\n";
  const auto warnings = [&](const std::string& yaml) {
    const auto loaded = load(dir, yaml, ":0");
    REQUIRE(loaded.has_value());
    return test::lines(loaded->warnings);
  };
  CHECK(warnings("").starts_with("4:10 server.listen is every address of this machine, and whoever can reach it"));
  CHECK(warnings(tls).starts_with("4:10 server.listen is every address of this machine, and whoever can reach it"));
  CHECK(warnings(users).starts_with("4:10 server.listen is every address of this machine, and passwords are sent"));
  CHECK(warnings(users + tls).empty());
  CHECK(warnings(kFull).empty());
}

TEST_CASE("several addresses, a prefix and the way to the platform are taken over") {
  const auto loaded = config::parse(
      "[api]\ntoken = 't'\norg_handle = 'o'\nproxy = 'environment'\n[server]\nlisten = ['127.0.0.1:1', '[::1]:1', "
      "':0']\nroute_prefix = '/a/b-c/'\n",
      "/", test::environment());
  REQUIRE(loaded.has_value());
  CHECK(loaded->config.server.listen ==
        std::vector<config::Listen>{{"127.0.0.1", 1}, {"::1", 1}, {config::kEveryAddress, 0}});
  CHECK(loaded->config.server.route_prefix == "/a/b-c");
  CHECK(loaded->config.api.proxy == config::kEnvironment);
  CHECK(test::lines(loaded->warnings).starts_with("6:37 server.listen is every address"));
}

TEST_CASE("bad addresses, prefixes and ways to the platform are told") {
  struct Case {
    const char *text, *expected;
  };
  for (const auto& [text, expected] : std::initializer_list<Case>{
           {"server.listen = []", "1:17 server.listen is an empty array: name an address\n"},
           {"server.listen = 1", "1:17 server.listen must be a quoted string, not an integer\n"},
           {"server.listen = ['127.0.0.1:1', 'x']",
            "1:33 server.listen must be HOST:PORT, [IPv6]:PORT, or :PORT for "
            "every address, as in 127.0.0.1:10321\n"},
           {"server.listen = ['127.0.0.1:1', '127.0.0.1:1']",
            "1:33 server.listen has an address twice: :PORT and [::]:PORT are every one of both families, "
            "0.0.0.0:PORT of IPv4\n"},
           {"server.listen = [':1', '127.0.0.1:1']",
            "1:24 server.listen has an address twice: :PORT and [::]:PORT are every one of both families, "
            "0.0.0.0:PORT of IPv4\n"},
           {"server.listen = ['127.0.0.1:1', '0.0.0.0:1']",
            "1:33 server.listen has an address twice: :PORT and [::]:PORT are every one of both families, "
            "0.0.0.0:PORT of IPv4\n"},
           {"api.token = 't'\napi.org_handle = 'o'\nserver.listen = ['127.0.0.1:1', '[::1]:1', '127.0.0.1:2']", ""},
           {"api.token = 't'\napi.org_handle = 'o'\nserver.listen = ['0.0.0.0:1', '[::1]:1']", ""},
           {"server.listen = [':1', '0.0.0.0:1']",
            "1:24 server.listen has an address twice: :PORT and [::]:PORT are every one of both families, "
            "0.0.0.0:PORT of IPv4\n"},
           {"server.route_prefix = 'a'",
            "1:23 server.route_prefix must be a path of letters, digits, '-', '_' and '.', as in \"/runwatch\"\n"},
           {"server.route_prefix = '/a/../b'",
            "1:23 server.route_prefix must be a path of letters, digits, '-', '_' and '.', as in \"/runwatch\"\n"},
           {"api.proxy = 'http://u:SECRET@h:1'",
            "1:13 api.proxy must not hold a user or password: secrets have keys of their own\n"},
           {"api.proxy = 'h:1'", "1:13 api.proxy has no scheme: write https://HOST\n"},
       }) {
    CAPTURE(text);
    CHECK(test::problems_of(text) == expected);
  }
}

TEST_CASE("a file of CAs holds certificates, of the platform and of receivers alike") {
  const test::Directory dir;
  for (const char* const table : {"[api]\n", "[[alerts.receivers]]\nname = 'r'\nurl = 'https://h'\n"}) {
    const std::string api = table;
    const std::string key = api.starts_with("[api]") ? "api" : "alerts.receivers";
    const std::string start = key + ".ca_file cannot be used: " + (dir.path() / "ca.pem").string();
    const auto of = [&](const std::string& content) {
      dir.write("ca.pem", content);
      const auto text = (api.starts_with("[api]") ? "[api]\ntoken = 't'\n" : "api.token = 't'\n" + api) +
                        std::string("ca_file = 'ca.pem'\n");
      const auto loaded = config::parse(text, dir.path(), test::environment());
      return loaded ? std::string() : loaded.error().front().text;
    };
    CHECK(of("no certificate") == start + " holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    CHECK(of("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n") ==
          start + " holds a certificate that cannot be read: it is damaged or cut off");
    CHECK(of("-----BEGIN CERTIFICATE-----\nMIIB") ==
          start + " holds a certificate that cannot be read: it is damaged or cut off");
  }
}
