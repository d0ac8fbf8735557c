// How the tests of this room ask a platform and read what it says.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/platform.h"

namespace runwatch::sim {

using Json = nlohmann::json;

inline constexpr core::WallTime kStart{std::chrono::milliseconds(1'769'858'258'067)};
inline const std::string kBase = "/api/v2/platform/";

inline Options small_options() {
  Options o;
  o.spaces = 1;
  o.runs = 1;
  o.tasks = 23;
  o.fixed = true;
  return o;
}

struct Asking {
  explicit Asking(Options options = small_options()) : platform(std::move(options), kStart) {}

  Answer get(const std::string& path, const std::string& query = "") {
    const auto authorization = "Token " + token;
    const Request request{.path = path, .query = query, .authorization = authorization, .org_handle = handle};
    return path.starts_with(kControlPrefix) ? platform.control(request, now) : platform.answer(request, now);
  }
  Json json(const std::string& path, const std::string& query = "") {
    const auto answer = get(path, query);
    CAPTURE(answer.body.substr(0, 300));
    CHECK(answer.status == 200);
    return Json::parse(answer.body);
  }
  std::string space_token(std::size_t i = 0) { return platform.spaces().at(i).token; }
  std::string runs_path(std::size_t space = 0) { return kBase + "spaces/" + space_token(space) + "/runs/"; }
  std::string newest_run() { return json(runs_path())["data"][0]["run_id"]; }
  std::string tasks_path() { return runs_path() + newest_run() + "/tasks/"; }

  Platform platform;
  core::WallTime now = kStart;
  std::string token = "simulated-token";
  std::string handle = "sim.example";
};

inline std::vector<std::string> ids(const Json& answer, const char* key) {
  std::vector<std::string> found;
  for (const auto& row : answer["data"]) found.push_back(row[key]);
  return found;
}

}  // namespace runwatch::sim
