// What a command asks with a POST, as the JSON object of its members' names: each path reads what it needs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace runwatch::control {

struct Request {
  std::vector<std::string> ids{};  // of notices
  std::string receiver{};
  bool dead = false;        // with a receiver: all its dead notices
  std::int64_t number = 0;  // of a silence
  std::string space{}, run_id{}, rule{}, reason{};
  std::int64_t seconds = 0;  // how long a silence lasts

  bool operator==(const Request&) const = default;
};

std::string to_json(const Request& request);
// What is missing keeps its default. Fails: `invalid`.
core::Result<Request> parse_request(std::string_view json);

// The header by which a command names the database that it means, as text that a header may hold.
inline constexpr const char* kDatabase = "Runwatch-Database";
std::string database_text(const std::filesystem::path& database);

// {"error": text}, and the text again; empty where it is something else.
std::string refusal(const std::string& text);
std::string parse_refusal(std::string_view json);

}  // namespace runwatch::control
