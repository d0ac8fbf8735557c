#include "unpod/pages.h"

using namespace runwatch;
using namespace runwatch::test;

TEST_CASE("keys count in any order, escaped, and the later one when they repeat") {
  const auto task =
      decode_one(R"({"output":{"duration":5},"status":"pending","st\u0061tus":"failed","t\u0061sk_id":")" + kTaskId +
                 R"(","output":{"cost":1}})");
  CHECK(task.status == task::Status::failed);
  CHECK(task.key == task::make_task_key(kTaskId));
  CHECK(task.duration == 5.0F);
  CHECK(task.cost == 1.0);
}

TEST_CASE("one unusable task id refuses the page as bad_schema") {
  for (const std::string& element : {std::string("{}"),
                                     std::string(R"({"status":"failed"})"),
                                     std::string(R"({"task_id":null})"),
                                     std::string(R"({"task_id":""})"),
                                     std::string(R"({"task_id":7})"),
                                     std::string(R"({"task_id":true})"),
                                     std::string(R"({"task_id":["T"]})"),
                                     std::string(R"({"task_id":{"T":"T"}})"),
                                     std::string(R"({"task_id":"a/b"})"),
                                     std::string(R"({"task_id":"a\u0000b"})"),
                                     std::string(R"({"task_id":"a\nb"})"),
                                     std::string(R"({"task_id":"a\ud800b"})"),
                                     std::string(R"({"task_id":"a\qb"})"),
                                     R"({"task_id":")" + std::string(129, 'x') + R"("})",
                                     R"({"task_id":")" + std::string(200'000, 'x') + R"("})",
                                     std::string("null"),
                                     std::string("7"),
                                     std::string(R"("T")"),
                                     std::string("[]"),
                                     std::string("[{}]")}) {
    CAPTURE(element.substr(0, 60));
    for (const std::string& body :
         {page_of(element), page_of(task_with("") + "," + element), page_of(element + "," + task_with(""))}) {
      const auto page = decode_page(body);
      REQUIRE_FALSE(page.has_value());
      CHECK(page.error().reason == view::PollReason::bad_schema);
      CHECK(page.error().text.size() < 250);
    }
  }
}

TEST_CASE("ids of another form are kept as text beside their keys") {
  const auto page = decode_page(
      page_of(R"({"task_id":"RUN_SPACE_987655"},)" + task_with("") + R"(,{"task_id":"\u00fc\ud83d\ude00"})"));
  REQUIRE(page.has_value());
  REQUIRE(page->odd_ids.size() == 2);
  CHECK(page->odd_ids[0].second == "RUN_SPACE_987655");
  CHECK(page->odd_ids[0].first == page->tasks[0].key);
  CHECK(page->odd_ids[1].second == "ü😀");
}

TEST_CASE("odd text in what is skipped harms nothing, and invalid UTF-8 anywhere is bad_json") {
  const std::string odd = R"("transcript":"\ud800 \u0000 \u202e )" + std::string(1'000'000, 'x') + "\"";
  CHECK(decode_one(task_with_output(odd + R"(,"duration":3)")).duration == 3.0F);
  for (const std::string& bytes : {std::string("\xff"), std::string("\xed\xa0\x80"), std::string("\xc0\xaf")}) {
    const auto page = decode_page(page_of(task_with_output(R"("transcript":")" + bytes + "\"")));
    REQUIRE_FALSE(page.has_value());
    CHECK(page.error().reason == view::PollReason::bad_json);
  }
}
