#include "notify/format.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/text.h"
#include "notify/golden.h"
#include "notify/notices.h"

using namespace runwatch;
using namespace runwatch::test;
using namespace std::chrono_literals;

namespace {

const notify::Rendering kPage{.external_url = "https://ops.example.org/runwatch"};

notify::ReceiverOptions receiver(notify::Type type) {
  notify::ReceiverOptions options;
  options.name = "ops";
  options.type = type;
  options.credentials.secrets = {core::Secret("routing-key")};
  return options;
}

std::string body(const notify::ReceiverOptions& options, const std::string& canonical) {
  const auto made = notify::body(options, canonical);
  REQUIRE_MESSAGE(made.has_value(), made.error().text);
  CHECK(made->size() <= options.max_body.count);
  CHECK(core::is_valid_utf8(*made));
  return *made;
}

std::size_t shown(const Json& slack) {
  std::size_t all = 0;
  for (const auto& attachment : slack["attachments"]) {
    for (const char* const name : {"title", "text", "footer"}) all += attachment[name].get<std::string>().size();
    for (const auto& field : attachment["fields"])
      all += field["title"].get<std::string>().size() + field["value"].get<std::string>().size();
  }
  return all;
}

notify::Standing standing(std::string rule, core::WallTime ended = task::kNoTime) {
  return {.rule = std::move(rule),
          .severity = "warning",
          .labels = {{"team", "dialler"}},
          .runbook = "https://wiki.example.org/",
          .incident = "abc",
          .space = "sales",
          .run_id = "R1",
          .about = "",
          .why = "3 tasks failed",
          .started = at("2026-02-07T05:00:00Z"),
          .ended = ended};
}

}  // namespace

TEST_CASE("each kind of receiver gets the body that is kept beside these tests") {
  using enum notify::Type;
  CHECK(body(receiver(webhook), make(firing(), kPage)) == make(firing(), kPage));
  for (const auto type : {slack, pagerduty}) {
    const std::string name(notify::name(type));
    check_golden(name + "_firing.json", body(receiver(type), make(firing(), kPage)));
    check_golden(name + "_resolved.json", body(receiver(type), make(over(rule::Kind::resolved), kPage)));
    check_golden(name + "_run_finished.json", body(receiver(type), make(event_of_a_run(), kPage)));
  }
  auto options = receiver(custom);
  options.custom = R"({"chat": 7, "text": "{{rule}}: {{counts.new}} new, {{ counts.run.failed }} failed of {{run_id}}",
                       "list": ["{{task.task_id}}", "{{labels.team}}", true, null, "{{ended}}"]})";
  check_golden("custom_firing.json", body(options, make(firing(), kPage)));
}

TEST_CASE("no name can ping, link or format in Slack and what is compatible with it") {
  const auto text = body(receiver(notify::Type::slack), make(hostile(firing(40))));
  const Json message = Json::parse(text);
  CHECK(text.find("<") == std::string::npos);
  CHECK(text.find("@everyone") == std::string::npos);
  CHECK(text.find("://") == std::string::npos);
  CHECK(text.find("](") == std::string::npos);
  CHECK(text.find("\u202E") == std::string::npos);
  CHECK(message["text"].get<std::string>().find("&lt;!channel&gt;") != std::string::npos);
  CHECK(message["link_names"] == false);
}

TEST_CASE("an address reaches Slack whole, and ends where it ends") {
  auto notice = firing();
  notice.runbook = "https://wiki.example.org/p?id=1&v=2|x>y <!channel>";
  const Json message = Json::parse(body(receiver(notify::Type::slack), make(notice, {.external_url = "http://a/b&c"})));
  const auto& attachment = message["attachments"][0];
  CHECK(attachment["title_link"].get<std::string>().starts_with("http://a/b&c/"));
  CHECK(attachment.dump().find("https://wiki.example.org/p?id=1&amp;v=2%7Cx%3Ey%20%3C!channel%3E") !=
        std::string::npos);
}

TEST_CASE("Slack's documented limits are met, and Discord's narrower ones") {
  for (const auto& notice : {firing(1000), hostile(firing(1000)), event_of_a_run(), over(rule::Kind::ended)}) {
    const Json message = Json::parse(body(receiver(notify::Type::slack), make(notice)));
    CHECK(message["text"].get<std::string>().size() <= 2'000);
    CHECK(message["attachments"].size() == 1);
    CHECK(message["attachments"][0]["fields"].size() <= 25);
    CHECK(message["attachments"][0]["title"].get<std::string>().size() <= 256);
    CHECK(message["attachments"][0]["text"].get<std::string>().size() <= 4'000);
    CHECK(shown(message) <= 6'000);
  }
  const Json many = Json::parse(body(receiver(notify::Type::slack), make(firing(1000))));
  CHECK(many["attachments"][0]["text"].get<std::string>().find("more\n") != std::string::npos);
}

TEST_CASE("PagerDuty is triggered by firings and updates, and resolved by every end, under one key") {
  const auto event = [](const rule::Notice& notice) {
    return Json::parse(body(receiver(notify::Type::pagerduty), make(notice)));
  };
  const Json first = event(firing());
  CHECK(first["event_action"] == "trigger");
  CHECK(first["routing_key"] == "routing-key");
  CHECK(first["payload"]["custom_details"]["counts"]["new"] == 3);
  CHECK(event(update(2, 1))["event_action"] == "trigger");
  for (const auto kind : {rule::Kind::resolved, rule::Kind::ended}) {
    CHECK(event(over(kind))["event_action"] == "resolve");
    CHECK(event(over(kind))["dedup_key"] == first["dedup_key"]);
  }
  for (const auto& [severity, theirs] : {std::pair("critical", "critical"),
                                         {"PAGE", "critical"},
                                         {"high", "error"},
                                         {"warning", "warning"},
                                         {"sev-3", "warning"},
                                         {"info", "info"}}) {
    rule::Notice notice = firing();
    notice.severity = severity;
    CHECK(event(notice)["payload"]["severity"] == theirs);
  }
  rule::Notice notice = hostile(firing());
  for (int i = 0; i < 12; ++i) notice.why += notice.why.substr(0, 400);
  CHECK(event(notice)["payload"]["summary"].get<std::string>().size() <= 1024);
  auto keyless = receiver(notify::Type::pagerduty);
  keyless.credentials.secrets.clear();
  CHECK_FALSE(notify::body(keyless, make(firing())));
}

TEST_CASE("every kind fits max_body by telling fewer tasks") {
  for (const auto type : {notify::Type::slack, notify::Type::pagerduty, notify::Type::custom}) {
    auto options = receiver(type);
    options.custom = R"({"tasks": "{{tasks}}", "new": "{{counts.new}}", "more": "{{truncated}}"})";
    options.max_body = core::kib(3);
    const auto text = body(options, make(firing(300), {.max_body = core::kib(100)}));
    CHECK(text.size() > 1'000);
    CHECK(text.find("T000000005aca11f0b9d2a3d7ac1fd01e") != std::string::npos);
  }
  auto tiny = receiver(notify::Type::custom);
  tiny.custom = "{\"why\": \"" + std::string(200, 'x') + "\"}";
  tiny.max_body = {100};
  CHECK_FALSE(notify::body(tiny, make(firing())));
  CHECK_FALSE(notify::body(receiver(notify::Type::slack), "junk"));
  CHECK_FALSE(notify::body(receiver(notify::Type::slack), R"({"type": "a.b", "timestamp": "", "data": {}})"));
}

TEST_CASE("a template is filled inside its values, once, and no text can break it") {
  auto options = receiver(notify::Type::custom);
  options.custom =
      R"({"a": "<{{why}}>", "b": ["{{labels.team}}{{labels.none}}"], "c": "{{included.input.name}}", "d": "{{counts.run.hold}}"})";
  REQUIRE(notify::check_template(options.custom));
  const Json filled = Json::parse(body(options, make(hostile(firing()))));
  CHECK(filled.size() == 4);
  CHECK(filled["a"].get<std::string>().find("{{why}} {{data}}") != std::string::npos);
  CHECK(filled["b"][0].get<std::string>().find("\"quoted\"\n<script>") == 0);
  CHECK(filled["c"] == "");
  CHECK(filled["d"] == "0");
  const notify::Included name[] = {{"input.name", "\"Ann\\\"\""}};
  CHECK(Json::parse(body(options, make(event_of_a_task(), {.included = name})))["c"] == "Ann\"");
}

TEST_CASE("a template with an unknown place, one in a key or one that is open, or no JSON, is refused at start") {
  for (const char* const good :
       {"{}", "[]", "\"{{type}}\"", "{\"a\": [1, \"{{ task.cost }} {{labels.x-y}} {{summary.outcomes.busy}}\"]}",
        "{\"a\": \"}} { {\"}"})
    CHECK(notify::check_template(good));
  for (const char* const bad :
       {"", "{", "{\"a\": \"{{runid}}\"}", "{\"a\": [\"{{type\"]}", "{\"{{type}}\": 1}", "{\"a\": \"{{}}\"}",
        "[\"{{task.name}}\"]", "[\"{{counts.run.lost}}\"]", "[\"{{type}} {{data}}\"]", "[\"{{run_id rule}}\"]"}) {
    CAPTURE(bad);
    CHECK_FALSE(notify::check_template(bad));
  }
  CHECK(notify::check_template("[\"{{runid}}\"]")
            .error()
            .text.starts_with("{{runid}} is no place; there are type timestamp "));
  CHECK_FALSE(notify::check_template(std::string(100'000, '[') + std::string(100'000, ']')));
}

TEST_CASE("an Alertmanager is shown open incidents an hour ahead, and ended ones for a quarter of an hour") {
  const auto now = at("2026-02-07T06:00:00Z");
  const std::vector incidents{standing("open"), standing("ended", now - 15min), standing("long-ended", now - 16min)};
  const auto text = notify::alertmanager_body(incidents, kPage.external_url, now);
  check_golden("alertmanager.json", text);
  CHECK(Json::parse(text).size() == 2);
  CHECK(notify::alertmanager_body({}, "", now) == "[]");
}

TEST_CASE("an incident that is open hides one of the same labels that is over, whatever their order") {
  const auto now = at("2026-02-07T06:00:00Z");
  for (const auto& incidents :
       {std::vector{standing("r"), standing("r", now)}, std::vector{standing("r", now), standing("r")}}) {
    const Json alerts = Json::parse(notify::alertmanager_body(incidents, "", now));
    REQUIRE(alerts.size() == 1);
    CHECK(alerts[0]["endsAt"] == "2026-02-07T07:00:00Z");
  }
}

TEST_CASE(
    "two that watch one run show its incident with the same labels, whoever saw it first and whatever it is called") {
  const auto now = at("2026-02-07T06:00:00Z");
  auto mine = standing("r");
  auto theirs = mine;
  theirs.incident = "another";
  theirs.started = mine.started + 7s;
  theirs.why = "4 tasks failed";
  const Json a = Json::parse(notify::alertmanager_body({{mine}}, "https://watch-1.example", now));
  const Json b = Json::parse(notify::alertmanager_body({{theirs}}, "https://watch-2.example", now));
  CHECK(a != b);
  CHECK(a[0]["labels"] == b[0]["labels"]);
}

TEST_CASE("labels have names that Alertmanager takes, and ours cannot be replaced") {
  auto incident = standing("r");
  incident.labels = {{"9 lives-é", "x"}, {"instance", "i"}, {"alertname", "other"}, {"empty", ""}, {"team", kHostile}};
  incident.run_id.clear();
  incident.when = rule::When::delivery_failing;
  incident.about = "ops";
  const Json labels = Json::parse(notify::alertmanager_body({{incident}}, "", at("2026-02-07T06:00:00Z")))[0]["labels"];
  CHECK(labels["_9_lives___"] == "x");
  CHECK(labels["alertname"] == "r");
  CHECK(labels["receiver"] == "ops");
  CHECK_FALSE(labels.contains("instance"));
  CHECK_FALSE(labels.contains("empty"));
  CHECK_FALSE(labels.contains("run_id"));
}
