// What a task says, before any rule is applied: one pass over its fields in whatever order they come.
//
// Speaks simdjson, so it is for the .cc files of this room alone. Tokens point into the page and live as long as it
// does.
#pragma once

#include <array>
#include <string_view>

#include "unpod/json.h"

namespace runwatch::unpod {

inline constexpr double kLongestSeconds = 86'400;

// The texts that say why a call ended, in the order in which they are believed.
enum Reason : std::size_t { task_reason, output_reason, call_end_reason, end_reason, error, ended_reason, kReasons };

// A number that is there; `good` when it is one and in range.
struct NumberRead {
  bool given = false;
  bool good = false;
  double value = 0;
};

// What a task says, as tokens into the page where the rule needs more than one of them.
struct Parts {
  std::string_view id, run_id, status, execution, mode;
  std::string_view call_id, old_call_id, call_status, old_call_status, call_type, old_call_type;
  std::array<std::string_view, kReasons> reasons;
  json::TimeRead created, status_changed, start, end, old_start, old_end;
  NumberRead duration, cost, total_cost;
  bool duration_named = false;  // the key is there, be it null
};

// Keys that repeat: the later one counts.
json::error_code read_parts(json::ondemand::object& object, Parts& parts);

}  // namespace runwatch::unpod
