#include "config/load.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "config/token.h"
#include "files.h"

using namespace runwatch;
using namespace std::chrono_literals;
using test::environment;
using test::lines;

namespace {

constexpr const char* kFull = R"([api]
base_url    = "http://127.0.0.1:3001/"
org_handle  = "unpod.tv"
token       = "apitoken"
timeout     = "1m30s"
rate_limit  = 0.5
burst       = 3
concurrency = 64
page_size   = 10000
max_response = "1MiB"

[poll]
interval           = "100ms"
idle_interval      = "7d"
discovery_interval = "5s"
retire_after       = "0s"
max_series         = 0

[[spaces]]
token     = "8KZRTQP7BNW5XEDLORYUHMJC"
name      = "sales"
runs      = ["R1", "RUN_SPACE_987655"]
run_modes = ["prod", "dev"]
max_age   = "29d"
max_runs  = 100000

[[spaces]]
token = "OTHER"
runs  = "all"

[server]
listen = "[::1]:0"
hosts  = ["runwatch.example", "10.0.0.7"]
created_series = true

[store]
path      = "/tmp/state.db"
retention = "29d1ms"

[log]
level  = "debug"
format = "json"
)";

config::Config expected_full() {
  config::Config c;
  c.api = {.base_url = "http://127.0.0.1:3001",
           .org_handle = "unpod.tv",
           .token = core::Secret("apitoken"),
           .token_path = {},
           .token_source = config::TokenSource::config,
           .timeout = 90s,
           .rate_limit = 0.5,
           .burst = 3,
           .concurrency = 64,
           .page_size = 10000,
           .max_response = core::mib(1)};
  c.poll = {.interval = 100ms, .idle_interval = 24h * 7, .discovery_interval = 5s, .retire_after = 0s, .max_series = 0};
  config::Space sales;
  sales.token = core::Secret("8KZRTQP7BNW5XEDLORYUHMJC");
  sales.name = "sales";
  sales.runs = {"R1", "RUN_SPACE_987655"};
  sales.run_modes = {"prod", "dev"};
  sales.max_age = 24h * 29;
  sales.max_runs = 100000;
  config::Space other;
  other.token = core::Secret("OTHER");
  c.spaces = {sales, other};
  c.server = {.listen = {{"::1", 0}}, .hosts = {"runwatch.example", "10.0.0.7"}, .created_series = true};
  c.store = {.path = "/tmp/state.db", .in_state_folder = false, .retention = 24h * 29 + 1ms};
  c.log = {.level = core::log::Level::debug, .format = core::log::Format::json};
  return c;
}

std::filesystem::path token_file(const test::Directory& dir, const char* name, const char* content) {
  return dir.write(name, content);
}

}  // namespace

TEST_CASE("every key reaches its member") {
  const auto loaded = config::parse(kFull, "/etc/runwatch", environment());
  REQUIRE_MESSAGE(loaded.has_value(), lines(loaded.error()));
  CHECK((loaded->config == expected_full()));
  CHECK(lines(loaded->warnings) == "");
}

TEST_CASE("everything but the token has a default") {
  const auto loaded = config::parse("", "/etc/runwatch", environment({{"RUNWATCH_API_TOKEN", "t"}}));
  REQUIRE(loaded.has_value());
  config::Config expected;
  expected.api.token = core::Secret("t");
  expected.api.token_source = config::TokenSource::environment;
  CHECK((loaded->config == expected));
  CHECK(loaded->config.api.base_url == "https://unpod.dev");
  CHECK(loaded->config.api.timeout == 15s);
  CHECK(loaded->config.poll.idle_interval == 10min);
  CHECK(loaded->config.every_space.max_age == 24h * 7);
  CHECK(loaded->config.store.retention == 24h * 30);
  CHECK(lines(loaded->warnings).starts_with("0:0 api.org_handle is missing, and without [[spaces]]"));
}

TEST_CASE("the API token comes from the environment, else the file, else the key, else the credential") {
  const test::Directory dir;
  token_file(dir, "from-file", "file-token\n");
  token_file(dir, "unpod-token", "credential-token\n");
  const test::Variables both{{"RUNWATCH_API_TOKEN", "env-token\n"}, {"CREDENTIALS_DIRECTORY", dir.path().string()}};
  const test::Variables credential{{"RUNWATCH_API_TOKEN", ""}, {"CREDENTIALS_DIRECTORY", dir.path().string()}};
  struct Case {
    const char* text;
    test::Variables variables;
    const char* token;
    std::optional<std::filesystem::path> path;
    std::string origin;
  };
  const std::string environment_origin =
      "it is that of the environment variable RUNWATCH_API_TOKEN: a new one takes a restart";
  const std::string file_origin =
      fmt::format("it stands in {}: a new one there is taken at once", (dir.path() / "from-file").string());
  const std::string credential_origin =
      "it is that of the systemd credential unpod-token, copied at the start: a new one takes a restart";
  const Case cases[] = {
      {"[api]\ntoken_file = \"from-file\"", both, "env-token", {}, environment_origin},
      {"[api]\ntoken_file = \"absent\"", both, "env-token", {}, environment_origin},
      {"[api]\ntoken_file = \"from-file\"", credential, "file-token", dir.path() / "from-file", file_origin},
      {"[api]\ntoken = \"key-token\"", both, "env-token", {}, environment_origin},
      {"[api]\ntoken = \"key-token\"", credential, "key-token", {}, "it stands in api.token: a new one takes a reload"},
      {"", both, "env-token", {}, environment_origin},
      {"", credential, "credential-token", dir.path() / "unpod-token", credential_origin},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto loaded = config::parse(c.text, dir.path(), environment(c.variables));
    REQUIRE_MESSAGE(loaded.has_value(), lines(loaded.error()));
    CHECK(loaded->config.api.token.reveal() == c.token);
    CHECK(loaded->config.api.token_path == c.path);
    CHECK(config::token_origin(loaded->config.api) == c.origin);
  }
}

TEST_CASE("relative paths start at the file's directory") {
  const test::Directory dir;
  token_file(dir, "t", "tok");
  const auto file = dir.write("c.toml", "[api]\norg_handle='o'\ntoken_file='t'\n[store]\npath='s/state.db'");
  const auto loaded = config::load(file, environment());
  REQUIRE(loaded.has_value());
  CHECK(loaded->config.store.path == dir.path() / "s/state.db");
  CHECK(config::parse("store.path=':memory:'", "", environment({{"RUNWATCH_API_TOKEN", "t"}}))->config.store.path ==
        "./:memory:");
}

TEST_CASE("the store is where the file says, else in the state folder of the service, else in the user's") {
  struct Case {
    const char* text;
    test::Variables variables;
    const char* path;
  };
  const Case cases[] = {
      {"", {}, "/var/lib/runwatch/state.db"},
      {"", {{"HOME", "/home/a"}}, "/home/a/.local/state/runwatch/state.db"},
      {"", {{"HOME", "relative"}, {"XDG_STATE_HOME", "relative"}}, "/var/lib/runwatch/state.db"},
      {"", {{"HOME", "/home/a"}, {"XDG_STATE_HOME", "/x"}}, "/x/runwatch/state.db"},
      {"", {{"HOME", "/home/a"}, {"XDG_STATE_HOME", ""}}, "/home/a/.local/state/runwatch/state.db"},
      {"", {{"XDG_STATE_HOME", "/x"}, {"STATE_DIRECTORY", "/var/lib/rw"}}, "/var/lib/rw/state.db"},
      {"", {{"STATE_DIRECTORY", "/var/lib/rw:/var/lib/other"}}, "/var/lib/rw/state.db"},
      {"store.path = 's.db'", {{"STATE_DIRECTORY", "/var/lib/rw"}}, "/etc/runwatch/s.db"},
  };
  for (auto c : cases) {
    CAPTURE(c.path);
    c.variables["RUNWATCH_API_TOKEN"] = "t";
    const auto loaded = config::parse(c.text, "/etc/runwatch", environment(c.variables));
    REQUIRE(loaded.has_value());
    CHECK(loaded->config.store.path == c.path);
    CHECK(loaded->config.store.in_state_folder == std::string_view(c.text).empty());
  }
}

TEST_CASE("listening on every address is a warning, however it is written") {
  for (const char* listen : {":9", "0.0.0.0:9", "[::]:9", "[0:0::0]:9"}) {
    CAPTURE(listen);
    const auto loaded = config::parse(fmt::format("[api]\norg_handle = 'o'\n[server]\nlisten = '{}'", listen), "/",
                                      environment({{"RUNWATCH_API_TOKEN", "t"}}));
    REQUIRE(loaded.has_value());
    CHECK(lines(loaded->warnings).starts_with("4:10 server.listen is every address of this machine"));
  }
  for (const char* listen : {"127.0.0.1:9", "[::1]:9", "10.0.0.1:9", "localhost:9"}) {
    CAPTURE(listen);
    const auto loaded = config::parse(fmt::format("[api]\norg_handle = 'o'\n[server]\nlisten = '{}'", listen), "/",
                                      environment({{"RUNWATCH_API_TOKEN", "t"}}));
    CHECK(lines(loaded->warnings) == "");
  }
}

TEST_CASE("a space's token can come from a file") {
  const test::Directory dir;
  token_file(dir, "space", "SPACE\n");
  const auto loaded = config::parse("[api]\ntoken='t'\n[[spaces]]\ntoken_file='space'", dir.path(), environment());
  REQUIRE_MESSAGE(loaded.has_value(), lines(loaded.error()));
  CHECK(loaded->config.spaces[0].token.reveal() == "SPACE");
  CHECK(loaded->config.spaces[0].token_path == dir.path() / "space");
  CHECK(loaded->config.spaces[0].all_runs());
}

TEST_CASE("what is allowed but unwise is a warning") {
  const test::Directory dir;
  const auto token = token_file(dir, "open", "tok");
  std::filesystem::permissions(token, std::filesystem::perms(0644));
  const auto file = dir.write("c.toml",
                              "[api]\nbase_url = \"http://unpod.dev\"\ntoken_file = \"open\"\n[[spaces]]\n"
                              "token = \"S\"\nrun_modes = [\"prod\", \"prd\"]\n");
  const auto loaded = config::load(file, environment());
  REQUIRE_MESSAGE(loaded.has_value(), lines(loaded.error()));
  CHECK(lines(loaded->warnings) ==
        fmt::format(
            "2:12 api.base_url is plain http:// beyond this machine: the token can be read on the way; use https://\n"
            "3:14 api.token_file can be read by every user: chmod o-r {}, once the account that runs runwatch may read "
            "it as its owner or group (chgrp runwatch)\n"
            "6:22 spaces.run_modes has a mode other than prod, dev, test, prefect, default, the platform's documented "
            "ones: did you mean \"prod\"?\n",
            token.string()));
}

TEST_CASE("secrets inside a file that everybody may read are a warning that names them") {
  struct Case {
    std::string text;
    std::string named;
  };
  const Case cases[] = {
      {"[api]\ntoken='t'\norg_handle='o'", "api.token"},
      {"[api]\norg_handle='o'\n[[spaces]]\ntoken='8KZRTQP7BNW5XEDLORYUHMJC'", "tokens of spaces"},
      {"[api]\norg_handle='o'\n[[alerts.receivers]]\nname='ops'\ntype='slack'\nurl='https://example.org/x'",
       "secrets of receivers"},
      {"[api]\norg_handle='o'\n[[alerts.receivers]]\nname='ops'\ntype='custom'\nurl_file='u'\n"
       "headers={x-key='1'}\ntemplate={a='b'}",
       "secrets of receivers"},
      {"[api]\norg_handle='o'\n[alerts.heartbeat]\nurl='https://example.org/beat'", "alerts.heartbeat.url"},
      {"[api]\ntoken='t'\norg_handle='o'\n[alerts.heartbeat]\nurl='https://example.org/beat'",
       "api.token, alerts.heartbeat.url"},
  };
  for (const auto& [text, named] : cases) {
    CAPTURE(text);
    const test::Directory dir;
    std::filesystem::permissions(dir.write("u", "https://example.org/x"), std::filesystem::perms(0600));
    const auto file = dir.write("c.toml", text);
    const auto around =
        environment(named.starts_with("api.token") ? test::Variables{} : test::Variables{{"RUNWATCH_API_TOKEN", "t"}});
    const auto shut = config::load(file, around);
    REQUIRE_MESSAGE(shut, lines(shut.error()));
    CHECK(lines(shut->warnings) == "");
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    CHECK(lines(config::load(file, around)->warnings) ==
          fmt::format("0:0 holds {} and can be read by every user: chmod o-r {}, once the account that runs runwatch "
                      "may read it as its owner or group (chgrp runwatch)\n",
                      named, file.string()));
  }
  const test::Directory dir;
  const auto file = dir.write("c.toml", "[api]\ntoken='t'\norg_handle='o'");
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  CHECK(lines(config::load(file, environment({{"RUNWATCH_API_TOKEN", "t"}}))->warnings) == "");
}

TEST_CASE("a file that cannot be used is one problem with its reason") {
  const test::Directory dir;
  const auto fifo = dir.path() / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  struct Case {
    std::filesystem::path path;
    const char* text;
  };
  const std::string hint = ": name a configuration file with --config FILE";
  const Case cases[] = {
      {dir.path() / "absent.toml", "cannot be read: No such file or directory"},
      {dir.path(), "is a directory, not a file"},
      {fifo, "is a FIFO, not a regular file"},
      {"/dev/null", "is not a regular file"},
      {dir.write("large.toml", std::string(65537, '\n')), "is larger than 64KiB"},
  };
  for (const auto& c : cases) {
    const auto loaded = config::load(c.path, environment());
    REQUIRE_FALSE(loaded.has_value());
    CHECK(lines(loaded.error()) == "0:0 " + (c.text + hint) + "\n");
    CHECK(config::format_problem(c.path, loaded.error()[0]) == c.path.string() + ": " + c.text + hint);
  }
  const auto bytes = dir.write("bytes.toml", "[api]\ntoken = \"\xFF\"");
  CHECK(lines(config::load(bytes, environment()).error()) == "0:0 is not valid UTF-8: save it as UTF-8 text\n");
  const auto largest = dir.write("largest.toml", std::string(65536, '\n'));
  CHECK(config::load(largest, environment({{"RUNWATCH_API_TOKEN", "t"}})).has_value());
}

TEST_CASE("loading twice gives the same and changes nothing") {
  const test::Directory dir;
  const auto file = dir.write("c.toml", kFull);
  const auto first = config::load(file, environment());
  const auto second = config::load(file, environment());
  REQUIRE((first.has_value() && second.has_value()));
  CHECK((first->config == second->config));
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(dir.path())) ++entries;
  CHECK(entries == 1);
}
