#include "notify/signature.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "notify/notices.h"

using namespace runwatch;
using namespace runwatch::test;
using namespace std::chrono_literals;

namespace {

const core::Secret kSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");  // of the specification's examples
const core::Secret kOther("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");

notify::Signed message(const std::vector<http::Header>& headers, std::string_view body) {
  return {headers.at(0).value, headers.at(1).value, headers.size() > 2 ? headers[2].value : std::string_view(), body};
}

}  // namespace

TEST_CASE("a body is signed as the Standard Webhooks' own example is") {
  const core::WallTime then{std::chrono::seconds(1614265330)};
  const std::string body = "{\"test\": 2432232314}";
  const auto headers = notify::sign("msg_p5jXN8AQM9LWM0D4loKWxJek", then, body, {{kSecret}});
  REQUIRE(headers.size() == 3);
  CHECK(headers[0] == http::Header{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"});
  CHECK(headers[1] == http::Header{"webhook-timestamp", "1614265330"});
  CHECK(headers[2] == http::Header{"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="});
}

TEST_CASE("while secrets rotate each of them signs, and either verifies") {
  const auto now = at("2026-02-07T05:57:45.900Z");
  const std::vector both{kSecret, kOther};
  const auto headers = notify::sign("id", now, "body", both);
  CHECK(std::ranges::count(headers[2].value, ' ') == 1);
  for (const auto& secret : both) CHECK(notify::verify(message(headers, "body"), {{secret}}, now));
  CHECK(notify::verify(message(notify::sign("id", now, "body", {{kOther}}), "body"), both, now));
  CHECK(notify::sign("id", now, "body", {}).size() == 2);
}

TEST_CASE("another body, id, time or secret, a stale time and no signature are refused") {
  const auto now = at("2026-02-07T05:57:45Z");
  const std::vector secrets{kSecret};
  const auto headers = notify::sign("id", now, "body", secrets);
  const auto good = message(headers, "body");
  CHECK(notify::verify(good, secrets, now + 5min));
  CHECK(notify::verify(good, secrets, now - 5min));
  CHECK_FALSE(notify::verify(good, secrets, now + 5min + 1s));
  CHECK_FALSE(notify::verify(good, secrets, now - 5min - 1s));
  CHECK_FALSE(notify::verify(message(headers, "bodY"), secrets, now));
  CHECK_FALSE(notify::verify(good, {{kOther}}, now));
  CHECK_FALSE(notify::verify(good, {}, now));
  for (const char* const time : {"", "1770443866", "soon", "1e9", "99999999999999999999"})
    CHECK_FALSE(notify::verify({good.id, time, good.signatures, good.body}, secrets, now));
  CHECK_FALSE(notify::verify({"other", good.timestamp, good.signatures, good.body}, secrets, now));
  for (const char* const signatures : {"", " ", "v1,", "v2,g0hM", "v1"})
    CHECK_FALSE(notify::verify({good.id, good.timestamp, signatures, good.body}, secrets, now));
}

TEST_CASE("a secret is base64 of 24 to 64 bytes, and a complaint does not repeat it") {
  CHECK(notify::check_secret(kSecret));
  CHECK(notify::check_secret(core::Secret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));
  CHECK(notify::check_secret(core::Secret("whsec_" + std::string(84, 'A') + "AA==")));
  for (const std::string text :
       {"", "whsec_", "whsec_QUJD", "whsec_not base64!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "hunter2hunter2hunter2hunter2hunter2hunte=2"}) {
    CAPTURE(text);
    const auto checked = notify::check_secret(core::Secret(text));
    REQUIRE_FALSE(checked);
    CHECK((text.size() < 7 || checked.error().text.find(text.substr(6)) == std::string::npos));
  }
  CHECK_FALSE(notify::check_secret(core::Secret("whsec_" + std::string(88, 'A'))));
}

TEST_CASE("signatures for npm's standardwebhooks to verify") {
  const char* const file = std::getenv("RUNWATCH_SIGNED");
  const auto now = std::chrono::floor<core::Duration>(std::chrono::system_clock::now());
  const auto add = [&](const std::string& body, const std::vector<core::Secret>& secrets, const core::Secret& by,
                       bool good) {
    Json line = {{"body", body}, {"secret", by.reveal()}, {"good", good}, {"headers", Json::object()}};
    for (const auto& [name, value] : notify::sign(firing().id, now, body, secrets)) line["headers"][name] = value;
    CHECK(notify::verify(message(notify::sign(firing().id, now, body, secrets), body), {{by}}, now).has_value() ==
          good);
    if (file != nullptr) std::ofstream(file, std::ios::app) << line.dump() << '\n';
  };
  for (const auto& body : {make(firing()), make(hostile(firing())), make(over(rule::Kind::ended))}) {
    add(body, {kSecret}, kSecret, true);
    add(body, {kOther, kSecret}, kSecret, true);
    add(body, {kOther}, kSecret, false);
  }
}
