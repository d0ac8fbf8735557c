#include <doctest/doctest.h>

#include "files.h"

using namespace runwatch;
using test::problems_of;

namespace {

struct Case {
  const char* text;
  const char* expected;
};

void check(std::initializer_list<Case> cases) {
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(problems_of(c.text) == c.expected);
  }
}

}  // namespace

TEST_CASE("unknown keys are told with their place and the nearest valid one") {
  check({
      {"[api]\n  bsae_url = 'x'", "2:3 unknown key \"bsae_url\" in [api]: did you mean \"base_url\"?\n"},
      {"[poll]\nintervall = '1s'", "2:1 unknown key \"intervall\" in [poll]: did you mean \"interval\"?\n"},
      {"[api]\ninterval = '1s'", "2:1 unknown key \"interval\" in [api]: it belongs in [poll]\n"},
      {"max_age = '1s'", "1:1 unknown key \"max_age\" at the top level: it belongs in [spaces]\n"},
      {"[api]\nBASE-URL = 1", "2:1 unknown key in [api]: did you mean \"base_url\"?\n"},
      {"[log]\nx = 1", "2:1 unknown key \"x\" in [log]: valid are level, format\n"},
      {"[sever]\nx = 1", "1:2 unknown key \"sever\" at the top level: did you mean \"server\"?\n"},
      {"[[space]]\nx = 1", "1:3 unknown key \"space\" at the top level: did you mean \"spaces\"?\n"},
      {"[[spaces]]\ntoken='S'\nmaxruns=1", "3:1 unknown key \"maxruns\" in [spaces]: did you mean \"max_runs\"?\n"},
      {"[zzzzzz]",
       "1:2 unknown key \"zzzzzz\" at the top level: valid are api, poll, spaces, server, store, log, alerts, "
       "control\n"},
      {"[api]\n\"a\\nb\\u202e\" = 1",
       "2:1 unknown key in [api]: valid are base_url, org_handle, token, token_file, timeout, rate_limit, "
       "burst, concurrency, page_size, max_response, ca_file, proxy\n"},
  });
}

TEST_CASE("wrong types are told with what is expected") {
  check({
      {"[api]\ntimeout = 15", "2:11 api.timeout must be a quoted duration such as \"1h30m\", not an integer\n"},
      {"[api]\nmax_response = 1.5", "2:16 api.max_response must be a quoted size such as \"32MiB\", not a float\n"},
      {"[api]\norg_handle = true", "2:14 api.org_handle must be a quoted string, not a boolean\n"},
      {"[api]\nrate_limit = '5'", "2:14 api.rate_limit must be a number, not a string\n"},
      {"[api]\nburst = 1.0", "2:9 api.burst must be an integer, not a float\n"},
      {"[api]\nburst = {}", "2:9 api.burst must be an integer, not a table\n"},
      {"[server]\nhosts = 'a'", "2:9 server.hosts must be an array of strings, not a string\n"},
      {"[server]\nhosts = ['a', 1979-05-27]",
       "2:15 server.hosts must be an array of strings, but this element is a date or time\n"},
      {"[server]\ncreated_series = 'yes'", "2:18 server.created_series must be true or false, not a string\n"},
      {"[[spaces]]\ntoken = 'S'\nruns = 5", "3:8 spaces.runs must be an array of strings, not an integer\n"},
      {"api = 5", "1:7 api must be a table: write [api] above its keys\n"},
      {"[[poll]]", "1:1 poll must be a table: write [poll] above its keys\n"},
      {"[spaces]", "1:1 spaces must be an array of tables: write [[spaces]] above the keys of each\n"},
      {"spaces = ['a']", "1:10 spaces must be an array of tables: write [[spaces]] above the keys of each\n"},
      {"spaces = []", "1:10 spaces is empty: remove it to watch every space of the organization\n"},
  });
}

TEST_CASE("values out of range are told with the range") {
  check({
      {"[poll]\ninterval = '99ms'", "2:12 poll.interval must be from 100ms to 7d, not 99ms\n"},
      {"[poll]\nidle_interval = '7d1ms'", "2:17 poll.idle_interval must be from 100ms to 7d, not 7d1ms\n"},
      {"[poll]\ndiscovery_interval = '0s'", "2:22 poll.discovery_interval must be from 100ms to 7d, not 0s\n"},
      {"[api]\ntimeout = '11m'", "2:11 api.timeout must be from 100ms to 10m, not 11m\n"},
      {"[api]\ntimeout = '99ms'", "2:11 api.timeout must be from 100ms to 10m, not 99ms\n"},
      {"[api]\nrate_limit = 0.09", "2:14 api.rate_limit must be from 0.1 to 100000, not 0.09\n"},
      {"[api]\nrate_limit = 100001", "2:14 api.rate_limit must be from 0.1 to 100000, not 100001\n"},
      {"[api]\nrate_limit = nan", "2:14 api.rate_limit must be from 0.1 to 100000, not nan\n"},
      {"[api]\nrate_limit = inf", "2:14 api.rate_limit must be from 0.1 to 100000, not inf\n"},
      {"[api]\npage_size = 0", "2:13 api.page_size must be from 1 to 10000, not 0\n"},
      {"[api]\npage_size = 10001", "2:13 api.page_size must be from 1 to 10000, not 10001\n"},
      {"[api]\nconcurrency = 65", "2:15 api.concurrency must be from 1 to 64, not 65\n"},
      {"[api]\nconcurrency = -1", "2:15 api.concurrency must be from 1 to 64, not -1\n"},
      {"[api]\nburst = 0", "2:9 api.burst must be from 1 to 100000, not 0\n"},
      {"[api]\nmax_response = '1B'", "2:16 api.max_response must be from 1KiB to 1GiB, not 1B\n"},
      {"[[spaces]]\ntoken='S'\nmax_runs=0", "3:10 spaces.max_runs must be from 1 to 100000, not 0\n"},
      {"[[spaces]]\ntoken='S'\nmax_runs=100001", "3:10 spaces.max_runs must be from 1 to 100000, not 100001\n"},
      {"[poll]\ninterval = '1.5s'",
       "2:12 poll.interval is not a duration: write whole numbers with d, h, m, s or ms, as in \"30s\" or \"1h30m\"\n"},
      {"[api]\nmax_response = '32MB'",
       "2:16 api.max_response is not a size: write a whole number with B, KiB, MiB or GiB, as in \"32MiB\"\n"},
      {"[log]\nlevel = 'warn'",
       "2:9 log.level must be one of error, warning, info, debug: did you mean \"warning\"?\n"},
      {"[log]\nformat = 'xml'", "2:10 log.format must be one of logfmt, json\n"},
      {"[store]\nretention = '7d'", "2:13 store.retention must exceed every max_age: 7d is not longer than 7d\n"},
      {"[[spaces]]\ntoken='S'\nmax_age='31d'",
       "0:0 store.retention must exceed every max_age: 30d is not longer than 31d\n"},
      {"[store]\nretention='2d'\n[[spaces]]\ntoken='S'\nmax_age='1d'", ""},
  });
}

TEST_CASE("impossible addresses, ids and paths are refused") {
  check({
      {"[api]\nbase_url = 'unpod.dev'", "2:12 api.base_url has no scheme: write https://HOST\n"},
      {"[api]\nbase_url = 'https://unpod.dev/api/v2/platform/'",
       "2:12 api.base_url must end before /api/v2/platform, which is added: as in \"https://unpod.dev\"\n"},
      {"[api]\nbase_url = 'ftp://unpod.dev'", "2:12 api.base_url must begin with https:// or http://\n"},
      {"[api]\nbase_url = 'https://u:p@unpod.dev'",
       "2:12 api.base_url must not hold a user or password: secrets have keys of their own\n"},
      {"[api]\nbase_url = \"https://unpod.dev\\r\\n\"",
       "2:12 api.base_url holds a space, quote, backslash, control or non-ASCII character\n"},
      {"[api]\nbase_url = 'https://unpod.dev:65536'", "2:12 api.base_url has an impossible port: 1 to 65535\n"},
      {"[api]\norg_handle = ''", "2:14 api.org_handle must be 1 to 255 visible ASCII characters, as in \"unpod.tv\"\n"},
      {"[api]\norg_handle = \"a\\nb\"",
       "2:14 api.org_handle must be 1 to 255 visible ASCII characters, as in \"unpod.tv\"\n"},
      {"[server]\nlisten = '127.0.0.1'",
       "2:10 server.listen must be HOST:PORT, [IPv6]:PORT, or :PORT for every address, as in 127.0.0.1:10321\n"},
      {"[server]\nlisten = ':65536'", "2:10 server.listen has an impossible port: 0 to 65535, 0 for any free one\n"},
      {"[server]\nhosts = ['a', 'a:80']", "2:15 server.hosts must be host names or IP addresses, without a port\n"},
      {"[store]\npath = ''", "2:8 store.path must be a path of 1 to 4096 bytes without control characters\n"},
      {"[store]\npath = \"a\\u0000b\"",
       "2:8 store.path must be a path of 1 to 4096 bytes without control characters\n"},
      {"[[spaces]]\ntoken='a/b'", "2:7 spaces.token holds a '/'\n"},
      {"[[spaces]]\ntoken='..'", "2:7 spaces.token is a step in a path, not an id\n"},
      {"[[spaces]]\ntoken='S'\nruns=['R1', 'R/2']", "3:13 spaces.runs has an id that holds a '/'\n"},
      {"[[spaces]]\ntoken='S'\nruns=[\"a\\u0007\"]", "3:7 spaces.runs has an id that holds control characters\n"},
      {"[[spaces]]\ntoken='S'\nruns=['']", "3:7 spaces.runs has an id that is empty\n"},
      {"[[spaces]]\ntoken='S'\nruns=[]", "3:6 spaces.runs is an empty array: name runs, or write \"all\"\n"},
      {"[[spaces]]\ntoken='S'\nruns='R1'",
       "3:6 spaces.runs must be \"all\" or an array of run ids, as in [\"R40fe…\"]\n"},
      {"[[spaces]]\ntoken='S'\nname=''",
       "3:6 spaces.name must be 1 to 128 bytes of text without control characters or spaces around it\n"},
      {"[[spaces]]\ntoken='S'\nrun_modes=['']",
       "3:12 spaces.run_modes must be names of 1 to 64 bytes without control characters\n"},
  });
  CHECK(problems_of("[[spaces]]\ntoken='S'\nruns=['" + std::string(129, 'R') + "']") ==
        "3:7 spaces.runs has an id that is longer than 128 bytes\n");
  CHECK(problems_of("[[spaces]]\ntoken='S'\nruns=['" + std::string(128, 'R') + "']") == "");
}

TEST_CASE("two spaces with one name, one token, or one run twice are problems") {
  check({
      {"[[spaces]]\ntoken='A'\nname='n'\n[[spaces]]\ntoken='B'\nname='n'",
       "6:6 spaces.name is that of the space at line 1 too: names must differ\n"},
      {"[[spaces]]\ntoken='A'\n[[spaces]]\ntoken='A'",
       "4:7 spaces.token is that of the space at line 1 too: one of them is one too many\n"},
      {"[[spaces]]\ntoken='A'\nruns=['R1','R2','R1']", "3:17 spaces.runs has this id twice\n"},
  });
}

TEST_CASE("a token must come one way, and some way") {
  CHECK(problems_of("", {}) ==
        "0:0 api.token is missing: write it into a file and name that as api.token_file; or set api.token, or the "
        "environment variable RUNWATCH_API_TOKEN, or the systemd credential unpod-token, which the service alone can "
        "see\n");
  CHECK(problems_of("[poll]\n[api]\n", {}).starts_with("2:1 api.token is missing: "));
  CHECK(problems_of("", {{"CREDENTIALS_DIRECTORY", "/nowhere"}}).starts_with("0:0 api.token is missing: "));
  CHECK(problems_of("[api]\ntoken='a'\ntoken_file='b'") ==
        "3:12 api.token_file stands together with token: keep one of them\n");
  CHECK(problems_of("[api]\ntoken_file='/nowhere/t'", {}) ==
        "2:12 api.token_file cannot be used: token file /nowhere/t cannot be read: No such file or directory\n");
  CHECK(problems_of("[api]\ntoken=''", {}) == "2:7 api.token is empty\n");
  CHECK(problems_of("[api]\ntoken='SEC RET'", {}) ==
        "2:7 api.token holds a space, control or non-ASCII character, which no token has\n");
  CHECK(problems_of("", {{"RUNWATCH_API_TOKEN", "SEC RET"}}) ==
        "0:0 the environment variable RUNWATCH_API_TOKEN holds a space, control or non-ASCII character, which no token "
        "has\n");
  CHECK(problems_of("[[spaces]]\nname='n'") ==
        "1:1 spaces.token is missing: every [[spaces]] needs token or token_file\n");
  CHECK(problems_of("[[spaces]]\ntoken='a'\ntoken_file='b'") ==
        "3:12 spaces.token_file stands together with token: keep one of them\n");
}

TEST_CASE("a bad credential is named with its path and without its content") {
  const test::Directory dir;
  dir.write("unpod-token", "SEC RET");
  CHECK(problems_of("", {{"CREDENTIALS_DIRECTORY", dir.path().string()}}) ==
        fmt::format("0:0 token file {}/unpod-token holds a space, control or non-ASCII character, which no token has\n",
                    dir.path().string()));
}

TEST_CASE("all problems of a file come at once, in the order of the file") {
  const char* const text = R"([log]
level = "loud"

[[spaces]]
name = "x"
max_age = "soon"

[api]
base_url = "unpod.dev"
tiemout = "5s"
page_size = 0
token = "a"
token_file = "b"

[pol]
interval = "1s"

[[spaces]]
token = "A"
name = "x"
runs = ["a/b", ""]
)";
  CHECK(problems_of(text) == R"(2:9 log.level must be one of error, warning, info, debug
4:1 spaces.token is missing: every [[spaces]] needs token or token_file
6:11 spaces.max_age is not a duration: write whole numbers with d, h, m, s or ms, as in "30s" or "1h30m"
9:12 api.base_url has no scheme: write https://HOST
10:1 unknown key "tiemout" in [api]: did you mean "timeout"?
11:13 api.page_size must be from 1 to 10000, not 0
13:14 api.token_file stands together with token: keep one of them
15:2 unknown key "pol" at the top level: did you mean "poll"?
20:8 spaces.name is that of the space at line 4 too: names must differ
21:9 spaces.runs has an id that holds a '/'
21:16 spaces.runs has an id that is empty
)");
}

TEST_CASE("a syntax error comes alone, with its place") {
  check({
      {"[api\nbase_url = 5\nwrong = 1",
       "1:5 the name of the table lacks its closing bracket: write [table] or [[spaces]]\n"},
      {"[api]\nburst = 1\nburst = 2", "3:9 this key or table is there already: keep one of them\n"},
      {"[api]\ntoken = 123456789012345678901",
       "2:30 this number is too large, unless it is text that lacks its quotes\n"},
      {"[api]\nburst = 010", "2:12 Error while parsing decimal integer: leading zeroes are prohibited\n"},
  });
}

TEST_CASE("an interval that is longer than the idle one is refused where it is written") {
  const std::string end =
      " must not be shorter than poll.interval: finished runs are not polled more often than others; set it to ";
  CHECK(problems_of("[poll]\ninterval = '11m'") == "2:12 poll.idle_interval" + end + "11m or more, not 10m\n");
  CHECK(problems_of("[poll]\nidle_interval = '29s'") == "2:17 poll.idle_interval" + end + "30s or more, not 29s\n");
  CHECK(problems_of("[poll]\ninterval = '2s'\nidle_interval = '1s'") ==
        "3:17 poll.idle_interval" + end + "2s or more, not 1s\n");
  CHECK(problems_of("[poll]\ninterval = '10m'") == "");
  CHECK(problems_of("[poll]\ninterval = '2s'\nidle_interval = '2s'") == "");
}

TEST_CASE("a slip of the pen is told in the words of the mistake") {
  const char* const quotes = " this value needs quotes, unless it is a number, true or false: as in \"30s\"\n";
  const char* const escape =
      " a backslash in \"…\" begins an escape such as \\n: write \\\\ for one, or put the text in '…'\n";
  const char* const bracket = " the array before here lacks a comma between two elements, or the ] at its end\n";
  const char* const open = " the string that begins here has no closing quote\n";
  const char* const more = " this line goes on where it should end: put one key on a line, without a comma behind it\n";
  const char* const equals = " there is no = after the key: write key = value, and a key without spaces\n";
  const char* const beginning = " a line must begin with a key, a [table] or a # for a comment\n";
  const struct {
    std::string text, place;
    const char* told;
  } cases[] = {
      {"[api]\ntoken = \"abc\nburst = 1\n", "2:9", open},
      {"[api]\ntoken = 'abc\nburst = 1\n", "2:9", open},
      {"[api]\ntoken = \"abc", "2:9", open},
      {"[api]\ntoken = \"abc'\r\nburst = 1\r\n", "2:9", open},
      {"[api]\ntoken = \"\"\"abc\n\nburst = 1\n", "2:9", open},
      {"[[spaces]]\nrun_modes = [ \"prod\", \"dev ]\n", "2:23", open},
      {"[[spaces]]\nname = \"ä\" # \" '\nrun_modes = [ \"ä\", \"dev ]\n", "3:20", open},
      {"[api]\nbase_url = https://unpod.dev\n", "2:12", quotes},
      {"[api]\nbase_url = “https://unpod.dev”\n", "2:12", quotes},
      {"[server]\nlisten = 127.0.0.1:10321\n", "2:12", quotes},
      {"[poll]\ninterval = 30s\n", "2:14", quotes},
      {"[log]\nlevel = debug\n", "2:9", quotes},
      {"[server]\ncreated_series = True\n", "2:18", quotes},
      {"[api]\nburst 1\n", "2:7", equals},
      {"[api]\nburst: 1\n", "2:6", equals},
      {"[api]\nburst\n", "2:6", equals},
      {"[api]\nrate limit = 1\n", "2:6", equals},
      {"[api]\nburst =\n", "2:8", " there is no value after the =\n"},
      {"[api]\nburst = 1 page_size = 2\n", "2:11", more},
      {"[api]\nburst = 1,\n", "2:10", more},
      {"[api]\nburst = 1;\n", "2:10", " no ; is needed: put one key on a line\n"},
      {"[api] burst = 1\n", "1:7", more},
      {"[[spaces]\n", "1:10", " the name of the table lacks its closing bracket: write [table] or [[spaces]]\n"},
      {"[[spaces]]\nruns = [\"R1\", \"R2\"\nmax_runs = 1\n", "3:1", bracket},
      {"[[spaces]]\nruns = [\"R1\" \"R2\"]\n", "2:14", bracket},
      {"[[spaces]]\nruns = [\"R1\"", "2:13", bracket},
      {"api = {burst = 1\n", "1:17",
       " the table in braces lacks a comma, or the } at its end, which must be on the same line\n"},
      {"[store]\npath = \"C:\\runwatch\\Users\"\n", "2:22", escape},
      {"[store]\npath = \"C:\\data\"\n", "2:12", escape},
      {"; a comment\n", "1:1", beginning},
      {"[api]\n= 1\n", "2:1", beginning},
      {"[api]\rburst = 1\r", "1:7", " a line ends with a carriage return alone: save the file with plain newlines\n"},
      {"[api]\n\u00A0burst = 1\n", "2:1",
       " there is a blank of another kind than space and tab, as copied from a page: replace it\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    CHECK(problems_of(c.text) == c.place + c.told);
  }
  CHECK(problems_of("[api]\r\nburst\t=\t1\r\n") == "");
}

TEST_CASE("a problem is written as FILE:LINE:COLUMN: text") {
  CHECK(config::format_problem("/etc/r.toml", {3, 7, "x must be y"}) == "/etc/r.toml:3:7: x must be y");
  CHECK(config::format_problem("/etc/r\n.toml", {0, 0, "is empty"}) == "/etc/r .toml: is empty");
}
