#include "config/show.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace runwatch;
using nlohmann::json;

namespace {

core::Secret secret(const std::string& text) { return core::Secret(text); }

// With a value that must not be shown in each place that takes one: all of them hold "hush".
config::Config with_secrets() {
  config::Config config;
  config.api.token = secret("hush-1");
  config.api.token_path = "/etc/runwatch/token";
  config.api.token_source = config::TokenSource::file;
  auto& space = config.spaces.emplace_back();
  space.token = secret("hush-2");
  space.name = "sales";
  space.run_modes = {"prod"};
  config.every_space.token = secret("hush-3");
  config::Receiver receiver;
  receiver.name = "ops";
  receiver.secrets = {.urls = {secret("https://hooks.example.org/hush-4?key=hush")},
                      .secrets = {secret("hush-5"), secret("hush-6")},
                      .authorization = secret("Bearer hush-7")};
  receiver.headers = {{"X-Key", "hush-8"}};
  receiver.proxy = "http://proxy.example.org:3128/hush-9";
  receiver.custom_body = R"({"key": "hush-10"})";
  config.receivers = {receiver};
  config.heartbeat.emplace().url = secret("https://beat.example.org/hush-11");
  return config;
}

}  // namespace

TEST_CASE("the configuration that is shown has no secret, and of addresses the host alone") {
  const auto text = config::show_json(with_secrets());
  CHECK(text.find("hush") == std::string::npos);
  const auto shown = json::parse(text);
  CHECK(shown["api"]["token"] == "set");
  CHECK(shown["api"]["token_from"] == "file");
  CHECK(shown["spaces"][0]["token"] == "set");
  CHECK(shown["spaces"][0]["runs"] == "all");
  const auto& receiver = shown["alerts"]["receivers"][0];
  CHECK(receiver["urls"] == json::array({"https://hooks.example.org/…"}));
  CHECK(receiver["secrets"] == 2);
  CHECK(receiver["authorization"] == "set");
  CHECK(receiver["headers"] == json({{"X-Key", "set"}}));
  CHECK(receiver["proxy"] == "http://proxy.example.org/…");
  CHECK(receiver["body"] == "set");
  CHECK(shown["alerts"]["heartbeat"]["url"] == "https://beat.example.org/…");
}

TEST_CASE("an address that is no URL is shown as set, and what is not there as null") {
  auto config = with_secrets();
  config.receivers[0].secrets.urls = {secret("not a url: hush")};
  config.heartbeat.reset();
  config.spaces.clear();
  const auto shown = json::parse(config::show_json(config));
  CHECK(shown["alerts"]["receivers"][0]["urls"] == json::array({"set"}));
  CHECK(shown["alerts"]["heartbeat"].is_null());
  CHECK(shown["spaces"] == "all");
  CHECK(shown["every_space"]["max_runs"] == 50);
}

TEST_CASE("times and sizes are shown in the notation of the file") {
  const auto shown = json::parse(config::show_json({}));
  CHECK(shown["poll"]["interval"] == "30s");
  CHECK(shown["api"]["max_response"] == "32MiB");
  CHECK(shown["server"]["listen"] == nlohmann::json::array({"127.0.0.1:10321"}));
  CHECK(shown["alerts"]["rules"][1]["when"] == "run_stalled");
  CHECK(shown["alerts"]["rules"][1]["for"] == "30m");
  CHECK(shown["log"]["level"] == "info");
}
