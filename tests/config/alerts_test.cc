#include <doctest/doctest.h>

#include "files.h"

using namespace runwatch;
using namespace std::chrono_literals;
using test::problems_of;

namespace {

config::Loaded loaded(const std::string& text, const std::filesystem::path& directory = "/etc/runwatch") {
  auto result = config::parse("api.token = 't'\n" + text, directory, test::environment());
  REQUIRE_MESSAGE(result.has_value(), test::lines(result.error()));
  return *result;
}

// Of a rule and a receiver that lack nothing but `keys`.
std::string rule_of(const std::string& keys) { return problems_of("[[alerts.rules]]\nname = 'r'\n" + keys); }
std::string receiver_of(const std::string& keys) { return problems_of("[[alerts.receivers]]\nname = 'a'\n" + keys); }

const std::string kSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

}  // namespace

TEST_CASE("without alerts the four usual rules tell everybody") {
  const auto alerts = loaded("").config.alerts;
  std::string told;
  for (const auto& r : alerts.rules)
    told += fmt::format("{} {} {}; ", r.name, rule::name(r.when), r.lasting.count() / 60000);
  CHECK(told ==
        "task-failed task_failed 0; run-stalled run_stalled 30; poll-failing poll_failing 5; "
        "delivery-failing delivery_failing 15; ");
  CHECK((alerts == config::default_alerts()));
}

TEST_CASE("a rule is read with all its keys") {
  const auto alerts = loaded(R"([alerts]
external_url = "https://ops.example.org/runwatch/"
group_wait = "0s"
repeat_interval = "0"
baseline = "digest"
[[alerts.rules]]
name = "many"
when = "call_outcome"
outcomes = ["no_answer", "busy"]
above = 0.5
min_finished = 7
window = "1s"
spaces = ["sales"]
run_modes = ["prod"]
severity = "page"
runbook = "https://wiki/"
labels = { team = "dialler" }
)")
                          .config.alerts;
  rule::Rule expected{.name = "many",
                      .when = rule::When::call_outcome,
                      .spaces = {"sales"},
                      .run_modes = {task::RunMode::prod},
                      .severity = "page",
                      .receivers = {},
                      .runbook = "https://wiki/",
                      .labels = {{"team", "dialler"}},
                      .reasons = {},
                      .statuses = {},
                      .outcomes = {task::CallStatus::no_answer, task::CallStatus::busy},
                      .above = 0.5,
                      .min_finished = 7,
                      .window = 1s};
  REQUIRE(alerts.rules.size() == 1);
  CHECK((alerts.rules[0] == expected));
  CHECK(alerts.external_url == "https://ops.example.org/runwatch");
  CHECK(alerts.group_wait == 0s);
  CHECK(alerts.repeat_interval == 0s);
  CHECK(alerts.digest);
}

TEST_CASE("bad rules are told with their place and what would be right") {
  const struct {
    const char* keys;
    const char* expected;
  } cases[] = {
      {"when = 'task_failled'",
       "3:8 alerts.rules.when must be one of task_failed, failure_ratio, call_outcome, task_stuck, run_stalled, "
       "run_cost, run_finished, task_finished, unknown_status, poll_failing, delivery_failing: did you mean "
       "\"task_failed\"?\n"},
      {"when = 'task_failed'\nabove = 0.5",
       "4:9 alerts.rules.above does not belong to task_failed: only failure_ratio, call_outcome, run_cost have it\n"},
      {"when = 'run_cost'\nabove = 5\nat_least = 2",
       "5:12 alerts.rules.at_least does not belong to run_cost: only task_failed has it\n"},
      {"when = 'run_cost'", "1:1 alerts.rules.above is missing: a rule with when = \"run_cost\" needs it\n"},
      {"when = 'failure_ratio'\nabove = 20", "4:9 alerts.rules.above must be from 0 to 0.999, not 20\n"},
      {"when = 'task_failed'\nfor = '31d'", "4:7 alerts.rules.for must be from 0s to 30d, not 31d\n"},
      {"when = 'run_stalled'\nfor = '0s'", "4:7 alerts.rules.for must be from 100ms to 30d, not 0s\n"},
      {"when = 'failure_ratio'\nabove = 0.1\nwindow = '8d'",
       "5:10 alerts.rules.window must be from 0s to 7d, not 8d\n"},
      {"when = 'task_stuck'\nstatuses = ['failed']",
       "4:12 alerts.rules.statuses must not hold a status of finished tasks\n"},
      {"when = 'task_failed'\nreceivers = ['ops']",
       "4:14 alerts.rules.receivers has a name that no receiver has: there are none\n"},
      {"when = 'task_failed'\nlabels = { run_id = 'x' }",
       "4:21 alerts.rules.labels must not hold run_id: runwatch or whoever it tells sets it\n"},
      {"when = 'task_failed'\n[[alerts.rules]]\nname = 'r'\nwhen = 'run_finished'",
       "5:8 alerts.rules.name is that of the rule at line 1 too: names must differ\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.keys);
    CHECK(rule_of(c.keys) == c.expected);
  }
  CHECK(problems_of("[[alerts.receivers]]\nname='ops'\nurl='https://a'\n[[alerts.rules]]\nname='r'\n"
                    "when='run_finished'\nreceivers=['opz']") ==
        "7:12 alerts.rules.receivers has a name that no receiver has: did you mean \"ops\"?\n");
  const std::string rule = "\n[[alerts.rules]]\nname='r'\nwhen='run_finished'\nspaces=['sails']";
  CHECK(problems_of("[[spaces]]\ntoken='8KZRTQP7BNW5XEDLORYUHMJC'\nname='sales'" + rule) ==
        "7:9 alerts.rules.spaces has a name that no space has: did you mean \"sales\"?\n");
  CHECK(problems_of("[[spaces]]\ntoken='8KZRTQP7BNW5XEDLORYUHMJC'" + rule).empty());
  CHECK(problems_of("[alerts]\nrepeat_interval = '1m'") ==
        "2:19 alerts.repeat_interval must not be shorter than alerts.group_interval: set it to 5m or more, or \"0\" "
        "for never, not 1m\n");
}

TEST_CASE("receivers have the limits of what they take") {
  const auto config = loaded(R"([[alerts.rules]]
name = "crm"
when = "task_finished"
receivers = ["crm"]
[[alerts.receivers]]
name = "ops"
url = "https://ops?x=1"
secret = ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY4"]
headers = { X-Team = "a b" }
[[alerts.receivers]]
name = "crm"
type = "custom"
url = "https://crm"
events = ["event"]
include = "task"
template = { text = "{{run_id}} \"ä😀\n" , n = 1, list = ["a"] }
[[alerts.receivers]]
name = "page"
type = "pagerduty"
secret = "0123456789abcdef0123456789abcdef"
[[alerts.receivers]]
name = "am"
type = "alertmanager"
urls = ["http://localhost:9093/", "http://localhost:9094"]
[alerts.heartbeat]
url = "https://hc/1"
)")
                          .config;
  REQUIRE(config.receivers.size() == 4);
  const auto& [ops, crm, page, am] =
      std::tie(config.receivers[0], config.receivers[1], config.receivers[2], config.receivers[3]);
  CHECK(ops.secrets.secrets.size() == 2);
  CHECK(ops.secrets.urls == std::vector{core::Secret("https://ops?x=1")});
  CHECK(ops.headers.at("X-Team") == "a b");
  CHECK(ops.events == std::array{true, true, true, false, true});
  CHECK(ops.rate_limit == 1.0);
  CHECK(ops.max_body == core::kib(20));
  CHECK(crm.rate_limit == 20.0);
  CHECK(crm.max_body == core::mib(1));
  CHECK(crm.include_task);
  CHECK(crm.for_rules().includes);
  CHECK(crm.custom_body.find(R"("{{run_id}} \"ä😀\n")") != std::string::npos);
  CHECK(page.events == std::array{true, true, true, true, false});
  CHECK(page.secrets.urls.empty());
  CHECK(am.for_rules().by_level);
  CHECK(am.secrets.urls == std::vector{core::Secret("http://localhost:9093"), core::Secret("http://localhost:9094")});
  CHECK(config.alerts.receivers.size() == 4);
  REQUIRE(config.heartbeat.has_value());
  CHECK(config.heartbeat->url == core::Secret("https://hc/1"));
}

TEST_CASE("bad receivers are told with their place and without what is secret") {
  const struct {
    std::string keys;
    const char* expected;
  } cases[] = {
      {"", "1:1 alerts.receivers.url is missing: every receiver needs url_file or url\n"},
      {"type = 'alertmanager'", "1:1 alerts.receivers.urls is missing: every receiver needs url_file or urls\n"},
      {"url = 'https://u:SECRET@a'",
       "3:7 alerts.receivers.url must not hold a user or password: secrets have keys of their own\n"},
      {"url = \"https://a\\r\\nX: y\"",
       "3:7 alerts.receivers.url holds a space, quote, backslash, control or non-ASCII character\n"},
      {"url = 'ftp://a'", "3:7 alerts.receivers.url must begin with https:// or http://\n"},
      {"url = 'https://a'\nurl_file = 'b'",
       "4:12 alerts.receivers.url_file stands together with url: keep one of them\n"},
      {"url = 'https://a'\nsecret = 'SECRET'",
       "4:10 alerts.receivers.secret must be whsec_ and base64 of 24 to 64 bytes: make one with: echo whsec_$(openssl "
       "rand -base64 32)\n"},
      {"type = 'pagerduty'\nsecret = 'SECRET'",
       "4:10 alerts.receivers.secret is no routing key: one of Events API v2 has 32 letters and digits\n"},
      {"type = 'slak'\nurl = 'https://a'",
       "3:8 alerts.receivers.type must be one of webhook, slack, pagerduty, alertmanager, custom: did you mean "
       "\"slack\"?\n"},
      {"url = 'https://a'\nevents = ['fring']",
       "4:11 alerts.receivers.events may hold firing, update, resolved, ended, event: did you mean \"firing\"?\n"},
      {"type = 'custom'\nurl = 'https://a'\ntemplate = 'x'",
       "5:12 alerts.receivers.template must be a table: its keys become those of the JSON\n"},
      {"url = 'https://a'\nurls = ['https://b']",
       "4:8 alerts.receivers.urls does not belong to webhook: only alertmanager has it\n"},
      {"url = 'https://a'\ninclude = ['input.name']",
       "4:11 alerts.receivers.include stands at a receiver that the rule \"task-failed\" tells, too: only rules with "
       "when = \"task_finished\" may; name others in its receivers\n"},
      {"url = 'https://a'\n[[alerts.receivers]]\nname = 'a'\nurl = 'https://b'",
       "5:8 alerts.receivers.name is that of the receiver at line 1 too: names must differ\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.keys);
    CHECK(receiver_of(c.keys) == c.expected);
  }
}

TEST_CASE("secrets in files are read again from where they were") {
  const test::Directory dir;
  dir.write("url", "https://a/1\n");
  dir.write("secrets", kSecret + "\n" + kSecret + "\n");
  dir.write("auth", "Bearer SECRET\n");
  const auto receiver = loaded(
                            "[[alerts.receivers]]\nname='a'\nurl_file='url'\nsecrets_file='secrets'\n"
                            "authorization_file='auth'\n",
                            dir.path())
                            .config.receivers.at(0);
  CHECK(receiver.secrets.secrets.size() == 2);
  CHECK(receiver.secrets.authorization == core::Secret("Bearer SECRET"));
  CHECK((config::read_receiver_secrets(receiver) == receiver.secrets));
  dir.write("url", "https://a/2\n");
  CHECK(config::read_receiver_secrets(receiver)->urls == std::vector{core::Secret("https://a/2")});
  const auto path = dir.write("url", "SECRET\n");
  CHECK(config::read_receiver_secrets(receiver).error().text ==
        fmt::format("url file {} has no scheme: write https://HOST", path.string()));
}

TEST_CASE("what may be meant is a warning") {
  const auto warned = loaded(
      "[[alerts.rules]]\nname='r'\nwhen='delivery_failing'\nrun_modes=['prd']\n"
      "[[alerts.receivers]]\nname='a'\nurl='https://a'\n");
  CHECK(test::lines(warned.warnings)
            .find("4:6 alerts.rules.when is told to all other receivers, and there is only one\n"
                  "5:12 alerts.rules.run_modes has a mode other than ") != std::string::npos);
}

TEST_CASE("a rule that none of its receivers takes is a warning") {
  const auto warnings = [](const std::string& when, const std::string& events) {
    const auto rule = "[[alerts.rules]]\nname='r'\nreceivers=['a']\nwhen='" + when + "'\n";
    const std::string receiver = "[[alerts.receivers]]\nurl='https://a'\nname=";
    return test::lines(loaded(rule + receiver + "'a'\nevents=" + events + "\n" + receiver + "'b'\n").warnings);
  };
  CHECK(warnings("run_finished", "['firing']").find("is told to nobody: none of its receivers takes \"event\"") !=
        std::string::npos);
  CHECK(warnings("task_failed", "['event']").find("takes \"firing\"") != std::string::npos);
  CHECK(warnings("run_finished", "['event']").find("told to nobody") == std::string::npos);
  CHECK(warnings("task_failed", "['firing']").find("told to nobody") == std::string::npos);
}
