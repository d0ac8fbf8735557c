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
      {403, R"({"status_code":403,"message":"You may not."})", "", PollReason::forbidden, "You may not."},
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
  const std::pair<http::TransportError, PollReason> cases[] = {
      {http::TransportError::dns, PollReason::dns},
      {http::TransportError::connect, PollReason::connect},
      {http::TransportError::tls, PollReason::tls},
      {http::TransportError::timeout, PollReason::timeout},
      {http::TransportError::truncated, PollReason::truncated},
      {http::TransportError::too_large, PollReason::too_large},
      {http::TransportError::bad_http, PollReason::bad_http},
      {http::TransportError::other, PollReason::other},
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
  World stopped(FakeClient::script({std::unexpected(http::Failure{http::TransportError::cancelled, "x"})}));
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

TEST_CASE("a date in Retry-After counts from the answer's own date, and from our clock where that is none") {
  const struct {
    const char* date;
    core::Duration wait;
  } cases[] = {{"Sat, 07 Feb 2026 06:00:40 GMT", 20s},
               {"Saturday, 07-Feb-26 06:00:55 GMT", 5s},
               {"Sat, 07 Feb 2026 05:00:00 GMT", 61min},
               {"Sat, 07 Feb 2026 07:00:00 GMT", 0s},
               {"yesterday", 60s},
               {"", 60s}};
  for (const auto& [date, wait] : cases) {
    CAPTURE(date);
    World world(
        FakeClient::script({answer(503, "", {{"Retry-After", "Sat, 07 Feb 2026 06:01:00 GMT"}, {"date", date}})}));
    CHECK(world.tasks().error().retry_after == wait);
  }
  World seconds(
      FakeClient::script({answer(429, "", {{"Retry-After", "7"}, {"Date", "Sat, 07 Feb 2026 05:00:00 GMT"}})}));
  CHECK(seconds.tasks().error().retry_after == 7s);
}

TEST_CASE("each cause is told in its own words, the likeliest mend first") {
  const auto ask = [](unpod::Call call, const Reply& reply) {
    World world(FakeClient::script({reply}));
    auto api = world.api();
    const auto text = [](const auto& answer) { return answer ? "" : answer.error().text; };
    switch (call) {
      case unpod::Call::tasks:
        return text(api.tasks(kSpace, "R1", nullptr, {}));
      case unpod::Call::runs:
        return text(api.runs(kSpace, task::kNoTime, {}));
      case unpod::Call::spaces:
        return text(api.spaces({}));
      case unpod::Call::space:
        return text(api.space(kSpace, {}));
      case unpod::Call::organizations:
        break;
    }
    return text(api.organizations({}));
  };
  const auto ours = [](int status, const char* message) {
    return answer(status, fmt::format(R"({{"status_code":{},"message":"{}"}})", status, message));
  };
  const Reply page = answer(404, "<html>Not Found</html>", {{"Content-Type", "text/html"}});
  const struct {
    unpod::Call call;
    Reply reply;
    const char* text;
  } cases[] = {
      {unpod::Call::tasks, page, "HTTP 404: there is no such address; check api.base_url: Not Found"},
      {unpod::Call::runs, page, "HTTP 404: there is no such address; check api.base_url: Not Found"},
      {unpod::Call::space, answer(404, R"({"path":"/api"})"), "HTTP 404: there is no such address; check api.base_url"},
      {unpod::Call::spaces, ours(404, "Nothing"), "HTTP 404: there is no such address; check api.base_url: Nothing"},
      {unpod::Call::organizations, answer(404, R"({"detail":"Not found."})"),
       "HTTP 404: there is no such address; check api.base_url: Not found."},
      {unpod::Call::tasks, ours(404, "Run not found"),
       "HTTP 404: the platform does not know it; check the run id and the space token: Run not found"},
      {unpod::Call::runs, ours(404, "Space not found"),
       "HTTP 404: the platform does not know the space; check its token: Space not found"},
      {unpod::Call::space, ours(404, "Space not found"),
       "HTTP 404: the platform does not know the space; check its token: Space not found"},
      {unpod::Call::runs, ours(403, "No."),
       "HTTP 403: the token may not do this; check the token and api.org_handle: No."},
      {unpod::Call::runs, answer(403, "<h1>Forbidden</h1>"),
       "HTTP 403: refused on the way to the platform; check api.base_url and the proxies there: Forbidden"},
      {unpod::Call::organizations, ours(401, "Invalid token."),
       "HTTP 401: the platform refused the API token: Invalid token."},
      {unpod::Call::organizations, answer(403, R"({"detail":"Token has expired."})"),
       "HTTP 403: the platform refused the API token: Token has expired."},
      {unpod::Call::runs, answer(405, R"({"detail":"Not allowed."})"), "HTTP 405: the platform refused: Not allowed."},
      {unpod::Call::runs, answer(405, ""), "HTTP 405: not an answer of the platform; check api.base_url"},
      {unpod::Call::runs, std::unexpected(http::Failure{http::TransportError::connect, "a:1: refused"}),
       "a:1: refused"},
  };
  for (const auto& [call, reply, text] : cases) CHECK(ask(call, reply) == text);
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

TEST_CASE("a 403 about the token is a refused token, and any other is not") {
  const auto refusal = [](std::string_view text) {
    return fmt::format(R"({{"status_code":403,"message":"{}"}})", text);
  };
  const Reply good = answer(200, page_of(row(1), "1"));
  const auto fresh = [] { return core::Result<core::Secret>(core::Secret("fresh")); };
  for (const char* text :
       {"Token has expired.", "token expired", "Invalid token.", "Invalid token header. No credentials.",
        "Authentication credentials were not provided.", "Token is invalid or expired",
        "Given token not valid for any token type", "Signature has expired.", "User inactive or deleted."}) {
    CAPTURE(text);
    World world(FakeClient::script({answer(403, refusal(text)), good}), fresh);
    CHECK(world.tasks().has_value());
    REQUIRE(world.client.requests.size() == 2);
    CHECK(world.client.requests[1].authorization.reveal() == "Token fresh");
    CHECK(world.exchanges[0].status == 403);
    World twice(FakeClient::script({answer(403, refusal(text))}), fresh);
    const auto run = twice.tasks();
    REQUIRE_FALSE(run.has_value());
    CHECK(run.error().reason == PollReason::auth);
    CHECK(run.error().refused_token.reveal() == "fresh");
    CHECK(twice.client.requests.size() == 2);
  }
  for (const char* text : {"", "Invalid Space Token", "The token of this space has expired.",
                           "You may not see this run.", "Your plan has expired"}) {
    CAPTURE(text);
    World world(FakeClient::script({answer(403, refusal(text)), good}), fresh);
    const auto run = world.tasks();
    REQUIRE_FALSE(run.has_value());
    CHECK(run.error().reason == PollReason::forbidden);
    CHECK(run.error().refused_token.empty());
    CHECK(world.client.requests.size() == 1);
  }
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
