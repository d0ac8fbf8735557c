#include "core/digest.h"
#include "unpod/elements.h"
#include "unpod/task_parts.h"

namespace runwatch::unpod {
namespace {

using json::error_code;
using json::TimeRead;
using std::string_view;
using task::Status;

void mark(task::ObservedTask& task, task::Field field, bool bad) {
  if (bad) task.bad_fields = static_cast<std::uint8_t>(task.bad_fields | task::bit(field));
}

void settle_kind(const Parts& parts, task::ObservedTask& task) {
  using task::ExecutionType, task::RunMode;
  mark(task, task::Field::status, !json::is_string(parts.status));
  task.status = json::parsed(parts.status, task::parse_status, Status::unknown, Status::unknown);
  task.execution = json::parsed(parts.execution, task::parse_execution_type, ExecutionType::none, ExecutionType::other);
  task.mode = json::parsed(parts.mode, task::parse_run_mode, RunMode::none, RunMode::other);
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
  if (!json::is_absent(status))
    task.call_status = json::parsed(status, task::parse_call_status, task::CallStatus::other, task::CallStatus::other);
  const string_view type = json::is_absent(parts.call_type) ? parts.old_call_type : parts.call_type;
  task.call_type = json::parsed(type, task::parse_call_type, task.call_type, task.call_type);
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
  if (task.status != Status::failed) return;
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

bool names_another_run(const Parts& parts, string_view run_id, std::string& scratch) {
  if (run_id.empty() || !json::is_string(parts.run_id)) return false;
  const string_view named = json::text_of(parts.run_id, scratch);
  return !named.empty() && named != run_id;
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

error_code decode_task(json::ondemand::object& object, string_view run_id, task::ObservedTask& task, OddIds& odd_ids,
                       Breach& breach) {
  Parts parts;
  if (const error_code broken = read_parts(object, parts)) return broken;
  std::string scratch;
  task = {};
  if (!settle_key(parts, task, odd_ids, scratch)) breach.note("a `task_id` is missing or no usable id");
  if (names_another_run(parts, run_id, scratch)) breach.note("a task is of another run than asked for");
  settle_kind(parts, task);
  settle_call(parts, task, scratch);
  settle_times(parts, task);
  settle_duration(parts, task);
  settle_cost(parts, task);
  settle_failure(parts, task, scratch);
  return simdjson::SUCCESS;
}

}  // namespace runwatch::unpod
