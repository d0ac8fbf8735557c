#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "notify/golden.h"
#include "notify/notices.h"
#include "support/seed.h"

using namespace runwatch;
using namespace runwatch::test;

namespace {

std::uint64_t sum_of(const Json& counts) {
  std::uint64_t sum = 0;
  for (const auto& count : counts) sum += count.get<std::uint64_t>();
  return sum;
}

void check_law(const Json& data) {
  CHECK(data["counts"]["new"] == data["tasks"].size() + data["truncated"].get<std::uint64_t>());
}

}  // namespace

TEST_CASE("the body of a webhook is the one that is documented, to the byte") {
  const notify::Rendering page{.external_url = "https://ops.example.org/runwatch"};
  check_golden("firing.json", make(firing(), page));
  check_golden("resolved.json", make(over(rule::Kind::resolved), page));
  check_golden("run_finished.json", make(event_of_a_run(), page));
  const notify::Included included[] = {{"output.post_call_data.summary", "\"He will pay\""}, {"input.name", "null"}};
  check_golden("task_finished.json",
               make(event_of_a_task(), {.external_url = page.external_url, .included = included}));
}

TEST_CASE("a rule without members tells its value and threshold, a test that it is one") {
  rule::Notice notice = firing(0);
  notice.when = rule::When::failure_ratio;
  notice.value = 0.25;
  notice.threshold = 0.2;
  notice.test = true;
  notice.started = task::kNoTime;
  const Json data = Json::parse(make(notice))["data"];
  CHECK(data["value"] == 0.25);
  CHECK(data["threshold"] == 0.2);
  CHECK(data["test"] == true);
  CHECK(data["started"].is_null());
  CHECK(data["links"].empty());
}

TEST_CASE("names of any bytes end as text of valid JSON") {
  const Json body = Json::parse(make(hostile(firing())));
  const auto why = body["data"]["why"].get<std::string>();
  CHECK(why.starts_with("\"quoted\"\n<script>alert(1)</script> @everyone"));
  CHECK(why.find("\uFFFD\uFFFD") != std::string::npos);
  CHECK(body["data"]["labels"].size() == 2);
}

TEST_CASE("an id of another form is told as it is, where it is known") {
  rule::Notice notice = firing(2);
  notice.tasks[1].task = task::make_task_key("odd-id");
  const auto known = [](const task::TaskKey&) { return std::string("odd-id"); };
  CHECK(Json::parse(make(notice, {.odd_id = known}))["data"]["tasks"][1]["task_id"] == "odd-id");
  const auto unknown = Json::parse(make(notice))["data"]["tasks"];
  CHECK(unknown[0]["task_id"].get<std::string>().starts_with("T000000005aca11f0"));
  CHECK(unknown[1]["task_id"].get<std::string>().size() == 32);
}

TEST_CASE("a body fits max_body by leaving out tasks from the last one on, and counts them") {
  const auto seed = test::seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    const auto tasks = static_cast<unsigned>(random() % 250);
    const core::Bytes most{random() % 30'000};
    const auto body = make(firing(tasks), {.max_body = most});
    const Json data = Json::parse(body)["data"];
    check_law(data);
    CHECK(data["counts"]["new"] == tasks);
    CHECK(sum_of(data["counts"]["by_reason"]) == tasks);
    CHECK((body.size() <= most.count || data["tasks"].empty()));
    const bool all = data["tasks"].size() == std::min<std::size_t>(tasks, rule::kMostTaskLines);
    CHECK((all || body.size() + 300 > most.count));
    if (!data["tasks"].empty()) CHECK(data["tasks"][0]["task_id"] == "T000000005aca11f0b9d2a3d7ac1fd01e");
  }
}

TEST_CASE("what is included is left out whole and named where it does not fit, is too deep or is no JSON") {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const notify::Included included[] = {{"long", "\"" + std::string(30'000, 'x') + "\""},
                                       {"short", "{\"a\": [1, \"\\u0007\"]}"},
                                       {"deep", deep},
                                       {"broken", "{\"a\": "},
                                       {"huge", "1e999"},
                                       {"half", "\"a \\ud83d b \\\\ud83d \\ud83d\\ude00 \\udc00\""},
                                       {"bytes", "\"\xff\""}};
  const auto body = make(event_of_a_task(), {.max_body = core::kib(2), .included = included});
  CHECK(body.size() <= 2048);
  const Json data = Json::parse(body)["data"];
  CHECK(data["left_out"] == Json({"long", "deep", "broken", "huge"}));
  CHECK(data["included"]["short"] == Json::parse("{\"a\": [1, \"\\u0007\"]}"));
  CHECK(data["included"]["half"] == "a \uFFFD b \\ud83d \U0001F600 \uFFFD");
  CHECK(data["included"]["bytes"] == "\uFFFD");
  CHECK(data["tasks"].size() == 1);
  const auto roomy = Json::parse(make(event_of_a_task(), {.max_body = core::mib(1), .included = included}))["data"];
  CHECK(roomy["included"]["long"].get<std::string>().size() == 30'000);
}

TEST_CASE("a value of a row is found by its path") {
  const std::string row = R"({"input": {"name": "Ann \u00e9", "n": 1}, "list": [1], "a": null})";
  CHECK(notify::value_at(row, "input.name") == "\"Ann \u00E9\"");
  CHECK(notify::value_at(row, "input") == "{\"name\":\"Ann \u00E9\",\"n\":1}");
  CHECK(notify::value_at(row, "a") == "null");
  for (const char* const path : {"x", "input.x", "input.n.x", "list.0", "a.b", "input..name", ".", "input.name.x"})
    CHECK_FALSE(notify::value_at(row, path));
  CHECK_FALSE(notify::value_at("{\"a\": ", "a"));
}

TEST_CASE("the key of an incident follows space, run and rule, and a receiver that fails") {
  const auto key_of = [](const rule::Notice& notice) {
    return Json::parse(make(notice))["data"]["key"].get<std::string>();
  };
  const auto key = key_of(firing());
  CHECK(key == notify::match_key(std::string(64, 'a'), firing().run_id, "task-failed"));
  CHECK(key == key_of(over(rule::Kind::resolved)));
  rule::Notice other = firing();
  other.space_key = std::string(64, 'b');
  CHECK(key != key_of(other));
  other = firing();
  other.when = rule::When::delivery_failing;
  other.about = "ops";
  CHECK(key != key_of(other));
}

TEST_CASE("folding adds up what is new and keeps the rest of the newer one") {
  const auto seed = test::seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 100; ++i) {
    const core::Bytes most{2'000 + random() % 30'000};
    const auto first = static_cast<unsigned>(random() % 150), second = static_cast<unsigned>(random() % 150);
    const auto newer = update(second, 2);
    const auto folded = notify::fold(make(update(first, 1), {.max_body = most}), make(newer, {.max_body = most}), most);
    record(folded);
    const Json data = Json::parse(folded)["data"];
    check_law(data);
    CHECK(folded.size() <= most.count);
    CHECK(data["counts"]["new"] == first + second);
    CHECK(sum_of(data["counts"]["by_reason"]) == first + second);
    CHECK(data["tasks"].size() <= rule::kMostTaskLines);
    CHECK(data["update"] == 2);
    const auto attempts = std::to_string(first + second) + (first + second == 1 ? " attempt" : " attempts");
    if (first + second > 0) CHECK(data["why"] == attempts + " failed");
    CHECK(data["counts"]["total"] == second);
  }
}

TEST_CASE("a repeat that folds with news is news, and what is no notice gives way") {
  rule::Notice repeat = update(0, 2);
  repeat.repeat = true;
  CHECK(Json::parse(notify::fold(make(update(2, 1)), make(repeat), core::kib(20)))["data"]["repeat"] == false);
  CHECK(Json::parse(notify::fold(make(repeat), make(repeat), core::kib(20)))["data"]["repeat"] == true);
  CHECK(notify::fold("junk", make(update(3, 1)), core::kib(20)) == make(update(3, 1)));
}
