// What walks bring for alerts alone: texts of statuses that nobody knows, and rows that were asked for.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "core/text.h"
#include "unpod/collect.h"
#include "unpod/world.h"

namespace {

using namespace runwatch;
using namespace runwatch::test;
using Rows = std::vector<std::pair<task::TaskKey, std::string>>;

const std::string kOne = "T00000000000011f0a000000000000001";
const std::string kTwo = "T00000000000011f0a000000000000002";

std::vector<task::TaskKey> keys(std::set<std::string> ids) {
  std::vector<task::TaskKey> keys;
  for (const auto& id : ids) keys.push_back(task::make_task_key(id));
  std::ranges::sort(keys);
  return keys;
}

// Of one task that is wanted.
std::string row_kept(const std::string& row, const std::string& between = "") {
  auto body = page_of(R"({"task_id":")" + kOne + R"("})" + between + "," + between + row + between);
  unpod::Decoder decoder;
  unpod::TaskPage page;
  REQUIRE(decoder.tasks(body, page, {}, keys({kTwo})).has_value());
  CHECK(page.tasks.size() == 2);
  REQUIRE(page.rows.size() == 1);
  CHECK(page.rows[0].first == task::make_task_key(kTwo));
  return page.rows[0].second;
}

// Tasks by number, newest first, each with its fields, in pages of two.
struct Platform {
  std::map<int, std::string, std::greater<>> tasks;
  World world{[this](const http::Request& request) {
    const auto from = static_cast<std::size_t>(query_number(request, "page") - 1) * 20;
    std::string rows;
    for (std::size_t at = 0; const auto& [id, fields] : tasks) {
      if (at >= from && at < from + 20)
        rows += fmt::format(R"({}{{"task_id":"t{}",{}}})", rows.empty() ? "" : ",", id, fields);
      ++at;
    }
    return answer(200, page_of(rows, std::to_string(tasks.size())));
  }};

  explicit Platform(int count) {
    for (int i = 1; i <= count; ++i) tasks[i] = R"("status":"pending")";
    world.options.page_size = 20;
  }
  unpod::TaskWalk walk(std::shared_ptr<const unpod::PageDigests> before, const std::vector<task::TaskKey>& wanted) {
    auto walked = world.api().tasks(kSpace, "R1", std::move(before), {}, wanted);
    REQUIRE(walked.has_value());
    return std::move(*walked);
  }
};

TEST_CASE("texts of unknown statuses are kept once each, printable and short") {
  const std::string long_text(300, 'y');
  std::string umlauts;
  for (int i = 0; i < 63; ++i) umlauts += "ü";
  const auto page = decode_page(
      page_of(R"({"task_id":"a","status":"on fire"},{"task_id":"b","status":"on fire"},{"task_id":"c"},)"
              R"({"task_id":"d","status":7},{"task_id":"e","status":null},{"task_id":"f","status":"x\u001b[2J"},)"
              R"({"task_id":"g","status":")" +
              long_text + R"("},{"task_id":"h","status":"a)" + umlauts +
              R"("},{"task_id":"i","status":"failed"},{"task_id":"j","status":" "})"));
  REQUIRE(page.has_value());
  const auto& texts = page->unknown_statuses;
  REQUIRE(texts.size() == 5);
  CHECK(texts[0] == "on fire");
  CHECK(texts[1] == "(missing)");
  CHECK(texts[2] == "x?[2J");
  CHECK(texts[3].starts_with("yyyy"));
  CHECK(texts[3].size() <= 64);
  CHECK(texts[4].size() == 63);
  CHECK(core::is_valid_utf8(texts[4]));
}

TEST_CASE("a walk tells the unknown statuses of the pages that it decoded, sorted, eight at most") {
  Platform platform(60);
  for (int i = 1; i <= 60; i += 10) platform.tasks[i] = fmt::format(R"("status":"odd {}")", 70 - i);
  const auto first = platform.walk(nullptr, {});
  CHECK(first.run.unknown_statuses ==
        std::vector<std::string>{"odd 19", "odd 29", "odd 39", "odd 49", "odd 59", "odd 69"});
  platform.tasks[60] = R"("status":"failed")";  // on page 1, beside task 41 and 51
  const auto second = platform.walk(first.digests, {});
  CHECK(second.run.rest_unchanged);
  CHECK(second.run.unknown_statuses == std::vector<std::string>{"odd 19", "odd 29"});
  CHECK(platform.walk(second.digests, {}).run.unknown_statuses.empty());
  for (int i = 1; i <= 60; ++i) platform.tasks[i] = fmt::format(R"("status":"odd {}")", i);
  CHECK(platform.walk(nullptr, {}).run.unknown_statuses.size() == 8);
}

TEST_CASE("the rows of the tasks that are wanted come as the platform wrote them, and no others") {
  const std::string row = R"({"status" : "completed","task_id":")" + kTwo +
                          R"(", "input":{"name":"Ada \"A\" } ü","n":[1,{"a":-2.5e3}]} , "output":{}})";
  CHECK(row_kept(row) == row);
  CHECK(row_kept(row, " \n\t ") == row);
  auto body = page_of(row);
  unpod::Decoder decoder;
  unpod::TaskPage page;
  page.rows.emplace_back();
  REQUIRE(decoder.tasks(body, page).has_value());
  CHECK(page.rows.empty());
}

TEST_CASE("a row that is no JSON where nobody reads it has nothing to pass on") {
  const struct {
    std::string input;
    bool is_json;
  } kCases[] = {{R"({"name":"half \ud83d of a pair","other":"\uDE00 \ud83d\ude00"})", true},
                {R"({"name":"\\ud83d"})", true},
                {R"({"name":tru})", false},
                {R"({"name":"\q"})", false},
                {R"({"name":"\u12g4"})", false},
                {R"([1,2,])", false},
                {R"({"name" "a"})", false},
                {"01", false}};
  for (const auto& [input, is_json] : kCases) {
    CAPTURE(input);
    const auto row = R"({"task_id":")" + kTwo + R"(","input":)" + input + "}";
    CHECK(row_kept(row) == (is_json ? row : "{}"));
  }
}

TEST_CASE("rows that are wanted come of pages that are unchanged, too, and the walk stays what it is") {
  Platform platform(60);
  const auto first = platform.walk(nullptr, {});
  CHECK(first.rows.empty());
  platform.tasks[45] = R"("status":"completed","input":{"a":1})";
  const auto second = platform.walk(first.digests, keys({"t1", "t45", "t99"}));
  auto expected = Rows{{task::make_task_key("t1"), R"({"task_id":"t1","status":"pending"})"},
                       {task::make_task_key("t45"), R"({"task_id":"t45","status":"completed","input":{"a":1}})"}};
  std::ranges::sort(expected);
  CHECK(second.rows == expected);
  CHECK_FALSE(second.run.rest_unchanged);
  CHECK(second.run.tasks.size() == 60);
  const auto third = platform.walk(second.digests, {});
  CHECK(third.run.rest_unchanged);
  CHECK(third.run.tasks.empty());
  CHECK(third.rows.empty());
}

// Pages with these rows, one a page, as a collector takes them.
Rows collect(const std::vector<std::pair<std::string, std::string>>& rows) {
  unpod::TaskCollector collector(nullptr);
  for (const auto& [id, json] : rows) {
    unpod::TaskPage page;
    page.tasks.emplace_back().key = task::make_task_key(id);
    page.rows.emplace_back(task::make_task_key(id), json);
    collector.take(page);
  }
  return collector.finish(unpod::Walk(1000)).rows;
}

TEST_CASE("of a row that comes twice the later page's reading wins") {
  const auto rows = collect({{"a", "1"}, {"b", "22"}, {"a", "333"}});
  REQUIRE(rows.size() == 2);
  for (const auto& [key, json] : rows) CHECK(json == (key == task::make_task_key("a") ? "333" : "22"));
}

TEST_CASE("rows take 64 MiB at most: what finds no room is left out, and what never can is empty") {
  const std::string half(std::size_t{32} << 20, ' ');
  CHECK(collect({{"a", half}, {"b", half}}).size() == 2);
  const auto without = collect({{"a", half}, {"b", half + " "}, {"c", "1"}});
  REQUIRE(without.size() == 2);
  CHECK(std::ranges::find(without, task::make_task_key("b"), &Rows::value_type::first) == without.end());
  const auto outdated = collect({{"a", "1"}, {"b", half}, {"a", half + " "}});
  REQUIRE(outdated.size() == 1);
  CHECK(outdated[0].first == task::make_task_key("b"));
  const auto giant = collect({{"a", half + half + " "}});
  REQUIRE(giant.size() == 1);
  CHECK(giant[0].second == "{}");
}

}  // namespace
