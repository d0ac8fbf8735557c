#include "unpod/decode_task.h"

#include "core/digest.h"
#include "unpod/task_parts.h"

namespace runwatch::unpod {
namespace {

using json::error_code;
using json::TimeRead;
using std::string_view;

void mark(task::ObservedTask& task, task::Field field, bool bad) {
  if (bad) task.bad_fields = static_cast<std::uint8_t>(task.bad_fields | task::bit(field));
}

void settle_status(const Parts& parts, task::ObservedTask& task, std::string& scratch) {
  mark(task, task::Field::status, !json::is_string(parts.status));
  if (json::is_string(parts.status)) task.status = task::parse_status(json::text_of(parts.status, scratch));
}

void settle_kind(const Parts& parts, task::ObservedTask& task, std::string& scratch) {
  if (!json::is_absent(parts.execution)) {
    task.execution = json::is_string(parts.execution)
                         ? task::parse_execution_type(json::text_of(parts.execution, scratch))
                         : task::ExecutionType::other;
  }
  if (!json::is_absent(parts.mode)) {
    task.mode =
        json::is_string(parts.mode) ? task::parse_run_mode(json::text_of(parts.mode, scratch)) : task::RunMode::other;
  }
}

// 0: none, the value is missing, null, empty or neither string nor number.
std::uint64_t call_digest(string_view token, std::string& scratch) {
  if (json::is_string(token))
    token = json::text_of(token, scratch);
  else if (token.empty() || (token[0] != '-' && (token[0] < '0' || token[0] > '9')))
    return 0;
  return token.empty() ? 0 : core::digest64(token);
}

void settle_call(const Parts& parts, task::ObservedTask& task, std::string& scratch) {
  task.call = call_digest(parts.call_id, scratch);
  if (task.call == 0) task.call = call_digest(parts.old_call_id, scratch);
  const string_view status = json::is_absent(parts.call_status) ? parts.old_call_status : parts.call_status;
  if (json::is_string(status))
    task.call_status = task::parse_call_status(json::text_of(status, scratch));
  else if (!json::is_absent(status))
    task.call_status = task::CallStatus::other;
  const string_view type = json::is_absent(parts.call_type) ? parts.old_call_type : parts.call_type;
  if (json::is_string(type)) task.call_type = task::parse_call_type(json::text_of(type, scratch));
}

void settle_times(const Parts& parts, task::ObservedTask& task) {
  const TimeRead& start = parts.start.given ? parts.start : parts.old_start;
  const TimeRead& end = parts.end.given ? parts.end : parts.old_end;
  task.created = parts.created.time;
  task.status_changed = parts.status_changed.time;
  task.started = start.time;
  task.ended = end.time;
  mark(task, task::Field::created, parts.created.bad());
  mark(task, task::Field::start, start.bad());
  mark(task, task::Field::end, end.bad());
}

// Only the older shape has its duration between its two times.
void settle_duration(const Parts& parts, task::ObservedTask& task) {
  NumberRead duration = parts.duration;
  if (!parts.duration_named && parts.old_start.time != task::kNoTime && parts.old_end.time != task::kNoTime) {
    const double lasted = core::seconds(parts.old_end.time - parts.old_start.time);
    duration = {.given = true, .good = lasted >= 0 && lasted <= kLongestSeconds, .value = lasted};
  }
  if (duration.good) task.duration = static_cast<float>(duration.value);
  mark(task, task::Field::duration, duration.given && !duration.good);
}

void settle_cost(const Parts& parts, task::ObservedTask& task) {
  const NumberRead& cost = parts.cost.given ? parts.cost : parts.total_cost;
  if (cost.good) task.cost = cost.value;
  mark(task, task::Field::cost, cost.given && !cost.good);
}

// Looked for in failed tasks only: no other task has use for it, and the search costs as much as the rest.
void settle_failure(const Parts& parts, task::ObservedTask& task, std::string& scratch) {
  if (task.status != task::Status::failed) return;
  for (const string_view reason : parts.reasons) {
    if (!json::is_string(reason)) continue;
    task.failure = task::parse_failure_reason(json::text_of(reason, scratch));
    if (task.failure != task::FailureReason::other) return;
  }
}

bool settle_key(const Parts& parts, task::ObservedTask& task, OddIds& odd_ids, std::string& scratch) {
  const auto id = read_id(parts.id, scratch);
  if (!id) return false;
  task.key = task::make_task_key(*id);
  if (!task::is_usual(task.key)) odd_ids.emplace_back(task.key, *id);
  return true;
}

}  // namespace

std::optional<string_view> read_id(string_view token, std::string& scratch) {
  constexpr std::size_t kLongestEscaped = 128 * 6;  // every byte as \u00XX
  const auto raw = json::raw_string(token);
  if (!raw || raw->size() > kLongestEscaped) return std::nullopt;
  string_view id = *raw;
  if (id.find('\\') != string_view::npos) {
    scratch.clear();
    if (!unescape(id, scratch)) return std::nullopt;
    id = scratch;
  }
  if (!task::is_acceptable_id(id)) return std::nullopt;
  return id;
}

error_code decode_task(json::ondemand::object& object, task::ObservedTask& task, OddIds& odd_ids, bool& id_good) {
  Parts parts;
  if (const error_code broken = read_parts(object, parts)) return broken;
  std::string scratch;
  task = {};
  id_good = settle_key(parts, task, odd_ids, scratch);
  settle_kind(parts, task, scratch);
  settle_status(parts, task, scratch);
  settle_call(parts, task, scratch);
  settle_times(parts, task);
  settle_duration(parts, task);
  settle_cost(parts, task);
  settle_failure(parts, task, scratch);
  return simdjson::SUCCESS;
}

}  // namespace runwatch::unpod
