#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "files.h"
#include "support/seed.h"

using namespace runwatch;

namespace {

const char* const kSecret = "QZXJWVKYQZXJWVKYQZXJWVKY";

std::string valid_file() {
  return fmt::format(R"([api]
base_url = "https://unpod.dev"
org_handle = "unpod.tv"
token = "{0}"
timeout = "15s"
rate_limit = 5
max_response = "32MiB"
[poll]
interval = "30s"
[[spaces]]
token = "{0}S"
name = "sales"
runs = ["R1", "R2"]
[server]
hosts = ["a.example"]
created_series = false
[store]
retention = "30d"
[log]
level = "info"
)",
                     kSecret);
}

// Six characters in a row of the secret are a leak; single ones may stand in a syntax error.
bool leaks(const std::string& text) {
  const std::string secret = kSecret;
  for (std::size_t at = 0; at + 6 <= secret.size(); ++at)
    if (text.find(secret.substr(at, 6)) != std::string::npos) return true;
  return false;
}

// Whatever the text: a configuration with a token, or problems that can be shown.
void check_outcome(const std::string& text) {
  const auto loaded = config::parse(text, "/nonexistent", test::environment());
  if (loaded) {
    REQUIRE_FALSE(loaded->config.api.token.empty());
    return;
  }
  REQUIRE_FALSE(loaded.error().empty());
  for (const auto& problem : loaded.error()) {
    CAPTURE(text);
    CAPTURE(problem.text);
    REQUIRE_FALSE(problem.text.empty());
    REQUIRE_FALSE(leaks(problem.text));
  }
}

std::string repeated(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

}  // namespace

TEST_CASE("every prefix of a valid file gives a configuration or problems, and no secret") {
  const std::string whole = valid_file();
  REQUIRE(config::parse(whole, "/", test::environment()).has_value());
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) check_outcome(whole.substr(0, cut));
}

TEST_CASE("changed, removed and repeated bytes of a valid file give a configuration or problems, and no secret") {
  const unsigned seed = runwatch::test::seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::string whole = valid_file();
  static constexpr std::string_view kOdd = "\"'[]{}=.,#\n\r\t \\\0\x7f\xff-+_0aeuxQ";
  for (int round = 0; round < 4000; ++round) {
    std::string text = whole;
    for (unsigned change = 0; change <= random() % 3; ++change) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = kOdd[random() % kOdd.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 5);
          break;
        case 2:
          text.insert(at, 1, kOdd[random() % kOdd.size()]);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 60));
          break;
      }
    }
    check_outcome(text);
  }
}

TEST_CASE("no depth of nesting overflows the stack") {
  const std::string dotted = repeated("a.", 32'000) + "a";
  for (const std::string& text :
       {dotted + " = 1", "[" + dotted + "]", "[[" + dotted + "]]", "x = {" + dotted + " = 1}",
        repeated("'a'.", 16'000) + "b = 1", repeated("a . ", 16'000) + "b = 1", "x = " + repeated("[", 60'000),
        "x = " + repeated("{a=", 20'000), "x = " + repeated("[{a.b.c=", 8'000), repeated("[", 60'000),
        repeated("[[a", 20'000), "s = \"\"\"\n\"\" \\\" ''' # \"\"\"\"\"\n" + dotted + " = 1",
        "s = '''\\'''\n" + dotted + " = 1", "s = \"\\\\\"\n# \" '\n" + dotted + " = 1"}) {
    const std::string problems = test::problems_of(text);
    CHECK(std::count(problems.begin(), problems.end(), '\n') == 1);
  }
}

TEST_CASE("dots in strings and comments are free, and the first dot too many has its place") {
  const std::string free =
      "# " + repeated(".", 5000) + "\nserver.hosts = [" + repeated("'a.b', \"c.d\",\n", 2000) + "]";
  CHECK(test::problems_of(free) == "");
  CHECK(test::problems_of("\n" + repeated("a.", 1001) + "a = 1") == "2:2002 more than 1000 dots in keys and numbers\n");
}
