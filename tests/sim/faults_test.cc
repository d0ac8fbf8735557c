// What a platform with faults answers.
#include <algorithm>
#include <set>

#include "asking.h"

using namespace runwatch;
using namespace runwatch::sim;

namespace {

Asking with_faults(const char* text) {
  auto options = small_options();
  options.faults = *parse_faults(text);
  return Asking(options);
}

}  // namespace

TEST_CASE("a status fault answers in place of the platform, whatever was asked for") {
  const std::pair<const char*, int> table[] = {{"500", 500}, {"429", 429},  {"206", 206}, {"401", 401},
                                               {"403", 403}, {"404", 404},  {"400", 400}, {"301", 301},
                                               {"204", 204}, {"down", 503}, {"302", 302}};
  for (const auto& [text, status] : table) {
    CAPTURE(text);
    auto asking = with_faults(text);
    CHECK(asking.get(kBase + "spaces/").status == status);
    CHECK(asking.get(kBase + "organizations/").status == status);
  }
}

TEST_CASE("a business error says 206 in its body too, and its data is no array") {
  auto asking = with_faults("206");
  std::set<std::string> messages;
  for (int i = 0; i < 50; ++i) {
    const auto body = Json::parse(asking.get(kBase + "spaces/").body);
    CHECK(body["status_code"] == 206);
    CHECK(body["data"].is_object());
    messages.insert(body["message"]);
  }
  CHECK(messages.size() == 4);
}

TEST_CASE("server errors come as JSON, as a page and as nothing") {
  auto asking = with_faults("502");
  std::set<std::string> kinds;
  for (int i = 0; i < 50; ++i) {
    const auto answer = asking.get(kBase + "spaces/");
    kinds.insert(answer.body.empty() ? "nothing" : answer.body.starts_with("<!") ? "page" : "json");
  }
  CHECK(kinds == std::set<std::string>{"json", "nothing", "page"});
}

TEST_CASE("Retry-After stands as given on 429 and 503 and on nothing else") {
  auto asking = with_faults("429=1/spaces,503=1/organizations,retry-after=soon");
  for (const char* call : {"spaces/", "organizations/"}) {
    const auto answer = asking.get(kBase + call);
    REQUIRE(answer.headers.size() == 1);
    CHECK(answer.headers[0] == std::pair<std::string, std::string>("Retry-After", "soon"));
  }
  CHECK(asking.get(asking.runs_path()).headers.empty());
}

TEST_CASE("Retry-After may be a date, counted from the platform's own clock") {
  auto asking = with_faults("503,retry-after=@30");
  CHECK(asking.get(kBase + "spaces/").headers[0].second == "Sat, 31 Jan 2026 11:18:08 GMT");
  asking.json("/_sim/advance", "seconds=3600");
  const auto answer = asking.get(kBase + "spaces/");
  CHECK(answer.headers[0].second == "Sat, 31 Jan 2026 12:18:08 GMT");
  CHECK(answer.at == kStart + std::chrono::hours(1));
}

TEST_CASE("beyond the limit of a second the answer is 429, and the next second is a new one") {
  auto asking = with_faults("limit=3/organizations");
  for (int second = 0; second < 3; ++second) {
    int good = 0;
    for (int i = 0; i < 10; ++i) good += asking.get(kBase + "organizations/").status == 200 ? 1 : 0;
    CHECK(good == 3);
    CHECK(asking.get(kBase + "organizations/").status == 429);
    CHECK(asking.get(kBase + "organizations/").headers.empty());
    CHECK(asking.get(kBase + "spaces/").status == 200);
    asking.now += std::chrono::seconds(1);
  }
}

TEST_CASE("a run's address may answer with the rows of another run of its space") {
  auto options = small_options();
  options.runs = 2;
  options.faults = *parse_faults("wrong-run");
  Asking asking(options);
  const auto runs = ids(asking.json(asking.runs_path()), "run_id");
  for (std::size_t i : {0U, 1U}) {
    const auto rows = ids(asking.json(asking.runs_path() + runs[i] + "/tasks/"), "run_id");
    CHECK(std::set(rows.begin(), rows.end()) == std::set{runs[1 - i]});
  }
  auto single = with_faults("wrong-run");
  CHECK(single.json(single.tasks_path())["count"] == 0);
}

TEST_CASE("bytes that nobody asked for go along with a right answer: another run's rows, or 408") {
  auto options = small_options();
  options.runs = 2;
  options.faults = *parse_faults("unasked/tasks");
  Asking asking(options);
  const auto run = asking.newest_run();
  const auto answer = asking.get(asking.tasks_path());
  CHECK(Json::parse(answer.body)["data"][0]["run_id"] == run);
  REQUIRE(answer.unasked);
  CHECK(answer.unasked->status == 200);
  CHECK(Json::parse(answer.unasked->body)["data"][0]["run_id"] != run);
  CHECK(!asking.get(asking.runs_path()).unasked);
  CHECK(with_faults("idle-408").get(kBase + "spaces/").unasked->status == 408);
}

TEST_CASE("a run that is not there may answer 404") {
  auto asking = with_faults("lost-404/tasks");
  const auto run = asking.newest_run();
  const auto path = asking.tasks_path();
  CHECK(asking.get(path).status == 200);
  asking.json("/_sim/remove", "run=" + run);
  CHECK(asking.get(path).status == 404);
}

TEST_CASE("spoilt answers: held back, cut short, no JSON, another status inside") {
  CHECK(with_faults("latency=200ms,latency=50ms").get(kBase + "spaces/").delay == core::Duration(250));
  auto cut = with_faults("truncate");
  for (int i = 0; i < 20; ++i) {
    const auto answer = cut.get(kBase + "spaces/");
    CHECK(answer.truncate_by > 0);
    CHECK(answer.truncate_by <= answer.body.size());
  }
  auto bad = with_faults("badjson");
  for (int i = 0; i < 20; ++i) {
    const auto answer = bad.get(kBase + "spaces/");
    CHECK(answer.status == 200);
    CHECK(!Json::accept(answer.body));
  }
  const auto envelope = with_faults("envelope").json(kBase + "spaces/");
  CHECK(envelope["status_code"] == 206);
  CHECK(envelope["data"].is_array());
}

TEST_CASE("faulty lists: clamped, always the first page, counted wrongly or not at all") {
  auto clamped = with_faults("clamp=5");
  const auto path = clamped.tasks_path();
  CHECK(clamped.json(path, "page_size=100")["data"].size() == 5);
  CHECK(clamped.json(path, "page=5&page_size=100")["data"].size() == 3);
  CHECK(clamped.json(path, "page=1&page_size=3")["data"].size() == 3);
  auto deaf = with_faults("ignore-page");
  CHECK(deaf.json(deaf.tasks_path(), "page=2&page_size=5") == deaf.json(deaf.tasks_path(), "page=1&page_size=5"));
  auto wrong = with_faults("miscount/tasks");
  CHECK(wrong.json(wrong.tasks_path())["count"] == 24);
  CHECK(wrong.json(wrong.runs_path())["count"] == 1);
  auto silent = with_faults("no-count");
  CHECK(!silent.json(silent.tasks_path()).contains("count"));
}

TEST_CASE("a task arrives, or one is gone, with each page that is asked for") {
  auto shifting = with_faults("shift");
  const auto path = shifting.tasks_path();
  const auto first = shifting.json(path, "page=1&page_size=10");
  const auto second = shifting.json(path, "page=2&page_size=10");
  CHECK(first["count"] == 24);
  CHECK(second["count"] == 25);
  CHECK(ids(first, "task_id").back() == ids(second, "task_id").front());
  auto vanishing = with_faults("vanish/tasks:2");
  const auto other = vanishing.tasks_path();
  CHECK(vanishing.json(other, "page=1")["count"] == 23);
  CHECK(vanishing.json(other, "page=2")["count"] == 22);
}

TEST_CASE("a shrunken list is whole in itself and always lacks the same tasks") {
  auto options = small_options();
  options.tasks = 400;
  options.faults = *parse_faults("shrink=0.5");
  Asking asking(options);
  const auto path = asking.tasks_path();
  const auto once = asking.json(path, "page_size=1000");
  CHECK(once["count"] == once["data"].size());
  CHECK(once["count"] > 150);
  CHECK(once["count"] < 250);
  CHECK(asking.json(path, "page_size=1000") == once);
  auto all_gone = with_faults("shrink=1");
  CHECK(all_gone.json(all_gone.tasks_path())["count"] == 0);
}
