#include "unpod/task_parts.h"

#include <limits>

namespace runwatch::unpod {
namespace {

using json::error_code;
using json::same;
using json::ondemand::value;
using std::string_view;

NumberRead read_number(value& v, double limit) {
  const string_view token = json::token_of(v);
  if (json::is_absent(token)) return {};
  const auto number = json::number(v);
  if (!number || !(*number >= 0 && *number <= limit)) return {.given = true};
  return {.given = true, .good = true, .value = *number};
}

error_code keep(value& v, string_view& token) {
  token = json::token_of(v);
  return simdjson::SUCCESS;
}

error_code keep_cost(value& v, NumberRead& cost) {
  cost = read_number(v, std::numeric_limits<double>::max());
  return simdjson::SUCCESS;
}

error_code keep_duration(value& v, Parts& parts) {
  parts.duration_named = true;
  parts.duration = read_number(v, kLongestSeconds);
  return simdjson::SUCCESS;
}

error_code keep_cost_breakdown(value& v, Parts& parts) {
  if (!json::is_object(json::token_of(v))) return simdjson::SUCCESS;
  return json::each_field(v, [&parts](string_view key, value& inner) {
    return key == "total" ? keep_cost(inner, parts.total_cost) : simdjson::SUCCESS;
  });
}

// By length first: most keys of an output are none of ours, and are dismissed by one comparison.
error_code keep_output_field(string_view key, value& v, Parts& parts) {
  const auto reason = [&](Reason which) { return keep(v, parts.reasons[which]); };
  switch (key.size()) {
    case 2:
      if (same(key, "id")) return keep(v, parts.old_call_id);
      break;
    case 4:
      if (same(key, "cost")) return keep_cost(v, parts.cost);
      if (same(key, "type")) return keep(v, parts.old_call_type);
      break;
    case 5:
      if (same(key, "error")) return reason(error);
      break;
    case 6:
      if (same(key, "status")) return keep(v, parts.old_call_status);
      break;
    case 7:
      if (same(key, "call_id")) return keep(v, parts.call_id);
      if (same(key, "endedAt")) return read_time(v, parts.old_end);
      break;
    case 8:
      if (same(key, "duration")) return keep_duration(v, parts);
      if (same(key, "end_time")) return read_time(v, parts.end);
      break;
    case 9:
      if (same(key, "call_type")) return keep(v, parts.call_type);
      if (same(key, "startedAt")) return read_time(v, parts.old_start);
      break;
    case 10:
      if (same(key, "start_time")) return read_time(v, parts.start);
      if (same(key, "end_reason")) return reason(end_reason);
      break;
    case 11:
      if (same(key, "call_status")) return keep(v, parts.call_status);
      if (same(key, "endedReason")) return reason(ended_reason);
      break;
    case 13:
      if (same(key, "costBreakdown")) return keep_cost_breakdown(v, parts);
      break;
    case 15:
      if (same(key, "call_end_reason")) return reason(call_end_reason);
      break;
    case 19:
      if (same(key, "last_failure_reason")) return reason(output_reason);
      break;
    default:
      break;
  }
  return simdjson::SUCCESS;
}

// An output that is null, a string, an array or a number says nothing.
error_code keep_output(value& v, Parts& parts) {
  if (!json::is_object(json::token_of(v))) return simdjson::SUCCESS;
  return json::each_field(v, [&parts](string_view key, value& inner) { return keep_output_field(key, inner, parts); });
}

error_code keep_task_field(string_view key, value& v, Parts& parts) {
  switch (key.size()) {
    case 6:
      if (same(key, "status")) return keep(v, parts.status);
      if (same(key, "output")) return keep_output(v, parts);
      if (same(key, "run_id")) return keep(v, parts.run_id);
      break;
    case 7:
      if (same(key, "task_id")) return keep(v, parts.id);
      if (same(key, "created")) return read_time(v, parts.created);
      break;
    case 8:
      if (same(key, "run_mode")) return keep(v, parts.mode);
      break;
    case 14:
      if (same(key, "execution_type")) return keep(v, parts.execution);
      break;
    case 18:
      if (same(key, "last_status_change")) return read_time(v, parts.status_changed);
      break;
    case 19:
      if (same(key, "last_failure_reason")) return keep(v, parts.reasons[task_reason]);
      break;
    default:
      break;
  }
  return simdjson::SUCCESS;
}

}  // namespace

error_code read_parts(json::ondemand::object& object, Parts& parts) {
  return json::each_field(object,
                          [&parts](string_view key, value& inner) { return keep_task_field(key, inner, parts); });
}

}  // namespace runwatch::unpod
