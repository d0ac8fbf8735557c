#include <utility>

#include "core/text.h"
#include "core/timestamp.h"
#include "unpod/pages.h"

using namespace runwatch;
using namespace runwatch::test;
using view::PollReason;

namespace {

unpod::Failure failure_of(const std::string& body) {
  auto page = decode_page(body);
  REQUIRE_FALSE(page.has_value());
  CHECK(core::printable(page.error().text) == page.error().text);
  return page.error();
}

}  // namespace

TEST_CASE("the documented example of tasks is decoded") {
  const auto page = decode_page(file("tasks_example.json"));
  REQUIRE(page.has_value());
  CHECK(page->count == 9);
  REQUIRE(page->tasks.size() == 1);
  CHECK(task::usual_task_id(page->tasks[0].key) == kTaskId);
  CHECK(page->tasks[0].status == task::Status::completed);
  CHECK(page->tasks[0].execution == task::ExecutionType::call);
  CHECK(page->tasks[0].bad_fields == 0);
}

TEST_CASE("the documented example of runs is decoded") {
  unpod::Decoder decoder;
  unpod::RunPage page;
  std::string body = file("runs_example.json");
  REQUIRE(decoder.runs(body, page).has_value());
  CHECK(page.count == 1716);
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0] == task::ObservedRunRow{.run_id = "R40fe5eface1511f082ac156368e7acc4",
                                             .status = task::Status::completed,
                                             .status_given = true,
                                             .mode = task::RunMode::dev,
                                             .batch_count = 1,
                                             .created = core::parse_timestamp("2025-11-30T17:51:52").value(),
                                             .modified = core::parse_timestamp("2025-11-30T17:51:52").value()});
}

TEST_CASE("a page is a success without status_code, with extra fields and with its frame in any order") {
  for (const char* body :
       {R"({"data":[]})", R"({"data":[],"status_code":200})",
        R"({"status_code":200,"data":[],"x":{"data":3},"y":[[]]})", R"({"status_code":null,"count":null,"data":[]})",
        " \n{\"d\\u0061ta\":[]}\r\n ", R"({"data":7,"data":[]})"}) {
    CAPTURE(body);
    const auto page = decode_page(body);
    REQUIRE(page.has_value());
    CHECK_FALSE(page->count.has_value());
    CHECK(page->tasks.empty());
  }
  CHECK(decode_page(R"({"data":[],"count":0})")->count == 0);
  CHECK(decode_page(R"({"data":[],"count":9.0})")->count == 9);
}

TEST_CASE("a status_code other than 200 is a business error with the platform's message") {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"status_code":206,"message":"Invalid Space Token","data":{}})", "Invalid Space Token"},
      {R"({"data":{},"message":"Runs Fetch Failed","errors":"<html><b>504</b> Gateway</html>","status_code":206})",
       "Runs Fetch Failed: 504 Gateway"},
      {R"({"status_code":206,"message":"no","errors":{"detail":["why"]}})", R"(no: {"detail":["why"]})"},
      {R"({"status_code":500,"data":[]})", "no message"},
      {R"({"status_code":"200","message":"text","data":[]})", "text"},
      {R"({"status_code":206,"message":7,"data":[{"task_id":7}]})", "7"},
      {"{\"status_code\":206,\"message\":\"a\\u0000b\\ud800\\u202ec\\n\\nd\"}", "a?b\xEF\xBF\xBD?c d"},
  };
  for (const auto& [body, text] : cases) {
    CAPTURE(body);
    const auto failure = failure_of(body);
    CHECK(failure.reason == PollReason::business_error);
    CAPTURE(failure.text);
    CHECK(failure.text.find(text) != std::string::npos);
  }
  const auto failure = failure_of(R"({"status_code":206,"message":")" + std::string(1'000'000, 'x') + "\"}");
  CHECK(failure.text.size() < 210);
}

TEST_CASE("an answer of another schema is never an empty list") {
  for (const std::string& body :
       {std::string("[]"), std::string("null"), std::string("7"), std::string(R"("x")"), std::string("true"),
        std::string("{}"), std::string(R"({"count":0})"), std::string(R"({"data":null})"),
        std::string(R"({"data":{}})"), std::string(R"({"data":"x"})"), std::string(R"({"data":[],"data":{}})"),
        std::string(R"({"data":[1]})"), std::string(R"({"data":[[]]})"), std::string(R"({"data":[null]})"),
        std::string(R"({"data":[],"count":-1})"), std::string(R"({"data":[],"count":"9"})"),
        std::string(R"({"data":[],"count":1.5})"), std::string(R"({"data":[],"count":[]})"),
        std::string(1'000'000, '[')}) {
    CAPTURE(body.substr(0, 60));
    CHECK(failure_of(body).reason == PollReason::bad_schema);
  }
}

TEST_CASE("what is no JSON is bad_json, and only words and markup are quoted") {
  for (const std::string& body :
       {std::string(), std::string(" \r\n"), std::string("<!DOCTYPE html><html><title>Log in</title></html>"),
        std::string("{"), std::string("}"), std::string(R"({"data":[]}x)"), std::string(R"({"data":[]}{"data":[]})"),
        std::string(R"({"data":[]]})"), std::string(R"({"data":[})"), std::string(R"({"data" []})"),
        std::string(R"({"data":[],})"), std::string(R"({data:[]})"), std::string("\xEF\xBB\xBF{\"data\":[]}"),
        R"({"data":[{"task_id":"x","output":)" + std::string(1'000'000, '['),
        std::string("{\"data\":[],\"x\":\"a\nb\"}"), std::string("{\"data\":[]}\0", 12)}) {
    CAPTURE(body.substr(0, 60));
    CHECK(failure_of(body).reason == PollReason::bad_json);
  }
  CHECK(failure_of("<html><style>x{}</style><script>y()</script><h1>Please  log in</h1>").text ==
        "the answer is not JSON: Please log in");
  CHECK(failure_of(R"({"data":[{"task_id":"x","input":{"name":"A Person)").text.find("Person") == std::string::npos);
  CHECK(failure_of("\xEF\xBB\xBF{\"name\":\"A Person\"}").text.find("Person") == std::string::npos);
}

TEST_CASE("a decoder goes on after a page that failed") {
  unpod::Decoder decoder;
  unpod::TaskPage page;
  for (int i = 0; i < 3; ++i) {
    std::string cut = R"({"data":[{"task_id":"x","output":{)";
    CHECK_FALSE(decoder.tasks(cut, page).has_value());
    std::string good = page_of(task_with(R"("status":"failed")"));
    REQUIRE(decoder.tasks(good, page).has_value());
    CHECK(page.tasks.size() == 1);
    std::string large = page_of(task_with_output(R"("x":")" + std::string(9'000'000, 'x') + "\""));
    CHECK(decoder.tasks(large, page).has_value());
  }
}

TEST_CASE("no truncation of a page at any byte is accepted") {
  const std::string body =
      R"({"count":2,"data":[{"task_id":"T1","status":"failed","output":{"a":[{"b":"}]}"},[1,2]],"cost":1.5}},)"
      R"({"task_id":"T2","created":{"$date":{"$numberLong":"1769858258067"}},"output":{},"x":"\\"}],"status_code":200,)"
      R"("message":"ok","errors":{"a":[{}]}})";
  REQUIRE(decode_page(body).has_value());
  for (std::size_t length = 0; length < body.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(decode_page(body.substr(0, length)).has_value());
    // What stood behind the cut may still be in the buffer.
    std::string cut = body;
    cut.resize(length);
    unpod::Decoder decoder;
    unpod::TaskPage page;
    CHECK_FALSE(decoder.tasks(cut, page).has_value());
  }
}

TEST_CASE("rows of the run list keep what they say and survive what they do not") {
  unpod::Decoder decoder;
  unpod::RunPage page;
  std::string body = R"({"data":[{"run_id":"R40fe5eface1511f082ac156368e7acc4"},
    {"run_id":"x","status":7,"run_mode":"odd","batch_count":-1,"created":"junk","modified":{"$date":1769858258067}},
    {"run_id":"y","status":null,"run_mode":null,"batch_count":"7"},
    {"run_id":"z","status":"running","run_mode":7,"batch_count":12}]})";
  REQUIRE(decoder.runs(body, page).has_value());
  REQUIRE(page.rows.size() == 4);
  CHECK(page.rows[0].created == task::time_of_id("R40fe5eface1511f082ac156368e7acc4"));
  CHECK_FALSE(page.rows[0].status_given);
  CHECK(page.rows[1].status_given);
  CHECK(page.rows[1].status == task::Status::unknown);
  CHECK(page.rows[1].mode == task::RunMode::other);
  CHECK(page.rows[1].batch_count == 0);
  CHECK(page.rows[1].created == task::kNoTime);
  CHECK(page.rows[1].modified != task::kNoTime);
  CHECK_FALSE(page.rows[2].status_given);
  CHECK(page.rows[2].mode == task::RunMode::none);
  CHECK(page.rows[3].status == task::Status::in_progress);
  CHECK(page.rows[3].mode == task::RunMode::other);
  CHECK(page.rows[3].batch_count == 12);
  for (const char* id : {R"("")", "7", "null", R"("a/b")"}) {
    body = R"({"data":[{"run_id":)" + std::string(id) + "}]}";
    const auto done = decoder.runs(body, page);
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().reason == PollReason::bad_schema);
  }
}

TEST_CASE("spaces, one space and organizations are decoded, names made printable") {
  unpod::Decoder decoder;
  std::string body = R"({"data":[{"name":"Sa\nles","slug":"sales","token":"8KZRTQP7BNW5XEDLORYUHMJC","extra":[{}]}]})";
  const auto spaces = decoder.spaces(body);
  REQUIRE(spaces.has_value());
  REQUIRE(spaces->size() == 1);
  CHECK((*spaces)[0].name == "Sa les");
  CHECK((*spaces)[0].slug == "sales");
  CHECK((*spaces)[0].token.reveal() == "8KZRTQP7BNW5XEDLORYUHMJC");
  body = R"({"data":[{"name":"x","slug":"y"}]})";
  CHECK(decoder.spaces(body).error().reason == PollReason::bad_schema);
  body = R"({"status_code":200,"data":{"name":"x","slug":7,"token":null,"agents":[1]}})";
  const auto space = decoder.space(body);
  REQUIRE(space.has_value());
  CHECK(space->name == "x");
  CHECK(space->slug.empty());
  body = R"({"data":[]})";
  CHECK(decoder.space(body).error().reason == PollReason::bad_schema);
  body = R"({"data":[{"name":"A","domain_handle":"a.tv"},{}]})";
  const auto organizations = decoder.organizations(body);
  REQUIRE(organizations.has_value());
  CHECK((*organizations)[0].domain_handle == "a.tv");
  CHECK((*organizations)[1].name.empty());
}
