#include <doctest/doctest.h>

#include "unpod/world.h"

using namespace runwatch;
using namespace runwatch::test;
using namespace std::chrono_literals;
using view::PollReason;

TEST_CASE("an answer other than success has its reason and a text") {
  const struct {
    int status;
    const char* body;
    const char* type;
    PollReason reason;
    const char* text;
  } cases[] = {
      {206, R"({"status_code":206,"message":"Invalid Space Token","data":{}})", "application/json",
       PollReason::business_error, "Invalid Space Token"},
      {206, R"({"status_code":200,"data":[]})", "application/json", PollReason::business_error, "206"},
      {200, R"({"status_code":206,"message":"No access","data":{}})", "application/json", PollReason::business_error,
       "No access"},
      {400, R"({"status_code":400,"message":"Org-Handle header is required."})", "", PollReason::business_error,
       "Org-Handle"},
      {403, R"({"status_code":403,"message":"Token has expired."})", "", PollReason::forbidden, "Token has expired."},
      {404, R"({"message":"Space not found","status_code":404})", "", PollReason::not_found, "Space not found"},
      {404, "", "", PollReason::not_found, "404"},
      {405, "no", "text/plain", PollReason::other, "no"},
      {429, "", "", PollReason::rate_limited, "429"},
      {500, "<html><title>Oops</title></html>", "text/html", PollReason::server_error, "Oops"},
      {503, R"({"data":[{"name":"A Person"}]})", "", PollReason::server_error, "503"},
      {301, "", "", PollReason::redirect, "api.base_url"},
      {302, "", "", PollReason::redirect, "302"},
      {304, "", "", PollReason::bad_http, "304"},
      {204, "", "", PollReason::bad_json, "204"},
      {200, "", "", PollReason::bad_json, "empty"},
      {200, "<html>Log in</html>", "text/html", PollReason::bad_json, "Log in"},
      {200, R"({"data":[],"count":0})", "text/plain", PollReason::bad_json, "text/plain"},
      {200, "[]", "application/json", PollReason::bad_schema, "object"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.status);
    CAPTURE(c.body);
    std::vector<http::Header> headers;
    if (*c.type != '\0') headers.push_back({"content-type", c.type});
    World world(FakeClient::script({answer(c.status, c.body, headers)}));
    const auto run = world.tasks();
    REQUIRE_FALSE(run.has_value());
    CHECK(run.error().reason == c.reason);
    CAPTURE(run.error().text);
    CHECK(run.error().text.find(c.text) != std::string::npos);
    CHECK(run.error().text.find("Person") == std::string::npos);
    CHECK_FALSE(run.error().cancelled);
    CHECK(world.client.requests.size() == 1);
    REQUIRE(world.exchanges.size() == 1);
    CHECK(world.exchanges[0].status == c.status);
    CHECK(world.exchanges[0].call == unpod::Call::tasks);
  }
}

TEST_CASE("some kind of JSON, or no content type at all, is JSON") {
  for (const char* type : {"application/json", "Application/JSON; charset=utf-8", "application/problem+json", ""}) {
    World world(FakeClient::script({answer(200, R"({"data":[],"count":0})", {{"Content-Type", type}})}));
    CHECK(world.tasks().has_value());
  }
}

TEST_CASE("a broken exchange has the same reason in both rooms, and being stopped is no failure") {
  const std::pair<http::FailureReason, PollReason> cases[] = {
      {http::FailureReason::dns, PollReason::dns},
      {http::FailureReason::connect, PollReason::connect},
      {http::FailureReason::tls, PollReason::tls},
      {http::FailureReason::timeout, PollReason::timeout},
      {http::FailureReason::truncated, PollReason::truncated},
      {http::FailureReason::too_large, PollReason::too_large},
      {http::FailureReason::bad_http, PollReason::bad_http},
      {http::FailureReason::other, PollReason::other},
  };
  for (const auto& [from, to] : cases) {
    World world(FakeClient::script({std::unexpected(http::Failure{from, "why"})}));
    const auto run = world.tasks();
    REQUIRE_FALSE(run.has_value());
    CHECK(run.error().reason == to);
    CHECK(run.error().text == "why");
    CHECK_FALSE(run.error().cancelled);
    REQUIRE(world.exchanges.size() == 1);
    CHECK(world.exchanges[0].status == 0);
    CHECK(world.exchanges[0].took == 1s);
  }
  World stopped(FakeClient::script({std::unexpected(http::Failure{http::FailureReason::cancelled, "x"})}));
  CHECK(stopped.tasks().error().cancelled);
  CHECK(stopped.exchanges.empty());
  World refused(platform(3));
  refused.admit_at_most = 1;
  CHECK(refused.tasks().error().cancelled);
  CHECK(refused.client.requests.size() == 1);
  World before(platform(3));
  std::stop_source stop;
  stop.request_stop();
  CHECK(before.api().tasks(kSpace, "R1", nullptr, stop.get_token()).error().cancelled);
  CHECK(before.client.requests.empty());
}

TEST_CASE("Retry-After is passed on with 429 and 503 only") {
  const std::vector<http::Header> headers{{"retry-after", "30"}};
  for (const auto& [status, expected] : {std::pair<int, std::optional<core::Duration>>{429, 30s},
                                         {503, 30s},
                                         {500, std::nullopt},
                                         {403, std::nullopt}}) {
    World world(FakeClient::script({answer(status, "", headers)}));
    CHECK(world.tasks().error().retry_after == expected);
  }
  World date(FakeClient::script({answer(429, "", {{"Retry-After", "Sat, 07 Feb 2026 06:00:10 GMT"}})}));
  CHECK(date.tasks().error().retry_after == 10s);
  World junk(FakeClient::script({answer(429, "", {{"Retry-After", "-5"}})}));
  CHECK(junk.tasks().error().retry_after == 0s);
  World past(FakeClient::script({answer(429, "", {{"Retry-After", "Sat, 07 Feb 2026 05:59:00 GMT"}})}));
  CHECK(past.tasks().error().retry_after == 0s);
  World none(FakeClient::script({answer(429, "")}));
  CHECK_FALSE(none.tasks().error().retry_after.has_value());
}

TEST_CASE("a refused token is read again and the request sent once more") {
  const Reply refusal = answer(401, R"({"status_code":401,"message":"Invalid token."})");
  const Reply good = answer(200, page_of(row(1), "1"));
  World world(FakeClient::script({refusal, good}), [] { return core::Result<core::Secret>(core::Secret("fresh")); });
  CHECK(world.tasks().has_value());
  REQUIRE(world.client.requests.size() == 2);
  CHECK(world.client.requests[0].authorization.reveal() == "Token secret-token");
  CHECK(world.client.requests[1].authorization.reveal() == "Token fresh");
  CHECK(world.credentials.token().reveal() == "fresh");
  CHECK(world.admitted == 2);

  World twice(FakeClient::script({refusal}), [] { return core::Result<core::Secret>(core::Secret("fresh")); });
  const auto run = twice.tasks();
  REQUIRE_FALSE(run.has_value());
  CHECK(run.error().reason == PollReason::auth);
  CHECK(run.error().text.find("Invalid token.") != std::string::npos);
  CHECK(twice.client.requests.size() == 2);

  World unreadable(FakeClient::script({refusal, good}),
                   [] { return core::Result<core::Secret>(core::fail(core::ErrorKind::invalid, "gone")); });
  CHECK(unreadable.tasks().has_value());
  REQUIRE(unreadable.client.requests.size() == 2);
  CHECK(unreadable.client.requests[1].authorization.reveal() == "Token secret-token");
}

TEST_CASE("credentials say whether another token is there now") {
  unpod::Credentials fixed(core::Secret("a"), {});
  CHECK_FALSE(fixed.refresh(core::Secret("a")));
  CHECK(fixed.refresh(core::Secret("older")));
  std::string next = "a";
  int reads = 0;
  unpod::Credentials from_file(core::Secret("a"), [&]() -> core::Result<core::Secret> {
    ++reads;
    return core::Secret(next);
  });
  CHECK_FALSE(from_file.refresh(core::Secret("a")));
  next = "b";
  CHECK(from_file.refresh(core::Secret("a")));
  CHECK(from_file.refresh(core::Secret("a")));
  CHECK(reads == 2);
  CHECK(from_file.token().reveal() == "b");
}

TEST_CASE("a failure never quotes a token, wherever the platform puts it") {
  const std::string secrets = "secret-token and 8KZRTQP7BNW5XEDLORYUHMJC";
  for (const auto& reply :
       {answer(404, R"({"message":")" + secrets + "\"}"), answer(500, "<p>" + secrets + "</p>"),
        answer(200, R"({"status_code":206,"message":")" + secrets + "\"}"), answer(200, "<p>" + secrets + "</p>"),
        answer(200, "<p>" + secrets + "</p>", {{"Content-Type", "text/html"}})}) {
    World world(FakeClient::script({reply}));
    const auto run = world.tasks();
    REQUIRE_FALSE(run.has_value());
    CAPTURE(run.error().text);
    CHECK(run.error().text.find("secret-token") == std::string::npos);
    CHECK(run.error().text.find("8KZRTQP7BNW5XEDLORYUHMJC") == std::string::npos);
    CHECK(run.error().text.find("and") != std::string::npos);
  }
}
