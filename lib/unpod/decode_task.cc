#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "core/digest.h"
#include "core/text.h"
#include "unpod/envelope.h"

namespace runwatch::unpod {
namespace {

using json::error_code;
using json::TimeRead;
using json::ondemand::value;
using std::string_view;
using task::Status;

constexpr double kLongestSeconds = 86'400;

// The texts that say why a call ended, in the order in which they are believed.
enum Reason : std::size_t { task_reason, output_reason, call_end_reason, end_reason, error, ended_reason, kReasons };

struct NumberRead {
  bool given = false;  // there, and not null
  bool good = false;   // a number in range
  double value = 0;
};

// What a task says, as tokens into the page where the rule needs more than one of them.
struct Parts {
  string_view id, run_id, status, execution, mode;
  string_view call_id, old_call_id, call_status, old_call_status, call_type, old_call_type;
  std::array<string_view, kReasons> reasons;
  json::TimeRead created, status_changed, start, end, old_start, old_end;
  NumberRead duration, cost, total_cost;
  bool duration_named = false;  // the key is there, be it null
};

// Into one of the parts, each by its type.
error_code read(value& v, string_view& token) {
  token = json::token_of(v);
  return simdjson::SUCCESS;
}

error_code read(value& v, json::TimeRead& time) { return json::read_time(v, time); }

error_code read(value& v, NumberRead& out, double limit = std::numeric_limits<double>::max()) {
  out = {.given = !json::is_absent(json::token_of(v))};
  const auto number = out.given ? json::number(v) : std::nullopt;
  if (number && *number >= 0 && *number <= limit) out = {.given = true, .good = true, .value = *number};
  return simdjson::SUCCESS;
}

struct Field {
  string_view key;
  error_code (*read)(value&, Parts&);
};

template <auto member>
error_code keep(value& v, Parts& parts) {
  return read(v, parts.*member);
}

template <Reason which>
error_code keep_reason(value& v, Parts& parts) {
  return read(v, parts.reasons[which]);
}

error_code keep_duration(value& v, Parts& parts) {
  parts.duration_named = true;
  return read(v, parts.duration, kLongestSeconds);
}

// Calls `use` with each number below `count` as a constant, until it returns true.
template <std::size_t count>
void for_each_below(auto&& use) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    (void)(use(std::integral_constant<std::size_t, i>()) || ...);
  }(std::make_index_sequence<count>());
}

// Reads the fields that the table has, in whatever order they come; of keys that repeat the later one counts. The
// compiler makes a switch by length of it, and of each key one comparison: most are none of ours.
template <const auto& fields>
error_code read_fields(auto& object, Parts& parts) {
  constexpr auto kByLength = [](const Field& field) { return field.key.size(); };
  static_assert(std::ranges::is_sorted(fields, {}, kByLength));
  constexpr std::size_t kLongest = kByLength(fields.back());
  return json::each_field(object, [&parts](string_view key, value& v) {
    error_code broken = simdjson::SUCCESS;
    for_each_below<kLongest + 1>([&](auto length) {
      if (key.size() != length) return false;
      for_each_below<fields.size()>([&](auto i) {
        constexpr Field field = fields[i];
        if (field.key.size() != length || std::memcmp(key.data(), field.key.data(), length) != 0) return false;
        broken = field.read(v, parts);
        return true;
      });
      return true;
    });
    return broken;
  });
}

constexpr std::array kCostFields{Field{"total", keep<&Parts::total_cost>}};

// An object; what is null, a string, an array or a number says nothing.
template <const auto& fields>
error_code keep_object(value& v, Parts& parts) {
  return json::is_object(json::token_of(v)) ? read_fields<fields>(v, parts) : simdjson::SUCCESS;
}

constexpr std::array kOutputFields{
    Field{"id", keep<&Parts::old_call_id>},
    Field{"cost", keep<&Parts::cost>},
    Field{"type", keep<&Parts::old_call_type>},
    Field{"error", keep_reason<error>},
    Field{"status", keep<&Parts::old_call_status>},
    Field{"call_id", keep<&Parts::call_id>},
    Field{"endedAt", keep<&Parts::old_end>},
    Field{"duration", keep_duration},
    Field{"end_time", keep<&Parts::end>},
    Field{"call_type", keep<&Parts::call_type>},
    Field{"startedAt", keep<&Parts::old_start>},
    Field{"start_time", keep<&Parts::start>},
    Field{"end_reason", keep_reason<end_reason>},
    Field{"call_status", keep<&Parts::call_status>},
    Field{"endedReason", keep_reason<ended_reason>},
    Field{"costBreakdown", keep_object<kCostFields>},
    Field{"call_end_reason", keep_reason<call_end_reason>},
    Field{"last_failure_reason", keep_reason<output_reason>},
};

constexpr std::array kTaskFields{
    Field{"status", keep<&Parts::status>},
    Field{"output", keep_object<kOutputFields>},
    Field{"run_id", keep<&Parts::run_id>},
    Field{"task_id", keep<&Parts::id>},
    Field{"created", keep<&Parts::created>},
    Field{"run_mode", keep<&Parts::mode>},
    Field{"execution_type", keep<&Parts::execution>},
    Field{"last_status_change", keep<&Parts::status_changed>},
    Field{"last_failure_reason", keep_reason<task_reason>},
};

void mark(task::ObservedTask& task, task::Field field, bool bad) {
  if (bad) task.bad_fields = static_cast<std::uint8_t>(task.bad_fields | task::bit(field));
}

// For people to read: the platform speaks of something that this program does not know.
void note_unknown(string_view status, TaskPage& page, std::string& scratch) {
  constexpr std::size_t kLongest = 64;  // bytes
  std::string text = core::printable(json::text_of(status, scratch), kLongest);
  auto end = std::min(text.size(), kLongest);
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  if (text.find_first_not_of(' ') == std::string::npos) text = "(missing)";
  auto& known = page.unknown_statuses;
  if (known.size() < task::kMostUnknownStatuses && std::ranges::find(known, text) == known.end())
    known.push_back(std::move(text));
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

bool settle_key(const Parts& parts, TaskPage& page, std::string& scratch) {
  const auto id = read_id(parts.id, scratch);
  if (!id) return false;
  const auto key = page.tasks.back().key = task::make_task_key(*id);
  if (!task::is_usual(key)) page.odd_ids.emplace_back(key, *id);
  return true;
}

bool names_another_run(const Parts& parts, string_view run_id, std::string& scratch) {
  if (run_id.empty() || !json::is_string(parts.run_id)) return false;
  const string_view named = json::text_of(parts.run_id, scratch);
  return !named.empty() && named != run_id;
}

}  // namespace

error_code decode_task(json::ondemand::object& object, string_view run_id, TaskPage& page, Breach& breach) {
  Parts parts;
  if (const error_code broken = read_fields<kTaskFields>(object, parts)) return broken;
  std::string scratch;
  task::ObservedTask& task = page.tasks.emplace_back();
  if (!settle_key(parts, page, scratch)) breach.note("a `task_id` is missing or no usable id");
  if (names_another_run(parts, run_id, scratch)) breach.note("a task is of another run than asked for");
  settle_kind(parts, task);
  if (task.status == Status::unknown) note_unknown(parts.status, page, scratch);
  settle_call(parts, task, scratch);
  settle_times(parts, task);
  settle_duration(parts, task);
  settle_cost(parts, task);
  settle_failure(parts, task, scratch);
  return simdjson::SUCCESS;
}

}  // namespace runwatch::unpod
